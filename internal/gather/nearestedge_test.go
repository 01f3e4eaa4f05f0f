package gather

import (
	"math"
	"testing"

	"github.com/pushback/pushback/sources"
)

func edgesFrom(spellings ...string) edges {
	var answer []sources.Series
	for _, le := range spellings {
		answer = append(answer, sources.Series{Labels: map[string]string{"le": le}})
	}
	return edgesOf(answer)
}

func TestNearestEdge(t *testing.T) {
	before := edgesFrom("0.1", "0.25", "0.5", "1.0", "2", "+Inf")
	f := func(own, want float64, after ...string) {
		t.Helper()
		if got := before.nearest(edgesFrom(after...), own); got != want {
			t.Errorf("of %g and %v: %g, want %g", own, after, got, want)
		}
	}
	f(0.5, 1, "0.1", "1", "2", "+Inf")
	f(0.5, 0.25, "0.1", "0.250", "1.0", "+Inf") // as far as 1: the lower one overlooks less
	f(0.5, 0, "0.1", "2", "+Inf")
	f(0.5, 1, "0.5", "1", "+Inf") // its own may be a repeated one
	f(2, 1, "1", "+Inf")
	f(0, 0, "1")
	f(math.Inf(+1), 0, "+Inf", "2")
}

func TestEdgesDiffer(t *testing.T) {
	f := func(want bool, after ...string) {
		t.Helper()
		if got := edgesFrom("1", "2.0").differ(edgesFrom(after...)); got != want {
			t.Errorf("%v: %v", after, got)
		}
	}
	f(false, "1.0", "2", "2.0")
	f(true, "1")
	f(true, "1", "2", "3")
	f(true, "1", "3")
}

func TestSpelledEdges(t *testing.T) {
	if got, want := spelled([]string{"1.0", "1", "1e+00", "1"}), `1|1\\.0|1e\\+00`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
