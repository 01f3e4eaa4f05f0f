package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// changePageOf is the page of a change without its frame.
func (s *Server) changePageOf(e api.Explanation) web.Change {
	v := changeView(e, s.Now())
	v.Links = s.changeLinks(e)
	if s.Rules == nil {
		v.Right = nil
	}
	return v
}

// writeError answers with a problem.
func writeError(w http.ResponseWriter, err error) {
	var p *api.Problem
	if !errors.As(err, &p) {
		p = problem(http.StatusInternalServerError, "this could not be shown", "the log says why")
	}
	writeProblem(w, p)
}

// summary answers with a change as Markdown.
func (s *Server) summary(w http.ResponseWriter, r *http.Request) {
	e, err := s.explained(r)
	if err != nil {
		writeError(w, err)
		return
	}
	v := s.changePageOf(e)
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	if err := report.Markdown(w, s.summaryOf(e, v)); err != nil {
		s.Log.Debug("cannot send a summary; the reader gets an incomplete answer", "change", e.Change.Key, "error", err)
	}
}

// explained is everything about the change that a request names.
func (s *Server) explained(r *http.Request) (api.Explanation, error) {
	c, err := s.findChange(r.Context(), r.PathValue("name"))
	if err != nil {
		return api.Explanation{}, err
	}
	e, err := s.explain(r.Context(), c)
	if err != nil {
		return e, s.storeProblem(err)
	}
	return e, nil
}

// summaryOf is the page's content for Markdown.
func (s *Server) summaryOf(e api.Explanation, v web.Change) report.Summary {
	sum := report.Summary{
		Change: e.Change.Change.Change, Sentence: v.Headline, Done: v.Aside,
		Links: []report.Link{{Word: "All about this change", URL: e.Page}},
	}
	for _, l := range v.Links {
		sum.Links = append(sum.Links, report.Link(l))
	}
	for _, w := range e.Watches {
		if w.Last != nil {
			sum.Records = append(sum.Records, report.Record{
				Change: sum.Change, Watch: watch.Watch{After: w.After, Plan: w.Plan}, Verdict: w.Last.Verdict, Observation: w.Last.Observation,
			})
		}
	}
	if s.SharePictures && len(sum.Records) > 0 {
		sum.Picture = s.ExternalURL + s.Pictures.Key().Path(e.Change.Key, sum.Change.StartedAt, false)
	}
	for _, moments := range [][]web.Moment{v.Timeline.First, v.Timeline.Middle, v.Timeline.Last} {
		for _, m := range moments {
			sum.Timeline = append(sum.Timeline, report.Moment{At: m.At, After: m.After, What: m.What})
		}
	}
	return sum
}

// journalLines answers with the journal of a change as `pushback audit export` writes it: an entry a line.
func (s *Server) journalLines(w http.ResponseWriter, r *http.Request) {
	c, err := s.findChange(r.Context(), r.PathValue("name"))
	if err != nil {
		writeError(w, err)
		return
	}
	entries, err := s.Store.Journal(r.Context(), c.Key)
	if err != nil {
		writeError(w, s.storeProblem(err))
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Disposition", `attachment; filename="journal-`+c.Key+`.jsonl"`)
	lines := json.NewEncoder(w)
	for _, e := range entries {
		if lines.Encode(journalLine(e)) != nil {
			return // the reader is gone
		}
	}
}

func journalLine(e store.Entry) api.AuditEntry {
	return api.AuditEntry{
		Entry:  api.Entry{Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Detail: e.Detail},
		Change: e.ChangeKey, Prev: e.Prev, Hash: e.Hash,
	}
}

// rightHandler handles the forms that say whether a verdict was right.
func (s *Server) rightHandler(say func(ctx context.Context, key string, d api.Decision) error) http.HandlerFunc {
	return s.serviceFormHandler(Responder, func(w http.ResponseWriter, r *http.Request) error {
		if err := readForm(w, r); err != nil {
			return err
		}
		c, err := s.findByKey(r.Context(), r.PathValue("key"))
		if err != nil {
			return err
		}
		d, err := s.serviceForm(r, c.Service)
		if err != nil {
			return err
		}
		if err := say(r.Context(), c.Key, d); err != nil {
			return s.ruleProblem(err)
		}
		http.Redirect(w, r, "/changes/"+url.PathEscape(c.Key), http.StatusSeeOther)
		return nil
	})
}

func (s *Server) sayFalseAlarm(ctx context.Context, key string, d api.Decision) error {
	return s.Rules.FalseAlarm(ctx, key, api.FalseAlarm{Actor: d.Actor, Why: d.Why})
}

func (s *Server) sayMissed(ctx context.Context, key string, d api.Decision) error {
	return s.Rules.Missed(ctx, key, api.Missed{Actor: d.Actor, Why: d.Why})
}
