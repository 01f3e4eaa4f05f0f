package rules

import (
	"testing"

	"github.com/pushback/pushback/sources"
)

func TestEverySpellingOfAnEdge(t *testing.T) {
	f := func(edge string, same, other []string) {
		t.Helper()
		m := edgeMatcher(edge)
		for _, s := range append(same, edge) {
			if !m.Matches(s) {
				t.Errorf("%s does not match %s: %s", edge, s, m)
			}
		}
		for _, s := range other {
			if m.Matches(s) {
				t.Errorf("%s matches %s: %s", edge, s, m)
			}
		}
	}
	f("1", []string{"1.0", "1e0", "1e+00"}, []string{"10", "1.5", "11", "", "+Inf", "1x0"})
	f("1.0", []string{"1", "1e0"}, []string{"10", "100"})
	f("0.5", []string{"5e-01"}, []string{"0x5", "5", "0.55"})
	f("1e+07", []string{"10000000", "10000000.0", "1.0E7", "1e7"}, []string{"1e+08"})
	f("0.0001", []string{"1e-04", "1.0E-4"}, []string{"0.001"})
	f("-2.5", []string{"-2.5e+00"}, []string{"2.5"})
	f("+Inf", nil, []string{"1"})
	f("odd", nil, []string{"odder"})
}

// TestSpellingsAreOneEdge holds that pods with two spellings count together.
func TestSpellingsAreOneEdge(t *testing.T) {
	edge := func(le string, count float64) sources.Series {
		return sources.Series{Labels: map[string]string{"le": le}, Samples: []sources.Sample{{V: count}}}
	}
	text, bound := chooseEdge([]sources.Series{edge("0.5", 40), edge("1", 46), edge("1.0", 46), edge("2", 100), edge("+Inf", 100)}, 0, 0)
	if text != "1" || bound != 1 {
		t.Errorf("chose %s = %v", text, bound)
	}
}
