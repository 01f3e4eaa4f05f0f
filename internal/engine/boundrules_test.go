package engine

import (
	"strings"
	"testing"
	"time"
)

// A watch goes on under the rule it began with when the rule is edited. The text that is
// stored with it is parsed once, and not at every look.
func TestStoredRuleIsParsedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(time.Minute)
	if n := b.looker.rules.parses; n != 0 {
		t.Errorf("the text of a rule in force was parsed %d times", n)
	}
	b.rule = strings.Replace(redRule, "limit: 20%", "limit: 30%", 1)
	if broken := b.Reload(t.Context()); len(broken) > 0 {
		t.Fatal(broken)
	}
	before := b.watch(key).Revision
	b.pass(2 * time.Minute)
	if looks := b.watch(key).Revision - before; looks < 5 {
		t.Fatalf("%d looks after the edit", looks)
	}
	if n := b.looker.rules.parses; n != 1 {
		t.Errorf("the stored text was parsed %d times, want once", n)
	}
}
