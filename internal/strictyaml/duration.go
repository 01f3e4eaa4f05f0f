package strictyaml

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// Duration is a length of time in Prometheus's notation: 15s, 1h30m, 7d, 250ms. It
// has no fractions such as 1.5h. 0 needs no unit.
type Duration time.Duration

// UnmarshalText reads Prometheus's notation. A length is never negative.
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

// MarshalText returns the shortest notation of the length.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the length in Prometheus's notation.
func (d Duration) String() string { return model.Duration(d).String() }
