package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
)

// openStates are the states of an order that has not ended.
var openStates = []rollback.State{rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending}

// maxOpenOrders is how many open orders the status counts at most.
const maxOpenOrders = 500

func (s *Server) statusOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "status", Method: http.MethodGet, Path: "/v1/status", Tags: []string{"Daemon"},
		Summary: "The state of the daemon", Errors: []int{401},
	}, s.status)
	huma.Register(h, huma.Operation{
		OperationID: "services", Method: http.MethodGet, Path: "/v1/services", Tags: []string{"Daemon"},
		Summary: "The services of the catalogue", Errors: []int{401},
	}, s.services)
	huma.Register(h, huma.Operation{
		OperationID: "reload", Method: http.MethodPost, Path: "/v1/reload", Tags: []string{"Daemon"},
		Summary:     "Read the rules again",
		Description: "If they contain a mistake, the last good rules stay in force, and the answer lists every mistake.",
		Errors:      []int{401, 404},
	}, s.reload)
}

func (s *Server) services(context.Context, *struct{}) (*answerOf[api.Services], error) {
	names := []string{}
	if s.Services != nil {
		names = append(names, s.Services()...)
	}
	slices.Sort(names)
	return &answerOf[api.Services]{Body: api.Services{Services: slices.Compact(names)}}, nil
}

func (s *Server) status(ctx context.Context, _ *struct{}) (*answerOf[api.Status], error) {
	st := api.Status{Version: s.Version, Replica: s.Replica, Started: s.started, Problems: s.problems(), Unknown: s.listUnknown()}
	st.Ready = isReady(st.Problems)
	if s.Frozen != nil {
		st.Frozen, st.FrozenBy = s.Frozen()
	}
	watches, err := s.Store.CountOpenWatches(ctx)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	open, err := s.Store.Orders(ctx, openStates, maxOpenOrders)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	held, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		return nil, s.storeProblem(err)
	}
	if st.Replicas, err = s.replicas(ctx, watches); err != nil {
		return nil, s.storeProblem(err)
	}
	if st.Storage, err = s.storage(ctx); err != nil {
		return nil, s.storeProblem(err)
	}
	waiting, err := s.Store.OpenProtections(ctx)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	st.Waiting = []api.HeldDeployment{}
	for _, p := range waiting {
		st.Waiting = append(st.Waiting, heldDeployment(p))
	}
	st.Holds = holds(held)
	st.Watches, st.Orders, st.Proposed = watches, len(open), orders(inStates(open, rollback.Proposed))
	st.UnderWay = orders(inStates(open, rollback.Approved, rollback.Decided, rollback.Sending))
	return &answerOf[api.Status]{Body: st}, nil
}

// storage is how large the database is, and how long what it holds stays.
func (s *Server) storage(ctx context.Context) (api.Storage, error) {
	z, err := s.Store.Sizes(ctx)
	st := api.Storage{
		Bytes: z.Bytes, Free: z.Free, GivesBack: z.Shrinks, MeasuredAt: z.MeasuredAt, GrowthPerDay: z.PerDay, Kinds: []api.StorageKind{},
		Retention: s.Retention, JournalRetention: s.Journal, NextChanges: z.Next.Changes, NextEntries: z.Next.Entries,
	}
	for _, k := range z.Kinds {
		st.Kinds = append(st.Kinds, api.StorageKind{Kind: k.Kind, Bytes: k.Bytes, GrowthPerDay: k.PerDay})
	}
	return st, err
}

// replicas lists all replicas. One that has the database for itself looks at all watches, and
// says so nowhere.
func (s *Server) replicas(ctx context.Context, watches int) ([]api.Replica, error) {
	all, err := s.Store.Replicas(ctx)
	listed := []api.Replica{}
	for _, r := range all {
		if !s.Store.Shared() {
			r.Looking, r.Watches = true, watches
		}
		listed = append(listed, api.Replica{
			Name: r.Name, Started: r.StartedAt, Seen: r.SeenAt, Alive: r.Alive, Looking: r.Alive && r.Looking, Watches: r.Watches,
		})
	}
	return listed, err
}

func (s *Server) problems() []api.ComponentProblem {
	return append([]api.ComponentProblem{}, s.Ready()...)
}

func inStates(open []rollback.Order, states ...rollback.State) []rollback.Order {
	var found []rollback.Order
	for _, o := range open {
		if slices.Contains(states, o.State) {
			found = append(found, o)
		}
	}
	return found
}

func (s *Server) reload(ctx context.Context, _ *struct{}) (*answerOf[api.Reloaded], error) {
	if s.Reload == nil {
		return nil, problem(http.StatusNotFound, "this server has no rules to reload", "")
	}
	found := append([]api.Diagnostic{}, s.Reload(ctx)...)
	return &answerOf[api.Reloaded]{Body: api.Reloaded{Reloaded: len(found) == 0, Diagnostics: found}}, nil
}
