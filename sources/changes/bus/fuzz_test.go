package bus

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// whole reads Pushback's own format, as strictly as a source does.
type whole struct{}

func (whole) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	var e sources.Event
	if err := changes.DecodeStrict(body, &e); err != nil {
		return nil, err
	}
	return []sources.Event{e}, nil
}

// Whatever a bus delivers is stored, refused for good, or comes again because it could not be
// stored; the message that is kept with it is bounded.
func FuzzHandle(f *testing.F) {
	for _, body := range []string{"", "{}", `{"service":"cart","version":"v1","at":"2026-11-29T12:00:00Z"}`, `{"service":`, "\x00\xff", `[1]`} {
		f.Add([]byte(body), false)
	}
	f.Add([]byte(`{"service":"cart"}`), true)
	f.Fuzz(func(t *testing.T, body []byte, fails bool) {
		r, err := NewReader(changes.Options{Name: "bus", Reader: func(string) (changes.Parser, error) { return whole{}, nil }}, defaults())
		if err != nil {
			t.Fatal(err)
		}
		down := errors.New("the database is locked")
		fate := r.Handle(t.Context(), func(_ context.Context, d changes.Delivery) error {
			switch {
			case len(d.Raw) > MaxMessage:
				t.Errorf("%d bytes are kept", len(d.Raw))
			case d.Refused != nil:
				return d.Refused
			case len(d.Events) == 0:
				t.Error("nothing is taken")
			}
			if fails {
				return down
			}
			return nil
		}, http.Header{}, body)
		_, refused := r.Parse(http.Header{}, body)
		want := Stored
		switch {
		case refused != nil:
			want = Rejected
		case fails:
			want = Again
		}
		if fate != want {
			t.Errorf("%q: fate %d, want %d", body, fate, want)
		}
	})
}
