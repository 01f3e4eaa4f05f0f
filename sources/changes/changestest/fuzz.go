package changestest

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Fuzz feeds Parse with what the fuzzer makes of the deliveries' bodies, under the headers of each. Parse must
// end in events that sources.Admit takes or refuses, or in one of the two errors for deliveries. The same
// body must give the same events.
func Fuzz(f *testing.F, source changes.Source, deliveries ...Delivery) {
	f.Helper()
	for i, d := range deliveries {
		f.Add(uint8(i), []byte(d.Body))
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		h := http.Header{}
		if len(deliveries) > 0 {
			h = deliveries[int(which)%len(deliveries)].header()
		}
		checkParsed(t, source, h, body)
	})
}

func checkParsed(t *testing.T, source changes.Source, h http.Header, body []byte) {
	t.Helper()
	events, err := source.Parse(h, body)
	if err != nil {
		if events != nil || !errors.Is(err, changes.ErrIgnored) && !errors.As(err, new(*sources.BadEvent)) {
			t.Fatalf("%d events, and %v, which is neither ignored nor bad", len(events), err)
		}
		return
	}
	again, _ := source.Parse(h, body)
	if len(events) == 0 || len(again) != len(events) {
		t.Fatalf("%d events, then %d", len(events), len(again))
	}
	for i, e := range events {
		_, err := sources.Admit(e, nil, time.Now())
		if err != nil && !errors.As(err, new(*sources.BadEvent)) {
			t.Fatalf("%+v: %v", e, err)
		}
		if e.Source == "" || e.EventID == "" || e.EventID != again[i].EventID || e.ChangeID != again[i].ChangeID {
			t.Fatalf("%+v, then %+v", e, again[i])
		}
	}
}
