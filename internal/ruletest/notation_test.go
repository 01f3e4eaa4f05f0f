package ruletest

import (
	"slices"
	"testing"
)

// TestZeroRepeatedIsNoHexadecimalNumber: 0x240 is a zero and 240 more, as 1x240 is a one.
func TestZeroRepeatedIsNoHexadecimalNumber(t *testing.T) {
	f := func(text string, want ...float64) {
		t.Helper()
		values, err := notation(text)
		var got []float64
		for _, v := range values {
			got = append(got, v.Value)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	f("0x3", 0, 0, 0, 0)
	f("0x1 5 1+0x2 -0x1", 0, 0, 5, 1, 1, 1, 0, 0)
	f("1x1\n0x1", 1, 1, 0, 0)
	f("10x1 0.0x1", 10, 10, 0, 0)
	if values, err := notation("0x240"); err != nil || len(values) != 241 {
		t.Errorf("%d values, %v", len(values), err)
	}
}
