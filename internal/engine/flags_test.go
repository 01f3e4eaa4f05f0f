package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// flag sets a flag of the service cart.
func (b *bench) flag(group, version string) string {
	b.t.Helper()
	return b.tell(version, sources.Succeeded, flagStep(group))
}

// flagStep makes an event one step of a flag. The tool numbers the steps of each flag by
// itself, and names no earlier version.
func flagStep(group string) func(*sources.Event) {
	return func(e *sources.Event) {
		e.Kind, e.Group, e.Previous, e.ChangeID = sources.Flag, group, "", "step "+e.Version
	}
}

// turnsOff makes the hook one that turns flags off.
func turnsOff(o *Options) {
	h := o.Hooks["deployer"]
	h.FixedTarget = "off"
	o.Hooks["deployer"] = h
}

// A flag goes back to what it was set to itself, whatever another flag of the service was
// set to in between. A later step of the other flag changes nothing about it.
func TestFlagGoesBackToItsOwnVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.flag("e", "10%")
	b.pass(7 * time.Minute)
	b.flag("a", "90%")
	b.clock.add(time.Hour)
	key := b.flag("e", "50%")
	b.shop.errors("cart", 0.03)
	b.hook.works = func() { b.shop.errors("cart", 0.005) }
	b.until("a rollback", b.ordered(key, rollback.Done))
	w := b.hook.calls[0]
	if w.Target() != "10%" || w.Change().Group != "e" {
		t.Errorf("flag %s went back to %s, want e to 10%%", w.Change().Group, w.Target())
	}
	b.wantMessage("pager", "cart flag e 50% in production: rolled back to 10%")
}

// A step of another flag does not supersede a bad one. It is a suspect, so a person is
// asked.
func TestAnotherFlagSupersedesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.flag("e", "10%")
	b.pass(7 * time.Minute)
	b.clock.add(time.Hour)
	bad := b.flag("e", "50%")
	b.shop.errors("cart", 0.03)
	b.pass(30 * time.Second)
	other := b.flag("a", "50%")
	b.until("a question", b.ordered(bad, rollback.Proposed))
	b.wantMessage("pager", "apart from cart a 50% (flag at ")
	b.must(b.Approve(t.Context(), bad, "amy", ""))
	b.pass(10 * time.Second)
	b.wantState(bad, rollback.Done)
	if target := b.hook.calls[0].Target(); target != "10%" {
		t.Errorf("went back to %s", target)
	}
	if c, err := b.Store.Change(t.Context(), other); err != nil || c.SupersededBy != "" {
		t.Errorf("flag a is superseded by %s, %v", c.SupersededBy, err)
	}
}

// Two flags of one service in random order: the bad step goes back to what its own flag
// was set to before, and nothing calls a hook for the other flag, whatever that one does
// before and meanwhile.
func TestFlagsInRandomOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b, random := newBench(t, redRule, nil), rand.New(rand.NewPCG(seed, 9))
			steps := [][2]string{{"e", "10%"}, {"a", "20%"}, {"a", "90%"}, {"e", "25%"}}
			random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
			want := ""
			for _, s := range steps {
				b.flag(s[0], s[1])
				b.pass(7 * time.Minute)
				b.clock.add(time.Duration(random.IntN(40)) * time.Minute)
				if s[0] == "e" {
					want = s[1]
				}
			}
			bad := b.bad("50%", flagStep("e"))
			b.pass(time.Duration(random.IntN(60)) * time.Second)
			b.flag("a", "off")
			b.until("a decision", func() bool { s := b.state(bad); return s == rollback.Done || s == rollback.Proposed })
			if b.state(bad) == rollback.Proposed { // the other flag came so close that nobody can tell them apart
				b.must(b.Approve(t.Context(), bad, "amy", ""))
			}
			b.until("a rollback", b.ordered(bad, rollback.Done))
			b.pass(7 * time.Minute)
			b.wantCalls(1)
			if w := b.hook.calls[0]; w.Target() != want || w.Change().Group != "e" {
				t.Errorf("%v: flag %s went back to %s, want e to %s", steps, w.Change().Group, w.Target(), want)
			}
		})
	}
}

// A hook that turns flags off may undo the first change of one. Others may not, and say
// why.
func TestFirstFlag(t *testing.T) {
	t.Parallel()
	f := func(name string, change func(*Options), alter func(*sources.Event), want rollback.State, words ...string) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, change)
			b.deploy("v1", nil)
			b.clock.add(time.Hour)
			key := b.bad("50%", alter)
			b.until("an end", func() bool { s := b.state(key); return s.Final() && s != "" })
			b.wantState(key, want)
			b.wantMessage("pager", words...)
			if want == rollback.Done && b.hook.calls[0].Target() != "off" {
				t.Errorf("went back to %s", b.hook.calls[0].Target())
			}
		})
	}
	unnamed := flagStep("")
	experiment := func(e *sources.Event) { flagStep("e")(e); e.Kind = sources.Experiment }
	f("off", turnsOff, flagStep("e"), rollback.Done, "cart flag e 50% in production: rolled back to off")
	f("an experiment", turnsOff, experiment, rollback.Done, "cart experiment e 50% in production: rolled back to off")
	f("a flag without a name", turnsOff, unnamed, rollback.Done, "rolled back to off")
	f("the version before", nil, flagStep("e"), rollback.Refused, "the first change known of flag e")
	f("the version before one without a name", nil, unnamed, rollback.Refused, "does not say which flag it is")
	f("a config key", turnsOff, func(e *sources.Event) { flagStep("e")(e); e.Kind = sources.Config }, rollback.Refused, "the first change known here")
}

// A bad flag closes the gate until it is rolled back. No deploy brings it back.
func TestGateAfterAFlag(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), turnsOff)
	key := b.bad("50%", flagStep("e"))
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.wantGate(false, "cart", "cart flag e 50%", "waits for a person")
	b.must(b.Approve(t.Context(), key, "amy", ""))
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantGate(true, "cart")
}

// Off is off, whatever the flag was set to before, and the tool's report of it is the echo
// of our rollback.
func TestOffIsTheTargetAndItsEcho(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, turnsOff)
	b.flag("e", "10%")
	b.pass(7 * time.Minute)
	b.clock.add(time.Hour)
	key := b.bad("50%", flagStep("e"))
	b.until("a rollback", b.ordered(key, rollback.Done))
	if target := b.hook.calls[0].Target(); target != "off" {
		t.Errorf("went back to %s", target)
	}
	echo := b.flag("e", "off")
	b.pass(30 * time.Second)
	if b.watch(echo).Acts {
		t.Error("the report of our own rollback may be rolled back")
	}
}
