package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/deliveries"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// Inlet is one configured way in, as the status of sources shows it.
type Inlet struct {
	Name, Kind string
	Site       string        // address of the pages of its tool, where commits can be compared; "" for none
	Trouble    func() string // what keeps a feed from reading; nil: it is no feed
}

// isFeed reports whether a feed has the name.
func (s *Server) isFeed(name string) bool {
	return slices.ContainsFunc(s.Inlets, func(i Inlet) bool { return i.Name == name && i.Trouble != nil })
}

// isSource reports whether a configured source or feed has the name.
func (s *Server) isSource(name string) bool {
	return name == APISource || slices.ContainsFunc(s.Inlets, func(i Inlet) bool { return i.Name == name })
}

// confidential is the metadata key of an operation that only those may use who may change
// something, although it reads.
const confidential = "confidential"

type sourceInput struct {
	Name string `path:"name" maxLength:"100"`
}

type captureInput struct {
	Name string `path:"name" maxLength:"100"`
	Body api.CaptureOrder
}

func (s *Server) sourceOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "list-sources", Method: http.MethodGet, Path: "/v1/sources", Tags: []string{"Intake"},
		Summary: "What the deliveries of each source came to", Errors: []int{401},
		Description: "Counts are of all replicas, and survive restarts; a process that is killed loses those of its last ten seconds.",
	}, s.listSources)
	if s.Deliveries == nil {
		return
	}
	huma.Register(h, huma.Operation{
		OperationID: "show-captured", Method: http.MethodGet, Path: "/v1/sources/{name}/captured", Tags: []string{"Intake"},
		Summary: "The bodies of a source that were not taken", Errors: []int{401, 404}, Metadata: map[string]any{confidential: true},
		Description: "Kept only while that is switched on. Needs a token also on this host, because a body may hold more than its reader should know.",
	}, s.showCaptured)
	huma.Register(h, huma.Operation{
		OperationID: "capture", Method: http.MethodPost, Path: "/v1/sources/{name}/capture", Tags: []string{"Intake"},
		Summary: "Keep the bodies of a source that are not taken, or keep no more", Errors: []int{401, 404},
		Description: "The last ten that are refused, and the last ten that are ignored, without their secrets. To switch it off deletes them.",
	}, s.capture)
}

func (s *Server) listSources(ctx context.Context, _ *struct{}) (*answerOf[api.Sources], error) {
	all, err := s.sourceStatus(ctx)
	return &answerOf[api.Sources]{Body: api.Sources{Sources: all}}, err
}

// sourceStatus is every configured source by name, and POST /v1/events at last.
func (s *Server) sourceStatus(ctx context.Context) ([]api.Source, error) {
	counts, err := s.Deliveries.Counts(ctx)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	all := []api.Source{}
	for _, i := range append(slices.Clone(s.Inlets), Inlet{Name: APISource, Kind: APISource}) {
		c := counts[i.Name]
		one := api.Source{
			Name: i.Name, Kind: i.Kind, Accepted: c.Accepted, Ignored: c.Ignored, Refused: c.Refused, Unsigned: c.Unsigned,
			Since: c.Since, LastAccepted: c.AcceptedAt, LastIgnored: c.IgnoredAt, LastRefused: c.RefusedAt, LastUnsigned: c.UnsignedAt,
			IgnoredReason: c.IgnoredReason, RefusedReason: c.RefusedReason,
		}
		if i.Trouble != nil {
			one.Feed, one.Trouble = true, i.Trouble()
		}
		all = append(all, one)
	}
	return all, nil
}

func (s *Server) noSource() *api.Problem {
	return problem(http.StatusNotFound, "there is no change source of that name", "GET /v1/sources lists them")
}

func (s *Server) showCaptured(ctx context.Context, in *sourceInput) (*answerOf[api.Capture], error) {
	if !s.isSource(in.Name) {
		return nil, s.noSource()
	}
	c, kept, err := s.Deliveries.Captured(ctx, in.Name)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	answer := s.captureOf(in.Name, c)
	for _, k := range kept {
		answer.Bodies = append(answer.Bodies, api.CapturedBody{ID: k.ID, At: k.At, Outcome: k.Outcome, Reason: k.Reason, Bytes: k.Bytes, Body: k.Body})
	}
	return &answerOf[api.Capture]{Body: answer}, nil
}

func (s *Server) captureOf(name string, c store.Capture) api.Capture {
	return api.Capture{Source: name, On: s.Now().Before(c.EndsAt), Begun: c.BegunAt, Ends: c.EndsAt, Actor: c.Actor, Bodies: []api.CapturedBody{}}
}

// defaultCapture is for how long bodies are kept where nobody says.
const defaultCapture = 24

func (s *Server) capture(ctx context.Context, in *captureInput) (*answerOf[api.Capture], error) {
	if !s.isSource(in.Name) {
		return nil, s.noSource()
	}
	if err := sources.CheckText(in.Body.Actor, sources.MaxName); err != nil {
		return nil, problem(http.StatusBadRequest, "actor "+err.Error(), "")
	}
	if !in.Body.On {
		if err := s.Deliveries.EndCapture(ctx, in.Name); err != nil {
			return nil, s.storeProblem(err)
		}
		return &answerOf[api.Capture]{Body: s.captureOf(in.Name, store.Capture{})}, nil
	}
	span := time.Duration(cmp.Or(in.Body.Hours, defaultCapture)) * time.Hour
	c, err := s.Deliveries.Capture(ctx, in.Name, identityOf(ctx).Actor(in.Body.Actor), min(span, deliveries.MaxCapture))
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Capture]{Body: s.captureOf(in.Name, c)}, nil
}

// sourcesPage shows the status of sources to people.
func (s *Server) sourcesPage(w http.ResponseWriter, r *http.Request) error {
	all, err := s.sourceStatus(r.Context())
	if err != nil {
		return err
	}
	page := web.Sources{Frame: s.frame(r, "Sources")}
	for _, one := range all {
		reason, at := one.RefusedReason, one.LastRefused
		if one.LastIgnored.After(at) {
			reason, at = one.IgnoredReason, one.LastIgnored
		}
		page.Sources = append(page.Sources, web.Source{
			Name: one.Name, Kind: one.Kind, Trouble: one.Trouble, Last: one.LastAccepted, Accepted: one.Accepted, Ignored: one.Ignored, Refused: one.Refused, Unsigned: one.Unsigned,
			Reason: reason, ReasonAt: at,
		})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.Sources(w, page)
}
