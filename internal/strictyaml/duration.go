package strictyaml

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// Duration is a length of time as Prometheus writes it: 15s, 1h30m, 7d, 250ms.
// Fractions (1.5h) are refused, as they are there; a bare 0 is zero.
type Duration time.Duration

// UnmarshalText reads the Prometheus form. It never gives a negative length.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := model.ParseDuration(string(text))
	if err != nil {
		return &ValueError{
			Message: fmt.Sprintf("%q is not a duration", truncate(string(text))),
			Hint:    "write it as 15s, 30m, 1h30m or 7d",
		}
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText gives the shortest form that reads back equal.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the form in which durations are written.
func (d Duration) String() string { return model.Duration(d).String() }
