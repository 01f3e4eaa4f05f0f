package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// maxIncidentChanges is how many changes of an incident the page lists.
const maxIncidentChanges = 20

func (s *Server) incidentsPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	open, err := s.Store.OpenIncidents(ctx)
	if err != nil {
		return s.storeProblem(err)
	}
	past, err := s.Store.PastIncidents(ctx, beforeIn(r), placePage+1)
	if err != nil {
		return s.storeProblem(err)
	}
	page := web.Incidents{Frame: s.frame(r, "Incidents"), Said: said(r), Known: s.knownServices()}
	if more := len(past) > placePage; more {
		past = past[:placePage]
		page.Older = olderThan(r, more, past[placePage-1].From)
	}
	if page.Open, err = s.incidentViews(ctx, page.Frame, open); err != nil {
		return s.storeProblem(err)
	}
	if page.Past, err = s.incidentViews(ctx, page.Frame, past); err != nil {
		return s.storeProblem(err)
	}
	return showLive(w, r, page, s.pages.Incidents, s.pages.IncidentsSince)
}

func (s *Server) incidentViews(ctx context.Context, f web.Frame, incidents []store.Incident) ([]web.Incident, error) {
	views := make([]web.Incident, len(incidents))
	for i, one := range incidents {
		v := incidentView(one)
		until := one.To
		if one.Open() {
			until = s.Now()
		}
		found, err := s.Store.ChangesBetween(ctx, one.Service, one.Environment, one.From, until, maxIncidentChanges+1)
		if err != nil {
			return nil, err
		}
		if v.More = len(found) > maxIncidentChanges; v.More {
			found = found[:maxIncidentChanges]
		}
		summaries, err := s.summaries(ctx, found)
		if err != nil {
			return nil, err
		}
		v.Changes = rows(summaries)
		v.MayEnd = f.MayOperate && s.checkTeam(ctx, identity.Operate, one.Service) == nil
		views[i] = v
	}
	return views, nil
}

func incidentView(i store.Incident) web.Incident {
	whose := "every service"
	if i.Service != "" {
		whose = i.Service
	}
	return web.Incident{ID: i.ID, Whose: whose + in(i.Environment), Why: i.Why, Actor: i.Actor, From: i.From, To: i.To, NotedAt: i.At}
}

// momentOf reads a time as people type it: how long ago, a date and time in UTC, or RFC 3339.
func (s *Server) momentOf(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	now := s.Now().UTC()
	if days, found := strings.CutSuffix(text, "d"); found {
		if d, err := time.ParseDuration(days + "h"); err == nil {
			return now.Add(-24 * d), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if at, err := time.Parse("15:04", text); err == nil {
		return time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC), nil
	}
	return time.Time{}, problem(http.StatusBadRequest, "that is no time: "+sources.OneLine(text, sources.MaxName), "write 45m or 7d for how long ago, or 2026-11-29 14:05 in UTC")
}

// declareFromPage notes an incident as the API does.
func (s *Server) declareFromPage(r *http.Request) (page, did string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	b := api.NewIncident{Service: field(r, "service", sources.MaxName), Environment: field(r, "environment", sources.MaxName), Actor: d.Actor}
	if b.Why, err = needWhy(r); err != nil {
		return "", "", err
	}
	if b.From, err = s.momentOf(r.PostForm.Get("from")); err != nil {
		return "", "", err
	}
	if to := strings.TrimSpace(r.PostForm.Get("to")); to == "" {
		b.Open = true
	} else if b.To, err = s.momentOf(to); err != nil {
		return "", "", err
	}
	if _, err := s.checkNamed(b.Service, "refuse"); err != nil {
		return "", "", err
	}
	_, err = s.noteIncident(r.Context(), &incidentInput{Body: b})
	return "/incidents", "declare", err
}

func (s *Server) findIncident(r *http.Request) (web.Incident, error) {
	i, err := s.Store.Incident(r.Context(), r.PathValue("id"))
	if err != nil {
		return web.Incident{}, s.incidentProblem(err)
	}
	return incidentView(i), s.checkTeam(r.Context(), identity.Operate, i.Service)
}

func (s *Server) confirmEnd(w http.ResponseWriter, r *http.Request) error {
	i, err := s.findIncident(r)
	if err != nil {
		return err
	}
	if !i.To.IsZero() {
		return s.incidentProblem(store.ErrConflict)
	}
	return s.showConfirm(w, r, web.Confirm{
		Question: "End incident " + i.ID + "?", Text: []string{i.Whose + colon(i.Why), "What turned bad in it is cleared of blame, and what happens from its end on is learned from again. An incident that has ended cannot go on."},
		Fields: []web.Field{{Name: "to", Label: "When it was over, in UTC or how long ago", Placeholder: "empty: now"}},
		Action: "/incidents/" + i.ID + "/end", Button: "End it", Back: "/incidents", NoWhy: true,
	})
}

func (s *Server) endFromPage(r *http.Request) (page, did string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	end := api.IncidentEnd{Actor: d.Actor}
	if to := r.PostForm.Get("to"); strings.TrimSpace(to) != "" {
		if end.To, err = s.momentOf(to); err != nil {
			return "", "", err
		}
	}
	_, err = s.endIncident(r.Context(), &endIncidentInput{ID: r.PathValue("id"), Body: end})
	return "/incidents", "end", err
}

func (s *Server) confirmRemove(w http.ResponseWriter, r *http.Request) error {
	i, err := s.findIncident(r)
	if err != nil {
		return err
	}
	return s.showConfirm(w, r, web.Confirm{
		Question: "Take incident " + i.ID + " back?", Text: []string{i.Whose + colon(i.Why), "Its time is learned from again, and what it cleared is as it was before: versions may be marked bad again."},
		Action: "/incidents/" + i.ID + "/remove", Button: "Take it back", Back: "/incidents", NoWhy: true,
	})
}

func (s *Server) removeFromPage(r *http.Request) (page, did string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.removeIncident(r.Context(), &releaseInput{ID: r.PathValue("id"), Body: d})
	return "/incidents", "remove", err
}
