package rules

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/pushback/pushback/detector"
)

const aWeek = 7 * 24 * 3600.0

func TestThresholdsFollowFromTheBudget(t *testing.T) {
	f := func(b Budget, watchesAWeek, likely, certain float64) {
		t.Helper()
		got := b.Thresholds(watchesAWeek / aWeek)
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
		if got.Suspect != detector.DefaultThresholds.Suspect || !near(got.Likely, likely) || !near(got.Certain, certain) {
			t.Errorf("%v watches a week: %+v, want %v and %v", watchesAWeek, got, likely, certain)
		}
	}
	f(DefaultBudget, 0, 0.01, 0.002) // not known
	f(DefaultBudget, math.NaN(), 0.01, 0.002)
	f(DefaultBudget, 10, 0.01, 0.002) // never laxer than the defaults
	f(DefaultBudget, 38, 0.01, 0.002) // up to here they keep the budget
	f(DefaultBudget, 100, 0.01, 1./1300)
	f(DefaultBudget, 200, 1./200, 1./2600)
	f(Budget{}, 200, 1./200, 1./2600)                                                          // a rule that nobody filled in
	f(Budget{FalsePages: 10 / aWeek, FalseRollbacks: 1 / aWeek}, 1000, 0.01, 0.001)            // more may be wrong
	f(Budget{FalsePages: 0.01 / aWeek, FalseRollbacks: 1 / aWeek}, 1000, smallestP, smallestP) // certain is never laxer than likely
	f(Budget{FalsePages: 1 / aWeek, FalseRollbacks: 1e-6 / aWeek}, 1000, 0.001, smallestP)     // no tail tells further
}

// TestTheBudgetIsKept checks that the expected false alarms at the thresholds are
// within the budget, unless that would need a smaller p than smallestP.
func TestTheBudgetIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Budget{rapid.Float64Range(minFrequency, maxFrequency).Draw(t, "pages"), rapid.Float64Range(minFrequency, maxFrequency).Draw(t, "rollbacks")}
		pace := rapid.Float64Range(1e-9, 1).Draw(t, "pace")
		got, more := b.Thresholds(pace), b.Thresholds(2*pace)
		if got.Likely > smallestP && got.Likely*pace > b.FalsePages*(1+1e-9) || got.Certain > smallestP && got.Certain*pace > b.FalseRollbacks*(1+1e-9) {
			t.Fatalf("%+v at %v a second cost more than %+v", got, pace, b)
		}
		if got.Certain > got.Likely || got.Likely > got.Suspect || more.Likely > got.Likely || more.Certain > got.Certain {
			t.Fatalf("%+v, and twice as many: %+v", got, more)
		}
	})
}

func TestBudgetIsRead(t *testing.T) {
	rule := func(budget string) string {
		return "team: t\nrules:\n  - name: r\n    watch: {service: '*'}\n" + budget + "    signals: [{name: s, query: up}]\n"
	}
	if b := mustLoad(t, rule("")).Rules()[0].Budget; b != DefaultBudget {
		t.Errorf("unsaid: %+v", b)
	}
	r := mustLoad(t, rule("    budget: {false_pages: 3/month}\n")).Rules()[0]
	if want := 3 / (30 * 24 * 3600.); math.Abs(r.Budget.FalsePages-want) > 1e-15 || r.Budget.FalseRollbacks != DefaultBudget.FalseRollbacks {
		t.Errorf("%+v", r.Budget)
	}
	again, found := Parse(r.Text, World{})
	if len(found) > 0 || again.Budget != r.Budget || again.Hash != r.Hash {
		t.Errorf("kept as %+v, %v", again.Budget, found)
	}
	if r.Hash == mustLoad(t, rule("")).Rules()[0].Hash {
		t.Error("another budget judges another way, and has the same hash")
	}
	inherited := mustLoad(t, "team: t\ndefaults: {budget: {false_rollbacks: 1/year}}\n"+rule("")[len("team: t\n"):]).Rules()[0]
	if want := 1 / (365 * 24 * 3600.); math.Abs(inherited.Budget.FalseRollbacks-want) > 1e-15 {
		t.Errorf("from defaults: %+v", inherited.Budget)
	}

	refused := func(budget, code string) {
		t.Helper()
		if found := load(rule("    budget: " + budget + "\n")); len(found) != 1 || found[0].Code != code || found[0].Hint == "" || found[0].Line != 5 {
			t.Errorf("%s: %v", budget, found)
		}
	}
	refused("{false_pages: 1}", "bad-value")
	refused("{false_pages: 1/fortnight}", "bad-value")
	refused("{false_pages: often}", "bad-value")
	refused("{false_pages: NaN/week}", "bad-value")
	refused("{false_pages: 1e999/week}", "bad-value")
	refused("{false_pages: 0/week}", "out-of-range")
	refused("{false_pages: -1/week}", "out-of-range")
	refused("{false_rollbacks: 101/day}", "out-of-range")
	refused("{false_rollbacks: 0.01/year}", "out-of-range")
	refused("{}", "widening")
	refused("{pages: 1/week}", "unknown-key")
}
