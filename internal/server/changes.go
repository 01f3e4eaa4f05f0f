package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// defaultPage is how many changes one page of the list has.
const defaultPage = 50

type listInput struct {
	Service     string    `query:"service" doc:"Only this service"`
	Environment string    `query:"environment" doc:"Only this environment"`
	Limit       int       `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Before      time.Time `query:"before" doc:"Only changes that started before this; pass the before of the last page"`
	Author      []string  `query:"author,explode" maxItems:"20" doc:"Only changes of this actor or rider; several: of any of them. A page may then hold fewer changes than limit, or none, though before says where to go on"`
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
		Summary: "Everything stored about one change", Errors: []int{401, 404, 409},
	}, s.explainChange)
	huma.Register(h, huma.Operation{
		OperationID: "change-records", Method: http.MethodGet, Path: "/v1/changes/{name}/records", Tags: []string{"Changes"},
		Summary:     "Every look at one change",
		Description: "The observation and the verdict of each look, a list for each watch, oldest first: enough to judge again.",
		Errors:      []int{401, 404, 409},
	}, s.changeRecords)
}

func (s *Server) listChanges(ctx context.Context, in *listInput) (*answerOf[api.Changes], error) {
	f := store.ChangeFilter{Service: in.Service, Environment: in.Environment, Before: in.Before, Limit: in.Limit}
	var changes api.Changes
	var err error
	if len(in.Author) > 0 {
		changes, err = s.searchPage(ctx, f, in.Author)
	} else {
		changes, err = s.readPage(ctx, f)
	}
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Changes]{Body: changes}, nil
}

// readPage reads one page of changes. It asks for one change more than it
// returns, to know whether there is another page.
func (s *Server) readPage(ctx context.Context, f store.ChangeFilter) (api.Changes, error) {
	limit := f.Limit
	f.Limit++
	found, err := s.Store.Changes(ctx, f)
	if err != nil {
		return api.Changes{}, err
	}
	var page api.Changes
	if len(found) > limit {
		found = found[:pageEnd(found, limit)]
		page.Before = found[len(found)-1].StartedAt
	}
	page.Changes, err = s.summaries(ctx, found)
	return page, err
}

// maxSearched is how many changes one request looks through for those of somebody, a few
// megabytes.
const maxSearched = 2500

// searchPage looks through changes for those of somebody, newest first, until a page is
// full or it has looked through maxSearched.
//
// See adr/0106.
func (s *Server) searchPage(ctx context.Context, f store.ChangeFilter, authors []string) (page api.Changes, err error) {
	limit := f.Limit
	f.Limit = maxSearched + 1
	found, err := s.Store.Changes(ctx, f)
	if err != nil {
		return page, err
	}
	if len(found) > maxSearched {
		found = found[:pageEnd(found, maxSearched)]
		page.Before = found[len(found)-1].StartedAt
	}
	theirs := slices.DeleteFunc(found, func(c store.Change) bool { return !c.By(authors) })
	if len(theirs) > limit {
		theirs = theirs[:pageEnd(theirs, limit)]
		page.Before = theirs[len(theirs)-1].StartedAt
	}
	page.Changes, err = s.summaries(ctx, theirs)
	return page, err
}

// pageEnd returns the length of a page of at most limit changes when more were
// found. Changes that started at the same time stay on one page, because the next
// page begins before that time; if they fill more than a page, the rest is left out.
func pageEnd(found []store.Change, limit int) int {
	for n := limit; n > 0; n-- {
		if !found[n-1].StartedAt.Equal(found[n].StartedAt) {
			return n
		}
	}
	return limit
}

func (s *Server) explainChange(ctx context.Context, in *nameInput) (*answerOf[api.Explanation], error) {
	c, err := s.findChange(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	e, err := s.explain(ctx, c)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Explanation]{Body: e}, nil
}

func (s *Server) changeRecords(ctx context.Context, in *recordsInput) (*answerOf[api.Records], error) {
	c, err := s.findChange(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	watches, err := s.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	all := api.Records{Key: c.Key, Watches: []api.WatchRecords{}}
	for _, w := range watches {
		if in.Watch != "" && in.Watch != w.ID {
			continue
		}
		records, err := s.records(ctx, w)
		if err != nil {
			return nil, s.storeProblem(err)
		}
		all.Watches = append(all.Watches, records)
	}
	return &answerOf[api.Records]{Body: all}, nil
}

func (s *Server) records(ctx context.Context, w watch.Watch) (api.WatchRecords, error) {
	found, err := s.Store.Records(ctx, w.ID)
	of := api.WatchRecords{Watch: w.ID, Rule: w.Rule, Records: make([]api.Record, len(found))}
	for i, r := range found {
		of.Records[i] = record(r, w.Plan)
	}
	if errors.Is(err, store.ErrDamaged) {
		s.Log.Error("some records are damaged; answering with the others", "watch", w.ID, "error", err)
		of.Damaged, err = err.Error(), nil
	}
	return of, err
}

// findChange returns the one change that a reference means, for people to read.
func (s *Server) findChange(ctx context.Context, reference string) (store.Change, error) {
	found, err := s.Store.FindChanges(ctx, reference)
	return s.onlyChange(found, err, problem(http.StatusNotFound, "there is no change of that name", "GET /v1/changes lists the changes"))
}

// findByKey returns the change about which something is decided. It goes by the key
// alone: a tool's words are whatever its team sends, and may be those of another team's
// change.
func (s *Server) findByKey(ctx context.Context, reference string) (store.Change, error) {
	found, err := s.Store.FindByKey(ctx, reference)
	return s.onlyChange(found, err, problem(http.StatusNotFound, "no change has that key", "decisions go by the key of the change: `pushback status` and `pushback explain` show it"))
}

// onlyChange returns the change that was found, none if there is no other, and otherwise
// the problem to answer with.
func (s *Server) onlyChange(found []store.Change, err error, none *api.Problem) (store.Change, error) {
	switch {
	case err != nil:
		return store.Change{}, s.storeProblem(err)
	case len(found) == 0:
		return store.Change{}, none
	case len(found) > 1:
		return store.Change{}, ambiguous(found)
	}
	return found[0], nil
}

func ambiguous(found []store.Change) error {
	p := problem(http.StatusConflict, "several changes have that name", "ask again with one of the keys")
	for _, c := range found {
		p.Keys = append(p.Keys, c.Key)
	}
	return p
}

// storeProblem logs an error of the store, and returns the problem to answer
// with. The error itself goes to the log alone, because it may name hosts and files.
func (s *Server) storeProblem(err error) error {
	s.Log.Error("cannot read the store; answering 503", "error", err)
	return problem(http.StatusServiceUnavailable, "the store cannot be read", "see /readyz and the log")
}
