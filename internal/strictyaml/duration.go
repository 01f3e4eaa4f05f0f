package strictyaml

import (
	"fmt"
	"strconv"
	"strings"
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
		return notADuration(string(text))
	}
	*d = Duration(parsed)
	return nil
}

// notADuration says what a text lacks of a duration.
func notADuration(text string) *ValueError {
	text = strings.TrimSpace(text)
	if _, err := strconv.ParseUint(text, 10, 32); err == nil {
		return &ValueError{Message: fmt.Sprintf("%q has no unit", text), Hint: fmt.Sprintf("write %q, %q or %q, whichever is meant", text+"s", text+"m", text+"ms")}
	}
	return &ValueError{
		Message: fmt.Sprintf("%q is not a duration", truncate(text)),
		Hint:    "write whole numbers with a unit, as in 300ms, 15s, 30m, 1h30m or 7d",
	}
}

// MarshalText returns the shortest notation of the length.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the length in Prometheus's notation.
func (d Duration) String() string { return model.Duration(d).String() }
