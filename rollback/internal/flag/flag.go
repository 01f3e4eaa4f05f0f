// Package flag parses the version of a feature flag: who gets the new behaviour, as
// change sources write it and as hooks restore it.
//
//	off       nobody
//	on        everybody that the flag's own rules select
//	25%       this share of them, in steps of 0.001 %
//	anything  the variation of that name
package flag

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind is the form of a value.
type Kind string

// The forms that the package comment lists.
const (
	Off       Kind = "off"
	On        Kind = "on"
	Share     Kind = "share"
	Variation Kind = "variation"
)

// Value is what a flag serves.
type Value struct {
	Kind        Kind
	Thousandths int    // of a Share: thousandths of a percent, 0 to 100000
	Name        string // of a Variation
}

// maxVersionLength bounds a version, in bytes.
const maxVersionLength = 256

// Parse parses the version of a flag.
func Parse(version string) (Value, error) {
	switch {
	case version == "" || len(version) > maxVersionLength:
		return Value{}, fmt.Errorf("a flag's version has %d bytes: it must be off, on, a share such as 25%%, or a variation of at most %d bytes", len(version), maxVersionLength)
	case version == "off":
		return Value{Kind: Off}, nil
	case version == "on":
		return Value{Kind: On}, nil
	}
	number, share := strings.CutSuffix(version, "%")
	if !share {
		return Value{Kind: Variation, Name: version}, nil
	}
	thousandths, err := parseThousandths(number)
	return Value{Kind: Share, Thousandths: thousandths}, err
}

var errShare = errors.New("a share is a number from 0 to 100 with at most three decimals, followed by %")

// parseThousandths parses a decimal number without floating point, so that 33.333 is
// exact. It accepts digits and one point: no sign, no exponent.
func parseThousandths(number string) (int, error) {
	whole, decimals, pointed := strings.Cut(number, ".")
	if whole == "" || pointed && decimals == "" || len(whole) > 3 || len(decimals) > 3 {
		return 0, errShare
	}
	n, err := strconv.ParseUint(whole+decimals+strings.Repeat("0", 3-len(decimals)), 10, 32)
	if err != nil || n > 100_000 {
		return 0, errShare
	}
	return int(n), nil
}

// String formats the value as Parse reads it.
func (v Value) String() string {
	switch v.Kind {
	case Share:
		return FormatPercent(v.Thousandths) + "%"
	case Variation:
		return v.Name
	}
	return string(v.Kind)
}

// FormatPercent formats thousandths of a percent as a percentage: 25, 0.5, 33.333.
func FormatPercent(thousandths int) string {
	return strconv.FormatFloat(float64(thousandths)/1000, 'f', -1, 64)
}

// To is the setting `to` of a hook: what it sets a flag to.
type To string

// ToOff turns the flag off; ToPrevious restores what it served before the change.
const (
	ToOff      To = "off"
	ToPrevious To = "previous"
)

// Check returns an error if the setting `to` has an unknown value.
func (t To) Check() error {
	if t != ToOff && t != ToPrevious {
		return fmt.Errorf("to: %q: write off, or previous for what was served before the change", string(t))
	}
	return nil
}

// FixedTarget is the version that every rollback restores, "" where it depends on what
// was served before the change.
func (t To) FixedTarget() string {
	if t == ToPrevious {
		return ""
	}
	return string(ToOff)
}

// Value is what to set a flag to. target is the version that was live before the
// change.
func (t To) Value(target string) (Value, error) {
	if t == ToOff {
		return Value{Kind: Off}, nil
	}
	return Parse(target)
}
