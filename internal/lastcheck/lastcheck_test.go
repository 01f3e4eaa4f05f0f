package lastcheck

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestBook(t *testing.T) {
	noon := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var b Book
	if c := b.All()["a"]; c.State != Unknown || !c.At.IsZero() {
		t.Errorf("never asked: %+v", c)
	}
	f := func(want Check) {
		t.Helper()
		if got := b.All()["a"]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	b.Note("a", noon, nil)
	f(Check{State: Works, At: noon, Good: noon})
	b.Note("a", noon.Add(time.Minute), errors.New("refused\nby \x1b[31mit"))
	f(Check{State: Fails, At: noon.Add(time.Minute), Said: "refused by [31mit", Good: noon})
	b.NoteUnknown("a", noon.Add(time.Hour), "not asked")
	f(Check{At: noon.Add(time.Hour), Said: "not asked", Good: noon})
	b.Note("b", noon, errors.New(strings.Repeat("x", 5000)))
	if c := b.All()["b"]; len(c.Said) > maxSaid+3 || !c.Good.IsZero() {
		t.Errorf("%d bytes, good at %s", len(c.Said), c.Good)
	}
}
