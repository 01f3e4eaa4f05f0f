package main

import (
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	f := func(text string, want time.Time, ok bool) {
		t.Helper()
		var m moment
		err := m.UnmarshalText([]byte(text))
		if (err == nil) != ok || ok && time.Time(m).Sub(want).Abs() > time.Minute {
			t.Errorf("%q: %s, %v", text, time.Time(m), err)
		}
	}
	f("2026-11-26", time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), true)
	f("2026-11-26T15:04:05+01:00", time.Date(2026, 11, 26, 14, 4, 5, 0, time.UTC), true)
	f("7d", time.Now().Add(-7*24*time.Hour), true)
	f("yesterday", time.Time{}, false)
	f("", time.Time{}, false)
	f("-1h", time.Time{}, false)
}
