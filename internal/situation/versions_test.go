package situation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// TestVersionsGoneBackTo runs random histories of one slot against a model of which
// version is live: good and bad deploys, new versions and old ones again, our own
// rollbacks that are done, failed, unknown, verified or found not to have happened, and a
// tool that reports them, reports them twice or late, or does not know of them. The
// version to go back to is the one that the model has, it is accepted unless its last
// judgement was bad, and no report of a rollback is held against it.
func TestVersionsGoneBackTo(t *testing.T) {
	s := newStore(t)
	wentBack := 0
	for run := range 60 {
		v := &versions{
			t: t, s: s, run: run, random: rand.New(rand.NewPCG(uint64(run), 78)), reader: &Reader{Store: s}, now: start,
			judged: map[string]rollback.Standing{},
		}
		for range 10 {
			v.step()
		}
		wentBack += v.wentBack
		if t.Failed() {
			t.Fatalf("history %d:\n%s", run, strings.Join(v.log, "\n"))
		}
	}
	if wentBack < 60 {
		t.Errorf("%d rollbacks took place; the histories prove little", wentBack)
	}
}

// versions is one history of a slot: what the model knows, and the store beside it.
type versions struct {
	t      *testing.T
	s      *store.Store
	reader *Reader
	run    int
	random *rand.Rand
	now    time.Time
	log    []string

	live     []live                       // by time: what put which version live, as far as is known
	judged   map[string]rollback.Standing // the last judgement of each version
	reported live                         // the newest that the tool reported
	late     []func()                     // reports that arrive after the next deploy
	deploys  int
	wentBack int
}

// live is a version that went live at a moment.
type live struct {
	at      time.Time
	version string
	bad     bool // its own watch judged it so
}

func (v *versions) note(format string, args ...any) {
	v.log = append(v.log, v.now.Format(time.TimeOnly)+" "+fmt.Sprintf(format, args...))
}

// step is one deploy and all that follows from it until the next one.
func (v *versions) step() {
	v.now = v.now.Add(10 * time.Minute)
	was := v.liveBefore(v.now)
	version := fmt.Sprint("v", v.deploys+1)
	switch v.random.IntN(6) {
	case 0: // any version again
		version = fmt.Sprint("v", 1+v.random.IntN(v.deploys+1))
	case 1: // the one that was replaced last, by hand
		if len(v.live) > 1 {
			version = v.live[len(v.live)-2].version
		}
	}
	if version == was {
		return
	}
	c := v.deploy(version, []string{"", was, v.reported.version}[v.random.IntN(3)])
	v.checkTarget(c)
	for _, report := range v.late {
		report()
		v.checkTarget(c)
	}
	v.late = nil
	v.now = v.now.Add(3 * time.Minute)
	if v.judge(c) == rollback.Bad {
		v.rollBack(c)
	}
}

// liveBefore is the version that was live before a moment, "" for none.
func (v *versions) liveBefore(moment time.Time) (version string) {
	slices.SortStableFunc(v.live, func(a, b live) int { return a.at.Compare(b.at) })
	for _, l := range v.live {
		if l.at.Before(moment) {
			version = l.version
		}
	}
	return version
}

// deploy reports a change now.
func (v *versions) deploy(version, previous string) store.Change {
	v.t.Helper()
	v.deploys++
	v.note("%s is deployed after %q", version, previous)
	c := v.report(version, previous, v.now)
	v.checkGoesBack(c)
	return c
}

// checkGoesBack: a change takes back only a version that is bad, and the version before
// that one does.
func (v *versions) checkGoesBack(c store.Change) {
	v.t.Helper()
	n, goesBack := len(v.live), v.predecessor(c).GoesBack(c)
	if goesBack && (n < 2 || !v.live[n-2].bad) {
		v.t.Errorf("%s replaces a version that is not bad, and is taken for a way back", c.Version)
	}
	byHand := n > 2 && v.live[n-2].bad && v.live[n-3].version == c.Version
	if byHand && !goesBack {
		v.t.Errorf("%s was live before the bad %s, and is taken for a change", c.Version, v.live[n-2].version)
	}
}

// report is an event of the tool: a version is live since a moment.
func (v *versions) report(version, previous string, at time.Time) store.Change {
	v.t.Helper()
	id := fmt.Sprint(v.run, "/", len(v.log))
	v.note("reported: %s since %s", version, at.Format(time.TimeOnly))
	e := sources.Event{
		Source: "tool", EventID: id, ChangeID: id, Status: sources.Succeeded, At: at, Service: fmt.Sprint("cart-", v.run),
		Environment: "production", Kind: sources.Deploy, Version: version, Previous: previous,
	}
	admitted, err := sources.Admit(e, nil, v.now)
	if err != nil {
		v.t.Fatal(err)
	}
	a, err := v.s.Accept(v.t.Context(), admitted, []byte("{}"), v.now)
	if err != nil {
		v.t.Fatal(err)
	}
	v.live = append(v.live, live{at, version, false})
	if at.After(v.reported.at) {
		v.reported = v.live[len(v.live)-1]
	}
	return a.Change
}

func (v *versions) predecessor(c store.Change) Predecessor {
	v.t.Helper()
	p, err := v.reader.Predecessor(v.t.Context(), c)
	if err != nil {
		v.t.Fatal(err)
	}
	return p
}

// checkTarget compares the version to go back to with the model.
func (v *versions) checkTarget(c store.Change) {
	v.t.Helper()
	want := v.liveBefore(c.StartedAt)
	target, first, err := v.reader.Target(v.t.Context(), c, Hook{})
	if err != nil || first != (want == "") || target.Version != want {
		v.t.Errorf("%s goes back to %q (first %v), want %q; %v", c.Version, target.Version, first, want, err)
	}
	standing := v.judged[want]
	if standing == "" {
		standing = rollback.Unproven
	}
	if !first && target.Standing != standing {
		v.t.Errorf("%s goes back to %s, which stands %q, want %q", c.Version, want, target.Standing, standing)
	}
	skipping, _, err := v.reader.Target(v.t.Context(), c, Hook{LastGood: true})
	if err != nil || skipping.Version != "" && v.judged[skipping.Version] != rollback.Good {
		v.t.Errorf("%s skips back to %q, which stands %q; %v", c.Version, skipping.Version, v.judged[skipping.Version], err)
	}
}

// judge ends a watch of the change as the engine does.
func (v *versions) judge(c store.Change) rollback.Standing {
	v.t.Helper()
	w := watch.Watch{
		ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", State: watch.Watching, BaseAt: c.StartedAt, From: c.StartedAt,
		Acts: !v.predecessor(c).GoesBack(c),
	}
	ended := w
	ended.EndedAt = v.now
	switch v.random.IntN(5) {
	case 0:
		ended.State = watch.Inconclusive
	case 1, 2:
		ended.State = watch.Healthy
	default:
		ended.State, ended.Grade, ended.LikelyAt = watch.Regressed, detector.Certain, v.now
	}
	v.move(c, w, ended)
	switch {
	case ended.State == watch.Healthy:
		v.judged[c.Version] = rollback.Good
	case ended.State == watch.Regressed && w.Acts:
		v.judged[c.Version] = rollback.Bad
		for i := range v.live {
			v.live[i].bad = v.live[i].bad || v.live[i].at.Equal(c.StartedAt)
		}
		return rollback.Bad
	}
	return rollback.Unproven
}

func (v *versions) move(c store.Change, w, ended watch.Watch) {
	v.t.Helper()
	v.note("%s: %s, acts %v", c.Version, ended.State, w.Acts)
	if err := v.s.PlanChange(v.t.Context(), c.Key, []watch.Watch{w}); err != nil {
		v.t.Fatal(err)
	}
	if moved, _, _, err := v.s.MoveWatch(v.t.Context(), w, ended, store.Effects{}); err != nil || !moved {
		v.t.Fatal(moved, err)
	}
}

// rollBack has Pushback roll a bad change back, where its target is accepted.
func (v *versions) rollBack(c store.Change) {
	v.t.Helper()
	target, first, err := v.reader.Target(v.t.Context(), c, Hook{})
	if _, refused := rollback.Target(rollback.Previous, []rollback.LiveVersion{target}); err != nil || first || len(refused) > 0 {
		return
	}
	o := rollback.Order{
		Key: c.Key, Change: c.Change, Rule: "red", Hook: "deployer", Target: target.Version, State: rollback.Decided,
		Epoch: c.Epoch, Evidence: []byte("{}"), CreatedAt: v.now, Automatic: true,
	}
	if _, created, err := v.s.CreateOrder(v.t.Context(), o); err != nil || !created {
		v.t.Fatal(created, err)
	}
	claim, won, err := v.s.ClaimOrder(v.t.Context(), c.Key, c.Epoch, v.now)
	if err != nil || !won {
		v.t.Fatal(won, err)
	}
	sent := v.now
	outcome := []rollback.State{rollback.Done, rollback.Done, rollback.Done, rollback.Failed, rollback.Unknown}[v.random.IntN(5)]
	v.now = v.now.Add(time.Minute)
	v.note("the rollback of %s to %s is %s", c.Version, target.Version, outcome)
	if ok, err := v.s.FinishOrder(v.t.Context(), store.OrderResult{Key: c.Key, Claim: claim, State: outcome, At: v.now}); err != nil || !ok {
		v.t.Fatal(ok, err)
	}
	if outcome == rollback.Done && v.verified(c) {
		v.wentBack++
		v.live = append(v.live, live{sent, target.Version, false})
		v.recover(c)
	}
	v.echo(target.Version, sent)
}

// verified has the hook look at what runs, and reports whether the rollback took place.
func (v *versions) verified(c store.Change) bool {
	v.t.Helper()
	found := rollback.Verification{At: v.now, State: rollback.TargetRunning}
	switch v.random.IntN(4) {
	case 0, 1:
		return true
	case 2:
		found.State = rollback.TargetNotRunning
	}
	v.note("verified: %s", found.State)
	if ok, err := v.s.VerifyOrder(v.t.Context(), c.Key, found); err != nil || !ok {
		v.t.Fatal(ok, err)
	}
	return found.State == rollback.TargetRunning
}

// recover ends the recovery watch. Where the rollback did not help, the version is
// cleared.
func (v *versions) recover(c store.Change) {
	v.t.Helper()
	w := watch.Watch{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", BaseAt: c.StartedAt}.Recovery(v.now, v.now)
	ended := w
	ended.State, ended.EndedAt = watch.Healthy, v.now
	if v.random.IntN(3) == 0 {
		ended.State, ended.Grade = watch.Regressed, detector.Certain
		v.judged[c.Version] = rollback.Unproven
	}
	v.move(c, w, ended)
}

// echo has the tool report the rollback: not at all, once, twice or late. Nothing that the
// echo's watch finds is held against the version.
func (v *versions) echo(target string, sent time.Time) {
	report := func() {
		c := v.report(target, "", sent.Add(time.Minute))
		if !v.predecessor(c).GoesBack(c) {
			v.t.Errorf("the report of the rollback to %s is taken for a change", target)
		}
		if v.judge(c) == rollback.Bad {
			v.t.Errorf("the echo of the rollback to %s was judged bad", target)
		}
	}
	switch v.random.IntN(4) {
	case 0:
		report()
	case 1:
		report()
		sent = sent.Add(time.Minute)
		report()
	case 2:
		v.late = append(v.late, report)
	}
}
