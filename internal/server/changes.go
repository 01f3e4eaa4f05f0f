package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// defaultPage is how many changes a page of the list holds.
const defaultPage = 50

type listInput struct {
	Service     string    `query:"service" doc:"Only this service"`
	Environment string    `query:"environment" doc:"Only this environment"`
	Limit       int       `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Before      time.Time `query:"before" doc:"Only changes that started before; the before of the last page"`
}

type nameInput struct {
	Name string `path:"name" maxLength:"500" doc:"The change's key, its first six characters or more, or the tool's own id of it"`
}

type recordsInput struct {
	Name  string `path:"name" maxLength:"500" doc:"As for the change itself"`
	Watch string `query:"watch" doc:"Only this watch"`
}

type answerOf[T any] struct{ Body T }

func (s *Server) changeOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "list-changes", Method: http.MethodGet, Path: "/v1/changes", Tags: []string{"Changes"},
		Summary: "Changes, newest first", Errors: []int{400, 401},
	}, s.listChanges)
	huma.Register(h, huma.Operation{
		OperationID: "explain-change", Method: http.MethodGet, Path: "/v1/changes/{name}", Tags: []string{"Changes"},
		Summary: "Everything kept about one change", Errors: []int{401, 404, 409},
	}, s.explainChange)
	huma.Register(h, huma.Operation{
		OperationID: "change-records", Method: http.MethodGet, Path: "/v1/changes/{name}/records", Tags: []string{"Changes"},
		Summary:     "Every look at one change",
		Description: "What was seen and what was said, a list a watch, oldest first: enough to judge it again.",
		Errors:      []int{401, 404, 409},
	}, s.changeRecords)
}

func (s *Server) listChanges(ctx context.Context, in *listInput) (*answerOf[api.Changes], error) {
	changes, err := s.list(ctx, store.ChangeFilter{
		Service: in.Service, Environment: in.Environment, Before: in.Before, Limit: in.Limit,
	})
	if err != nil {
		return nil, s.unreadable(err)
	}
	return &answerOf[api.Changes]{Body: changes}, nil
}

// list reads one page and whether there is another: it asks for one change
// more than it shows.
func (s *Server) list(ctx context.Context, f store.ChangeFilter) (api.Changes, error) {
	limit := f.Limit
	f.Limit++
	found, err := s.Store.Changes(ctx, f)
	if err != nil {
		return api.Changes{}, err
	}
	page := api.Changes{Changes: []api.ChangeSummary{}}
	if len(found) > limit {
		found = found[:pageEnd(found, limit)]
		page.Before = found[len(found)-1].StartedAt
	}
	for _, c := range found {
		summary, err := s.summary(ctx, c)
		if err != nil {
			return api.Changes{}, err
		}
		page.Changes = append(page.Changes, summary)
	}
	return page, nil
}

// pageEnd is where to cut a page of at most limit changes, more being found,
// so that those which started at one moment stay on one page: the next one
// begins before that moment. More of them than a page holds cannot be helped.
func pageEnd(found []store.Change, limit int) int {
	for n := limit; n > 0; n-- {
		if !found[n-1].StartedAt.Equal(found[n].StartedAt) {
			return n
		}
	}
	return limit
}

func (s *Server) explainChange(ctx context.Context, in *nameInput) (*answerOf[api.Explanation], error) {
	c, err := s.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	e, err := s.explain(ctx, c)
	if err != nil {
		return nil, s.unreadable(err)
	}
	return &answerOf[api.Explanation]{Body: e}, nil
}

func (s *Server) changeRecords(ctx context.Context, in *recordsInput) (*answerOf[api.Records], error) {
	c, err := s.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	watches, err := s.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return nil, s.unreadable(err)
	}
	all := api.Records{Key: c.Key, Watches: []api.WatchRecords{}}
	for _, w := range watches {
		if in.Watch != "" && in.Watch != w.ID {
			continue
		}
		records, err := s.records(ctx, w)
		if err != nil {
			return nil, s.unreadable(err)
		}
		all.Watches = append(all.Watches, records)
	}
	return &answerOf[api.Records]{Body: all}, nil
}

func (s *Server) records(ctx context.Context, w watch.Watch) (api.WatchRecords, error) {
	found, err := s.Store.Records(ctx, w.ID)
	of := api.WatchRecords{Watch: w.ID, Rule: w.Rule, Records: make([]api.Record, len(found))}
	for i, r := range found {
		of.Records[i] = record(r)
	}
	return of, err
}

// find gives the one change that name means.
func (s *Server) find(ctx context.Context, name string) (store.Change, error) {
	found, err := s.Store.FindChanges(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && len(found) == 0:
		return store.Change{}, problem(http.StatusNotFound, "no change of that name", "`pushback status` and GET /v1/changes list them")
	case err != nil:
		return store.Change{}, s.unreadable(err)
	case len(found) > 1:
		return store.Change{}, ambiguous(found)
	}
	return found[0], nil
}

func ambiguous(found []store.Change) error {
	p := problem(http.StatusConflict, "several changes bear that name", "ask again with one of the keys")
	for _, c := range found {
		p.Keys = append(p.Keys, c.Key)
	}
	return p
}

// unreadable is the answer where the store could not be read. The cause is
// for the log: it may name hosts and files.
func (s *Server) unreadable(err error) error {
	s.Log.Error("the store could not be read", "error", err)
	return problem(http.StatusServiceUnavailable, "the store could not be read", "see /readyz, and the log")
}
