package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
)

// The thresholds of a rule follow from its budget and the changes it has watched. Before it
// has watched for a week they are the defaults.
func TestThresholdsFollowWhatIsWatched(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(*Options) {})
	first := b.deploy("v1", nil)
	b.until("a watch", b.ended(first))
	if got := b.watch(first).Plan.Thresholds; got != detector.DefaultThresholds {
		t.Errorf("of a new rule: %+v", got)
	}
	const watched = 800
	for i := range watched {
		id := fmt.Sprint("past", i)
		b.must(b.Store.PutOutcome(t.Context(), store.Outcome{
			WatchID: id, ChangeKey: id, Rule: "red", RuleHash: "the one before", Service: "cart",
			EndedAt: b.Now().Add(-time.Duration(i) * 28 * 24 * time.Hour / watched),
		}))
	}
	second := b.deploy("v2", nil)
	b.until("a watch", b.ended(second))
	got, r := b.watch(second).Plan.Thresholds, b.rules.set().Rules()[0]
	pace := watched / (28 * 24 * time.Hour).Seconds()
	if got.Likely >= detector.DefaultThresholds.Likely || got.Likely*pace > 1.02*r.Budget.FalsePages || got.Likely*pace < 0.95*r.Budget.FalsePages {
		t.Errorf("%+v at %v a second, the budget is %+v", got, pace, r.Budget)
	}
	if b.watch(first).Plan.Thresholds != detector.DefaultThresholds {
		t.Error("a watch that has ended is judged anew")
	}

	shown, err := b.RuleTrust().BudgetOf(t.Context(), "red")
	b.must(err)
	if shown.Thresholds != r.Budget.Thresholds(shown.Pace) || shown.Pace < 0.95*pace {
		t.Errorf("shown: %+v", shown)
	}
	for _, p := range shown.Power {
		if !(p.Likely > p.DefaultLikely && p.Certain > p.DefaultCertain && p.Certain > p.Likely) {
			t.Errorf("stricter thresholds cost nothing: %+v", p)
		}
	}
	if len(shown.Power) == 0 {
		t.Error("what is kept of the signals says nothing of their power")
	}
	if _, err := b.RuleTrust().BudgetOf(t.Context(), "nobody"); err == nil {
		t.Error("no rule has a budget")
	}
}
