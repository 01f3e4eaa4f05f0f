// Package flag is what the version of a flag means: how much of the traffic
// sees what, as the change sources write it and as hooks put it back.
//
//	off       nobody
//	on        everybody whom the flag's own rules let
//	25%       this share of them, 0.001 % being the least
//	anything  the variation of that name
package flag

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind says which form a value has.
type Kind string

// The forms of the package comment.
const (
	Off       Kind = "off"
	On        Kind = "on"
	Share     Kind = "share"
	Variation Kind = "variation"
)

// Value is what a flag serves.
type Value struct {
	Kind       Kind
	Thousandth int    // of a share: in thousandths of a percent, 0 to 100000
	Name       string // of a variation
}

// longest bounds the name of a variation, in bytes.
const longest = 256

// Parse reads a version of a flag.
func Parse(version string) (Value, error) {
	switch {
	case version == "" || len(version) > longest:
		return Value{}, fmt.Errorf("a flag's version of %d bytes says nothing: off, on, a share such as 25%%, or a variation", len(version))
	case version == "off":
		return Value{Kind: Off}, nil
	case version == "on":
		return Value{Kind: On}, nil
	}
	number, share := strings.CutSuffix(version, "%")
	if !share {
		return Value{Kind: Variation, Name: version}, nil
	}
	thousandths, err := thousandths(number)
	return Value{Kind: Share, Thousandth: thousandths}, err
}

var errShare = errors.New("a share is a number from 0 to 100 with at most three decimals, and %")

// thousandths reads a decimal without floating point, so that 33.333 % is what
// it says. It takes digits and one point alone: no sign, no exponent.
func thousandths(number string) (int, error) {
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

// String is the version as Parse reads it.
func (v Value) String() string {
	switch v.Kind {
	case Share:
		return Percent(v.Thousandth) + "%"
	case Variation:
		return v.Name
	}
	return string(v.Kind)
}

// Percent writes thousandths of a percent as people do: 25, 0.5, 33.333.
func Percent(thousandths int) string {
	return strconv.FormatFloat(float64(thousandths)/1000, 'f', -1, 64)
}

// To is what a hook turns a flag to.
type To string

// Nobody sees it, or what was served before the change.
const (
	ToOff      To = "off"
	ToPrevious To = "previous"
)

// Check says what is wrong with the setting `to`.
func (t To) Check() error {
	if t != ToOff && t != ToPrevious {
		return fmt.Errorf("to: %q: write off, or previous for what was served before the change", string(t))
	}
	return nil
}

// Target is the value to turn a flag to, where target was live before.
func (t To) Target(target string) (Value, error) {
	if t == ToOff {
		return Value{Kind: Off}, nil
	}
	return Parse(target)
}
