package server

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// noSource answers deliveries for a name that is no source, and those that the source of the
// name refuses by their headers. It takes as long as a source that finds a signature wrong, so that
// neither the answer nor its time tells strangers which sources there are.
type noSource struct {
	like changes.Source // a source that would check such a delivery; nil: there is none
}

// VerifyHeader refuses everything.
func (noSource) VerifyHeader(http.Header, time.Time) error { return changes.ErrUnauthorized }

// Verify does the work of a source that is signed in the same way, and refuses everything.
func (n noSource) Verify(h http.Header, body []byte, now time.Time) error {
	if n.like != nil {
		_ = n.like.Verify(h, body, now)
	}
	return changes.ErrUnauthorized
}

// Parse is never reached.
func (noSource) Parse(http.Header, []byte) ([]sources.Event, error) {
	return nil, changes.ErrUnauthorized
}

// signedLike is a source that has to check such headers against the body; nil if there is none.
// Where there is one, the body is read whatever the name is: if one source read it, and another refused it before,
// a stranger with a made-up signature could tell them apart by a type, a length or a stall.
func (s *Server) signedLike(h http.Header) changes.Source {
	h = h.Clone()
	h.Del("Authorization") // a token is checked without the body
	for _, name := range slices.Sorted(maps.Keys(s.Sources)) {
		if e := s.Sources[name]; !e.Insecure && e.Source.VerifyHeader(h, s.Now()) == nil {
			return e.Source
		}
	}
	return nil
}
