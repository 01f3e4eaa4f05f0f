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
	f("1", []string{"1.0", "1.00", "1.", "1e0", "1e+00"}, []string{"10", "1.5", "1.01", "1e1", "11", "", "+Inf", "1x0"})
	f("1.0", []string{"1", "1e0"}, []string{"10", "100"})
	f("0.5", []string{"5e-01", "0.50", "0.5000", ".5", "5.0e-1"}, []string{"0x5", "5", "0.55", "0.05", "0.", "5e1", "5e-10", "5e-11"})
	f("2500", []string{"2500.00", "2.5e3", "2.50e+03", "2.5E3"}, []string{"250", "25000", "2.5e30", "2.5", "2.5e-3"})
	f("1e+10", []string{"10000000000", "1e10", "1.0E10"}, []string{"1e1", "1e01", "10", "1e100"})
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
