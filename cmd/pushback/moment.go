package main

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/strictyaml"
)

// moment is a point in time that people type as 2026-11-26T15:04:05Z, as 2026-11-26,
// or as how long ago it was: 24h, 7d.
type moment time.Time

// UnmarshalText reads the three forms; a date is its midnight in UTC.
func (m *moment) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			*m = moment(t.UTC())
			return nil
		}
	}
	var ago strictyaml.Duration
	if ago.UnmarshalText(text) != nil {
		return fmt.Errorf("%.40q is not a time: write it as 2026-11-26T15:04:05Z, 2026-11-26 or 7d", text)
	}
	*m = moment(time.Now().UTC().Add(-time.Duration(ago)))
	return nil
}
