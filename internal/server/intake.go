package server

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/deliveries"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// maxBody is the size of the largest delivery, in bytes. It is enforced while
// reading, so that an endless body uses no memory.
const maxBody = 1 << 20

// APISource is the source of events that come by POST /v1/events.
const APISource = "api"

// receiveEvent takes an event in Pushback's own format.
func (s *Server) receiveEvent(w http.ResponseWriter, r *http.Request) {
	unknown, err := unknownPolicyOf(r.URL.Query().Get("unknown"))
	if err != nil {
		s.refuse(w, APISource, 0, problem(http.StatusBadRequest, err.Error(), ""))
		return
	}
	s.intake(w, r, APISource, Endpoint{Source: s.events, Paths: s.Paths, unknown: unknown, permits: s.mayReport(r.Context())})
}

// receiveWebhook takes a delivery of a configured source, authenticated by its
// signature. To those who may not read, a name without a source is one whose secret they do not have.
func (s *Server) receiveWebhook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("source")
	e, ok := s.Sources[name]
	switch {
	case ok:
		s.intake(w, r, name, e)
	case s.mayRead(r):
		s.refuse(w, "unknown", 0, problem(http.StatusNotFound, "there is no change source of that name", "add it under sources in pushback.yml"))
	default:
		s.intake(w, r, "unknown", Endpoint{Source: noSource{}})
	}
}

// intake takes one delivery: check its headers, read, verify, parse, admit, accept.
func (s *Server) intake(w http.ResponseWriter, r *http.Request, name string, e Endpoint) {
	if err := e.Source.VerifyHeader(r.Header, s.Now()); err != nil || e.Insecure && !s.mayRead(r) {
		like := s.signedLike(r.Header)
		if like == nil {
			s.refuse(w, name, 0, intakeProblem(changes.ErrUnauthorized))
			return
		}
		e.Source = noSource{like}
	}
	body, n, p := readBody(w, r)
	if p != nil {
		s.refuse(w, name, n, p)
		return
	}
	status, answer, err := s.receive(r, name, e, body)
	if err != nil {
		s.keep(r.Context(), name, err, body)
		s.answerError(w, name, len(body), err)
		return
	}
	s.note(name, deliveries.Accepted, "")
	writeJSON(w, status, answer)
}

// complete asks the tool for what its delivery leaves out. Without an answer the events stay as
// they are.
func (s *Server) complete(ctx context.Context, name string, from changes.Source, events []sources.Event) []sources.Event {
	whole, err := changes.CompleteBy(ctx, from, events)
	if err != nil {
		s.countDelivery(name, "incomplete")
		s.Log.Warn("cannot ask the tool for the rest of a delivery; storing it as it came", "source", name, "error", err)
	}
	return whole
}

// take admits and stores the events of one delivery. The last one is what the delivery is about.
func (s *Server) take(ctx context.Context, name string, e Endpoint, events []sources.Event, body []byte) ([]taken, error) {
	admitted, err := s.admitEvents(events, name, e)
	if err == nil && e.unknown == refuseUnknown {
		err = s.refuseUnknown(admitted)
	}
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, admitted, body)
}

// Taker returns what stores the deliveries of a feed. Of e, the services that it may speak for and
// the paths count.
func (s *Server) Taker(name string, e Endpoint) changes.Take {
	return func(ctx context.Context, d changes.Delivery) error {
		err := d.Refused
		if err == nil {
			_, err = s.take(ctx, name, e, d.Events, d.Raw)
		}
		s.keep(ctx, name, err, d.Raw)
		outcome, reason := outcomeOf(err)
		if outcome != "" {
			s.note(name, outcome, reason)
		}
		return err
	}
}

// Fill stores the events of a delivery of a source that was lost, as if it had come, and returns
// those that were not stored before. It is not counted among the deliveries.
func (s *Server) Fill(ctx context.Context, name string, d changes.Delivery) (created []store.Accepted, events []sources.Event, err error) {
	e := s.Sources[name]
	all, err := s.take(ctx, name, e, s.complete(ctx, name, e.Source, d.Events), d.Raw)
	for _, t := range all {
		if !t.accepted.Duplicate {
			ev := t.event
			ev.Service = t.accepted.Change.Service // as the catalogue calls it
			created, events = append(created, t.accepted), append(events, ev)
		}
	}
	return created, events, err
}

// outcomeOf is the outcome under which a delivery is counted, and its reason; "" where it could not
// be stored, and will be sent again.
func outcomeOf(err error) (deliveries.Outcome, string) {
	switch {
	case err == nil:
		return deliveries.Accepted, ""
	case errors.Is(err, changes.ErrIgnored):
		return deliveries.Ignored, sources.OneLine(err.Error(), maxReason)
	case errors.Is(err, changes.ErrUnauthorized):
		return deliveries.Unsigned, changes.ErrUnauthorized.Error()
	case changes.Refused(err):
		return deliveries.Refused, sources.OneLine(err.Error(), maxReason)
	}
	return "", ""
}

// keep keeps a body that was not taken, where somebody asked for it.
func (s *Server) keep(ctx context.Context, name string, err error, body []byte) {
	if outcome, reason := outcomeOf(err); outcome == deliveries.Refused || outcome == deliveries.Ignored {
		s.Deliveries.Keep(ctx, name, outcome, reason, body)
	}
}

// warningsPerSecond is how many events a second are looked at for typing errors: a person's
// always, and a tool's that sends thousands only now and then.
const warningsPerSecond = 20

// maxWarnings bounds the warnings of one answer.
const maxWarnings = 20

// warnings says what may be mistyped in the changes that a delivery reported.
func (s *Server) warnings(all []taken, unknown unknownPolicy) (found []api.Warning) {
	if s.Warn == nil || !s.warned.AllowN(s.Now(), 1) {
		return nil
	}
	for _, t := range changesOf(all) {
		found = append(found, s.Warn(t.event, t.accepted.Change.Change)...)
	}
	found = slices.DeleteFunc(found, func(w api.Warning) bool { return unknown == allowUnknown && w.Code == unknownService })
	return found[:min(len(found), maxWarnings)]
}

// readBody reads a whole JSON body of at most maxBody bytes, and says how much of it came.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, n int, _ *api.Problem) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !isJSON(media) {
		// This also keeps out forms of other sites: a browser sends this type
		// across origins only after a preflight request, which is refused here.
		return nil, 0, problem(http.StatusUnsupportedMediaType, "the body must be application/json", typeHint(media))
	}
	if r.ContentLength > maxBody {
		return nil, 0, problem(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB", "")
	}
	body, n, err = readPieces(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, n, problem(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB", "")
	}
	if err != nil {
		return nil, n, bodyProblem(err)
	}
	return body, n, nil
}

// typeHint says which setting to change. GitHub sends forms unless it is told otherwise.
func typeHint(media string) string {
	if media == "application/x-www-form-urlencoded" {
		return "the body came as a form: in the webhook's settings (GitHub: Settings, Webhooks, Content type) choose application/json; for curl: --header 'Content-Type: application/json'"
	}
	return "set the webhook's content type to application/json; for curl: --header 'Content-Type: application/json'"
}

// isJSON accepts application/json, and JSON of a kind of its own such as
// application/cloudevents+json.
func isJSON(media string) bool {
	kind, isApplication := strings.CutPrefix(media, "application/")
	return isApplication && (kind == "json" || strings.HasSuffix(kind, "+json"))
}

// answerError answers a delivery that was not accepted.
func (s *Server) answerError(w http.ResponseWriter, name string, size int, err error) {
	if errors.Is(err, changes.ErrIgnored) {
		s.note(name, deliveries.Ignored, sources.OneLine(err.Error(), maxReason))
		writeJSON(w, http.StatusAccepted, api.Ignored{Ignored: true, Reason: sources.OneLine(err.Error(), maxReason)})
		return
	}
	p := intakeProblem(err)
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
		s.Log.Error("cannot store an event; its source has to send it again", "source", name, "error", err)
	}
	s.refuse(w, name, size, p)
}

// intakeProblem returns the problem that answers an error of intake. What is neither
// the sender's fault nor a refusal is the store's: 503, so that the sender tries
// again.
func intakeProblem(err error) *api.Problem {
	var bad *sources.BadEvent
	var others teamError
	switch {
	case errors.As(err, &others):
		return others.Problem
	case errors.Is(err, changes.ErrUnauthorized):
		return problem(http.StatusUnauthorized, changes.ErrUnauthorized.Error(), "check the secret on both sides")
	case errors.As(err, new(*unknownServiceError)):
		return problem(http.StatusUnprocessableEntity, err.Error(), unknownHint)
	case errors.As(err, &bad):
		return problem(http.StatusBadRequest, bad.Reason, bodyHint(bad.Reason))
	case errors.Is(err, changes.ErrNotAllowed):
		return problem(http.StatusForbidden, err.Error(), "add it under this source's services in pushback.yml")
	}
	return problem(http.StatusServiceUnavailable, "the event could not be stored", "send it again in a few seconds")
}

// unsignedBurst is how many deliveries that nobody has signed are logged at once; then one a
// second is. All of them are counted. Strangers must not fill the disk with the log.
const unsignedBurst = 100

// refuse answers with a problem, counts it, and logs the source, the size and the
// status. It does not log the reason, which may quote the body.
func (s *Server) refuse(w http.ResponseWriter, name string, size int, p *api.Problem) {
	outcome := deliveries.Refused
	if p.Status == http.StatusUnauthorized {
		outcome = deliveries.Unsigned
	}
	s.note(name, outcome, p.Detail)
	if p.Status != http.StatusUnauthorized || s.unsigned.AllowN(s.Now(), 1) {
		s.Log.Warn("delivery refused", "source", name, "bytes", size, "status", p.Status)
	}
	writeProblem(w, p)
}

// note counts a delivery, and records what came of it where its source is configured. To the
// metrics an unsigned one is refused.
func (s *Server) note(name string, outcome deliveries.Outcome, reason string) {
	counted := outcome
	if outcome == deliveries.Unsigned {
		counted = deliveries.Refused
	}
	s.countDelivery(name, string(counted))
	if _, is := s.Sources[name]; is || name == APISource || s.isFeed(name) {
		s.Deliveries.Note(name, outcome, reason)
	}
}

// countDelivery counts a delivery. The name is a configured one or "unknown", so
// that requests cannot create new series.
func (s *Server) countDelivery(name, outcome string) {
	s.Metrics.GetOrCreateCounter(fmt.Sprintf("pushback_deliveries_total{source=%q,outcome=%q}", name, outcome)).Inc()
}
