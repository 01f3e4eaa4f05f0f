package server

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// counted is a source that is signed by a header of its own, and counts what it verifies.
type counted struct {
	header   string
	verified *atomic.Int64
}

func (c counted) VerifyHeader(h http.Header, _ time.Time) error {
	if h.Get(c.header) == "" {
		return changes.ErrUnauthorized
	}
	return nil
}

func (c counted) Verify(http.Header, []byte, time.Time) error {
	c.verified.Add(1)
	return nil // as if a stranger had guessed: it must not help elsewhere
}

func (counted) Parse(http.Header, []byte) ([]sources.Event, error) {
	return nil, changes.Bad("it was parsed")
}

// TestNoSourceDoesTheWorkOfOne shows that a made-up signature costs the same at a name that is no source,
// and at a source of another scheme, as at the source that has to check it.
func TestNoSourceDoesTheWorkOfOne(t *testing.T) {
	var one, other atomic.Int64
	p := listen(t, func(o *Options) {
		o.Sources = map[string]Endpoint{"a": {Source: counted{"X-One", &one}}, "b": {Source: counted{"X-Other", &other}}}
	})
	for _, name := range []string{"no-such-source", "b"} {
		before := one.Load()
		status, answer, _ := p.ask(http.MethodPost, "/hooks/"+name, "{}", append(stranger, "Content-Type", "application/json", "X-One", "1")...)
		if status != http.StatusUnauthorized || strings.Contains(answer, "parsed") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
		if one.Load() != before+1 || other.Load() != 0 {
			t.Errorf("%s: verified %d times, and %d times by the other scheme", name, one.Load()-before, other.Load())
		}
	}
	status, _, _ := p.ask(http.MethodPost, "/hooks/no-such-source", "{}", append(stranger, "Content-Type", "application/json")...)
	if status != http.StatusUnauthorized || one.Load() != 2 {
		t.Errorf("without a signature: %d, verified %d times", status, one.Load())
	}
}
