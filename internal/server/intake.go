package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// maxBody is the largest delivery read. It is enforced while reading, so that
// an endless body costs an attacker more than us.
const maxBody = 1 << 20

// apiSource is the source of what comes by POST /v1/events.
const apiSource = "api"

// event takes our own JSON from whoever has a token.
func (s *Server) event(w http.ResponseWriter, r *http.Request) {
	s.intake(w, r, apiSource, Endpoint{Source: s.events})
}

// hook takes a delivery of a configured source, which signs for itself.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("source")
	e, ok := s.Sources[name]
	if !ok {
		s.refuse(w, "unknown", 0, problem(http.StatusNotFound, "no change source of that name", "name it under sources in pushback.yml"))
		return
	}
	s.intake(w, r, name, e)
}

// intake takes one delivery: read, verify, parse, admit, accept.
func (s *Server) intake(w http.ResponseWriter, r *http.Request, name string, e Endpoint) {
	body, p := readBody(w, r)
	if p != nil {
		s.refuse(w, name, len(body), p)
		return
	}
	events, err := s.read(r.Header, body, e.Source)
	var admitted []sources.Admitted
	if err == nil {
		admitted, err = s.admitEvents(events, name, e)
	}
	var a store.Accepted
	if err == nil {
		a, err = s.accept(r.Context(), admitted, body)
	}
	if err != nil {
		s.answerRefusal(w, name, len(body), err)
		return
	}
	s.intakeCount(name, "accepted")
	writeJSON(w, acceptedStatus(a), accepted(a))
}

// readBody reads a whole JSON body of at most maxBody bytes.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *api.Problem) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		// Also what keeps another site's form away: a browser sends this type
		// across origins only after asking, and nobody here says yes.
		return nil, problem(http.StatusUnsupportedMediaType, "the body must be application/json", "set the webhook's content type to application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return body, problem(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB", "")
	}
	if err != nil {
		return body, problem(http.StatusBadRequest, "the body ended before it was whole", "")
	}
	return body, nil
}

// read verifies before it parses: a body nobody signed is not looked into.
func (s *Server) read(h http.Header, body []byte, from changes.Source) ([]sources.Event, error) {
	if err := from.Verify(h, body, s.Now()); err != nil {
		return nil, errors.Join(changes.ErrUnauthorized, err)
	}
	return from.Parse(h, body)
}

// errNotAllowed says that a source told of a service it may not speak for.
var errNotAllowed = errors.New("this source may not speak for that service")

// admitEvents puts the configured source's name on the events, whatever source they
// claim, and admits them all or none: each must be valid, and about a service
// that this source may speak for.
func (s *Server) admitEvents(events []sources.Event, name string, e Endpoint) ([]sources.Admitted, error) {
	admitted := make([]sources.Admitted, 0, len(events))
	for _, ev := range events {
		ev.Source = name
		a, err := sources.Admit(ev, s.Canonical, s.Now())
		if err != nil {
			return nil, err
		}
		if !e.speaksFor(a.Event().Service) {
			return nil, errNotAllowed
		}
		admitted = append(admitted, a)
	}
	return admitted, nil
}

func (e Endpoint) speaksFor(service string) bool {
	for _, glob := range e.Services {
		if ok, _ := path.Match(unslashed(glob), unslashed(service)); ok {
			return true
		}
	}
	return len(e.Services) == 0
}

// unslashed takes the slash its meaning for path.Match: a service is a name,
// not a path, and "shop-*" should match "shop-a/b".
func unslashed(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

// accept commits every event of a delivery and answers with the last one's
// change. If one cannot be stored the whole delivery is refused: it will be
// sent again, and what was stored of it is then a duplicate.
func (s *Server) accept(ctx context.Context, events []sources.Admitted, body []byte) (a store.Accepted, err error) {
	for _, ev := range events {
		if a, err = s.Engine.Accept(ctx, ev, body); err != nil {
			return a, err
		}
	}
	return a, nil
}

func acceptedStatus(a store.Accepted) int {
	if a.Created {
		return http.StatusCreated
	}
	return http.StatusOK
}

// answerRefusal maps why a delivery was not taken to what its sender is told.
func (s *Server) answerRefusal(w http.ResponseWriter, name string, size int, err error) {
	if errors.Is(err, changes.ErrIgnored) {
		s.intakeCount(name, "ignored")
		writeJSON(w, http.StatusAccepted, api.Ignored{Ignored: true, Reason: oneLine(err.Error())})
		return
	}
	p := refusal(err)
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
		s.Log.Error("an event could not be stored", "source", name, "error", err)
	}
	s.refuse(w, name, size, p)
}

// refusal returns the problem that answers an error of intake. What is neither
// the sender's fault nor a refusal is the store's: 503, so that the sender tries
// again.
func refusal(err error) *api.Problem {
	var bad *sources.BadEvent
	switch {
	case errors.Is(err, changes.ErrUnauthorized):
		return problem(http.StatusUnauthorized, changes.ErrUnauthorized.Error(), "check the secret on both sides")
	case errors.As(err, &bad):
		return problem(http.StatusBadRequest, bad.Reason, "the schema is at /openapi.json")
	case errors.Is(err, errNotAllowed):
		return problem(http.StatusForbidden, err.Error(), "add it under this source's services in pushback.yml")
	}
	return problem(http.StatusServiceUnavailable, "the event could not be stored", "send it again in a few seconds")
}

// refuse answers with a problem, counts it, and logs what may be logged: who,
// how large, and which answer. Not the reason, which may repeat a key of the
// body.
func (s *Server) refuse(w http.ResponseWriter, name string, size int, p *api.Problem) {
	s.intakeCount(name, "refused")
	s.Log.Warn("delivery refused", "source", name, "bytes", size, "status", p.Status)
	writeProblem(w, p)
}

// intakeCount counts a delivery. The name is a configured one, or "unknown":
// nobody outside can make a new series.
func (s *Server) intakeCount(name, outcome string) {
	s.Metrics.GetOrCreateCounter(fmt.Sprintf("pushback_deliveries_total{source=%q,outcome=%q}", name, outcome)).Inc()
}
