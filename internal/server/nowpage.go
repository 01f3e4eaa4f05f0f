package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/wall"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

const (
	// maxWatchedRows is how many changes that are watched the first page lists.
	maxWatchedRows = 30
	// maxMarks is how many changes are lines in the graphs: more are a wall of another kind.
	maxMarks = 300
)

func (s *Server) nowPage(w http.ResponseWriter, r *http.Request) error {
	if movedToChanges(w, r) {
		return nil
	}
	return s.showShared(w, r, "Now", "", func(ctx context.Context, f web.Frame) (*web.Rendered, error) {
		n, err := s.nowView(ctx, f)
		if err != nil {
			return nil, s.storeProblem(err)
		}
		return s.pages.RenderNow(n)
	})
}

// nowView is the first page. What its frame would say above it, it says itself.
func (s *Server) nowView(ctx context.Context, f web.Frame) (n web.Now, err error) {
	now := s.Now()
	n = web.Now{Frame: f, Unknown: unknownRows(s.listUnknown())}
	for _, t := range f.Troubles {
		if strings.HasPrefix(t.Component, "metrics/") {
			n.Blind = append(n.Blind, t)
		} else {
			n.Broken = append(n.Broken, t)
		}
	}
	n.Frozen, n.Holds, n.Troubles = false, nil, nil
	if n.Stops, err = s.stops(ctx, f, now); err != nil {
		return n, err
	}
	if n.Waiting, err = s.waiting(ctx, now); err != nil {
		return n, err
	}
	if n.Watched, n.More, err = s.watchedRows(ctx, now); err != nil {
		return n, err
	}
	n.Day, err = s.lastDay(ctx, now)
	return n, err
}

// stops are the freeze and the holds in force.
func (s *Server) stops(ctx context.Context, f web.Frame, now time.Time) (all []web.Stop, err error) {
	if f.Frozen {
		all = append(all, web.Stop{What: "Frozen: nothing is rolled back until the freeze is lifted", Why: f.FrozenBy})
	}
	held, err := s.Store.Holds(ctx, now)
	for _, h := range held {
		all = append(all, stopOf(h, now))
	}
	return all, err
}

func stopOf(h store.Hold, now time.Time) web.Stop {
	what := "Deploys of " + cmp.Or(h.Service, "every service")
	if h.Environment != "" {
		what += " to " + h.Environment
	}
	what += " are held"
	if h.Kind == store.FleetHold {
		what = "All automatic rollbacks and all deploys are held"
	}
	return web.Stop{What: what, Why: h.Why, By: h.Actor, Service: h.Service, ID: h.ID, Since: web.Ago(h.At, now), Until: web.Left(h.Until, now)}
}

// waiting are the rollbacks that wait for a person, and the deployments that wait for a verdict.
func (s *Server) waiting(ctx context.Context, now time.Time) ([]web.Waiting, error) {
	found, err := s.Store.Orders(ctx, []rollback.State{rollback.Proposed}, defaultPage)
	if err != nil {
		return nil, err
	}
	all := make([]web.Waiting, 0, len(found))
	for _, o := range found {
		all = append(all, web.Waiting{Row: orderRow(o), Target: o.Target, Expires: web.Left(o.ExpiresAt, now)})
	}
	held, err := s.Store.OpenProtections(ctx)
	for _, p := range held {
		all = append(all, web.Waiting{
			Row: web.Row{Service: p.Service, Environment: p.Environment, Version: p.Version, At: p.AskedAt},
			For: p.Wait.Environment, Expires: web.Left(p.Until(), now),
		})
	}
	return all, err
}

func orderRow(o rollback.Order) web.Row {
	c := o.Change
	return web.Row{
		Key: o.Key, Service: c.Service, Environment: c.Environment, Region: c.Region, Kind: string(c.Kind), Thing: c.Thing(),
		Version: c.Version, Previous: c.Previous, Actor: c.Actor, At: o.CreatedAt, Order: string(o.State),
	}
}

// watchedRows are the changes that are being watched, the suspected first.
func (s *Server) watchedRows(ctx context.Context, now time.Time) (shown []web.Watched, more bool, err error) {
	found, err := s.Store.OpenChanges(ctx, store.ChangeFilter{Limit: maxWatchedRows + 1})
	if err != nil {
		return nil, false, err
	}
	if more = len(found) > maxWatchedRows; more {
		found = found[:maxWatchedRows]
	}
	watches, orders, err := s.watchesAndOrders(ctx, found)
	for _, c := range found {
		w := web.Watched{Row: row(s.summarise(c, watches[c.Key], orders[c.Key]))}
		var from, until time.Time
		var names []string
		for _, one := range watches[c.Key] {
			if !one.State.Open() {
				continue
			}
			names = append(names, one.Rule)
			if one.Until.After(until) {
				from, until = one.From, one.Until
			}
		}
		w.Until, w.Progress, w.Rules = web.Left(until, now), progress(from, until, now), strings.Join(names, ", ")
		shown = append(shown, w)
	}
	return shown, more, err
}

// lastDay is the wall: the changes of the last day over the main signals.
func (s *Server) lastDay(ctx context.Context, now time.Time) (web.Day24, error) {
	marks, err := s.Store.MarksSince(ctx, now.Add(-wall.Span), maxMarks+1)
	if err != nil {
		return web.Day24{}, err
	}
	leftOut := len(marks) > maxMarks
	marks = marks[:min(len(marks), maxMarks)]
	var pushes []web.Push
	for _, m := range slices.Backward(marks) {
		c := sources.Change{Environment: m.Environment}
		if m.At.After(now) || c.Preview() {
			continue
		}
		pushes = append(pushes, web.Push{Key: m.Key, Title: m.Service + " " + m.Version, At: m.At, Badge: web.BadgeOf(m.State, m.Grade.String())})
	}
	day := web.NewDay24(pushes, now)
	day.LeftOut = leftOut
	if s.Wall != nil {
		for _, l := range s.Wall() {
			day.Draw(web.Graph{Name: l.Name, Unit: l.Unit, Fault: l.Fault, ReadAt: l.ReadAt}, l.From, wall.Step, l.Values)
		}
	}
	return day, nil
}
