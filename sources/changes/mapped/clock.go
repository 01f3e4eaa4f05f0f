package mapped

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// The words for forms of times. Anything else is a layout of Go's package time.
const (
	automatic    = "" // RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds by its size
	rfc3339      = "rfc3339"
	seconds      = "seconds"
	milliseconds = "milliseconds"
	arrival      = "arrival" // the tool sends none
)

// clock reads the times of one tool.
type clock struct {
	form string
	zone *time.Location
}

var errLayout = errors.New("times: write rfc3339, seconds, milliseconds, arrival, or how the tool writes Mon Jan 2 15:04:05 2006, as in \"2006-01-02 15:04:05\"")

// newClock checks the form and the time zone.
func newClock(form, zone string) (clock, error) {
	c := clock{form: form, zone: time.UTC}
	if zone != "" {
		location, err := time.LoadLocation(zone)
		if err != nil {
			return c, errors.New("time_zone: there is no such time zone: write one such as Europe/Berlin")
		}
		c.zone = location
	}
	switch form {
	case automatic, rfc3339, seconds, milliseconds, arrival:
		return c, nil
	}
	// A layout without the year or the minute is none: the time does not survive it.
	sample := time.Date(2023, 11, 28, 21, 47, 0, 0, time.UTC)
	back, err := time.Parse(form, sample.Format(form))
	if err != nil || !back.Equal(sample) {
		return c, errLayout
	}
	return c, nil
}

// read reads a time out of what an expression gave.
func (c clock) read(v any) (time.Time, error) {
	text, isText := v.(string)
	number, isNumber := numberOf(v)
	switch {
	case c.form == seconds || c.form == milliseconds:
		if isText {
			f, err := strconv.ParseFloat(text, 64)
			number, isNumber = f, err == nil
		}
		if !isNumber {
			return time.Time{}, fmt.Errorf("is no number, and times says %s", c.form)
		}
		return at(number, map[string]float64{seconds: 1, milliseconds: 1e3}[c.form])
	case isNumber && c.form == automatic:
		return at(number, unitOf(number))
	case !isText:
		return time.Time{}, errors.New("is no text: with numbers, write times: seconds or times: milliseconds")
	case c.form == automatic || c.form == rfc3339:
		return c.common(text)
	}
	t, err := time.ParseInLocation(c.form, text, c.zone)
	if err != nil {
		return t, errors.New("has another form than times says")
	}
	return t, nil
}

// commonForms are RFC 3339 and what tools write for it.
var commonForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC"}

func (c clock) common(text string) (time.Time, error) {
	for _, form := range commonForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New(`is no RFC 3339 time, as in 2026-11-29T14:00:00Z: write its form under times, as in times: "2006-01-02 15:04:05", and the time_zone where it has none`)
}

// unitOf is how many of a unit a second has, by the size of a number: what is not a time of this
// century in one unit is one in another.
func unitOf(number float64) float64 {
	for _, unit := range []float64{1, 1e3, 1e6} {
		if math.Abs(number) < 1e11*unit {
			return unit
		}
	}
	return 1e9
}

// at is a time by a number of units since 1970.
func at(number, unit float64) (time.Time, error) {
	if s := number / unit; !(math.Abs(s) < 1e11) {
		return time.Time{}, errors.New("is no time of these centuries")
	}
	whole, part := math.Modf(number / unit)
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).UTC(), nil
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	}
	return 0, false
}

// asText is a value as a name: numbers and booleans as JSON writes them.
func asText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case *big.Int:
		return v.String(), nil
	case bool, int, float64:
		text, err := json.Marshal(v)
		return strings.TrimSpace(string(text)), err
	case []any:
		return "", errors.New("gives a list, not a text: take one of it, as in .[0], or put it together: join(\",\")")
	}
	return "", errors.New("gives an object, not a text: name a field of it")
}
