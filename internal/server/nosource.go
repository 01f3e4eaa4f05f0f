package server

import (
	"net/http"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// noSource answers deliveries for a name that is no source, and those that the source of the
// name refuses by their headers. It takes as long as a source that finds a signature wrong, so that
// neither the answer nor its time tells strangers which sources there are.
type noSource struct{}

// VerifyHeader refuses everything.
func (noSource) VerifyHeader(http.Header, time.Time) error { return changes.ErrUnauthorized }

// Verify computes a signature that nothing has, and refuses everything.
func (noSource) Verify(_ http.Header, body []byte, _ time.Time) error {
	_ = signature.HMAC([][]byte{{0}}, "", "", body)
	return changes.ErrUnauthorized
}

// Parse is never reached.
func (noSource) Parse(http.Header, []byte) ([]sources.Event, error) {
	return nil, changes.ErrUnauthorized
}

// mayBeSigned says whether the headers hold what some signed source has to check against the body.
// The body is then read whatever the source is: if one source read it, and another refused it before,
// a stranger with a made-up signature could tell them apart by a type, a length or a stall.
func (s *Server) mayBeSigned(h http.Header) bool {
	h = h.Clone()
	h.Del("Authorization") // a token is checked without the body
	for _, e := range s.Sources {
		if !e.Insecure && e.Source.VerifyHeader(h, s.Now()) == nil {
			return true
		}
	}
	return false
}
