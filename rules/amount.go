package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/internal/strictyaml"
)

// amount is a number as people write it: 20, 0.5 points, 10%, 20ms. What a
// percentage is of depends on the key, so the unit is stored.
type amount struct {
	text  string
	value float64 // in the unit's base: fractions for points and %, seconds for times
	unit  amountUnit
}

type amountUnit int

const (
	plain   amountUnit = iota
	points             // percentage points of a fraction
	percent            // of the forecast, or, in a limit, of all events
	span               // a time
)

// UnmarshalText reads an amount. It is never negative, because with a minimum
// below zero every random variation would count as an effect.
func (a *amount) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	*a = amount{text: s}
	number, word := s, ""
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && r != '-' && r != '+' && (r < '0' || r > '9') }); i >= 0 {
		number, word = s[:i], strings.TrimSpace(s[i:])
	}
	value, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || math.IsInf(value, 0):
		return a.invalid()
	case word == "":
		a.value, a.unit = value, plain
	case word == "points" || word == "point":
		a.value, a.unit = value/100, points
	case word == "%":
		a.value, a.unit = value/100, percent
	default:
		d, err := model.ParseDuration(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			return a.invalid()
		}
		a.value, a.unit = float64(d)/1e9, span
	}
	if a.value < 0 {
		return &strictyaml.ValueError{Code: codeWidening, Message: "this must not be negative"}
	}
	return nil
}

// MarshalText gives what was written.
func (a amount) MarshalText() ([]byte, error) { return []byte(a.text), nil }

func (a amount) invalid() error {
	text := a.text
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return &strictyaml.ValueError{
		Message: fmt.Sprintf("%q is not an amount", text),
		Hint:    "write a number, 0.5 points, 10% or 20ms",
	}
}
