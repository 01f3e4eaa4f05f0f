package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// maxLiveTicks bounds each series of a live view, which is asked for every few seconds.
const maxLiveTicks = 120

type watchedInput struct {
	Service     string `query:"service" doc:"Only this service"`
	Environment string `query:"environment" doc:"Only this environment"`
	Change      string `query:"change" maxLength:"500" doc:"Only this change, named as in /v1/changes/{name}, whether or not it is being watched"`
	Limit       int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Server) watchedOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "list-watched", Method: http.MethodGet, Path: "/v1/watched", Tags: []string{"Changes"},
		Summary:     "Changes that are being watched",
		Description: "For live views: each change with its signals before and since, as of the newest look. Those that are suspected come first, then the newest.",
		Errors:      []int{400, 401, 404, 409},
	}, s.listWatched)
}

func (s *Server) listWatched(ctx context.Context, in *watchedInput) (*answerOf[api.Watched], error) {
	found, err := s.findWatched(ctx, in)
	if err != nil {
		return nil, err
	}
	page := api.Watched{Changes: []api.WatchedChange{}, Now: s.Now().UTC()}
	if page.More = len(found) > in.Limit; page.More {
		found = found[:in.Limit]
	}
	if page.Changes, err = s.watchedChanges(ctx, found); err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Watched]{Body: page}, nil
}

// findWatched returns the changes that are meant, one more than the limit if there are more.
func (s *Server) findWatched(ctx context.Context, in *watchedInput) ([]store.Change, error) {
	if in.Change != "" {
		c, err := s.findChange(ctx, in.Change)
		return []store.Change{c}, err
	}
	found, err := s.Store.OpenChanges(ctx, store.ChangeFilter{Service: in.Service, Environment: in.Environment, Limit: in.Limit + 1})
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return found, nil
}

func (s *Server) watchedChanges(ctx context.Context, changes []store.Change) ([]api.WatchedChange, error) {
	watches, orders, err := s.watchesAndOrders(ctx, changes)
	if err != nil {
		return nil, err
	}
	shown := make([]api.WatchedChange, len(changes))
	for i, c := range changes {
		shown[i] = api.WatchedChange{ChangeSummary: s.summarise(c, watches[c.Key], orders[c.Key]), Signals: []api.WatchedSignal{}}
		for _, w := range watches[c.Key] {
			if w.State.Open() && w.Until.After(shown[i].Until) {
				shown[i].Until = w.Until
			}
			signals, err := s.liveSignals(ctx, w)
			if err != nil {
				return nil, err
			}
			shown[i].Signals = append(shown[i].Signals, signals...)
		}
	}
	return shown, nil
}

// liveSignals are the signals of a watch at its newest look; none before the first. Parts
// of signals are left out: the evidence of the signal says what they came to.
func (s *Server) liveSignals(ctx context.Context, w watch.Watch) ([]api.WatchedSignal, error) {
	r, err := s.Store.LastRecord(ctx, w.ID)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return signalsOf(w, r), nil
}

func signalsOf(w watch.Watch, r store.Record) (all []api.WatchedSignal) {
	for _, e := range r.Verdict.Signals {
		if e.Part == "" {
			all = append(all, liveSignal(w, r.At, e, r.Observation))
		}
	}
	return all
}

func liveSignal(w watch.Watch, at time.Time, e detector.Evidence, o detector.Observation) api.WatchedSignal {
	shown := api.WatchedSignal{
		Rule: w.Rule, State: string(w.State), Recovery: !w.After.IsZero(), At: at, Tick: w.Plan.Tick, Evidence: e,
		Before: detector.Values{}, After: detector.Values{},
	}
	for _, r := range o.Readings {
		if r.Signal == e.Signal {
			shown.Before = append(shown.Before, lastTicks(r.Before.Value)...)
			shown.After = append(append(shown.After, r.After.Value...), r.Running.Value...)
			shown.After = lastTicks(shown.After)
		}
	}
	return shown
}

func lastTicks(v detector.Values) detector.Values { return v[max(0, len(v)-maxLiveTicks):] }
