package situation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// TestRandomHistories runs random histories of deploys, flags, experiments and config
// pushes of two services against a model that knows nothing of slots: for each thing it
// has a list of steps. A rollback goes back to what the same thing had before, and a
// change is superseded by a step of the same thing alone, whatever order the events come
// in, whichever steps fail, and whatever Pushback itself rolled back in between.
func TestRandomHistories(t *testing.T) {
	s := newStore(t)
	for run := range 40 {
		h := &history{t: t, s: s, run: run, random: rand.New(rand.NewPCG(uint64(run), 12)), reader: &Reader{Store: s}}
		h.tell(h.events())
		h.checkAll()
		if t.Failed() {
			t.Fatalf("history %d:\n%s", run, strings.Join(h.log, "\n"))
		}
	}
}

// newStore is an empty database of a test.
func newStore(t *testing.T) *store.Store {
	t.Helper()
	return storetest.Open(t, store.Open)
}

// things are what the changes of one service are about. A thing without a name is any
// flag of the service.
var things = []struct {
	kind     sources.Kind
	group    string
	versions []string // few, so that many things have the same
}{
	{sources.Deploy, "", []string{"v1", "v2", "v3"}},
	{sources.Flag, "a", []string{"off", "10%", "50%"}},
	{sources.Flag, "e", []string{"off", "10%", "50%"}},
	{sources.Flag, "", []string{"off", "10%", "50%"}},
	{sources.Experiment, "e", []string{"off", "10%", "50%"}},
	{sources.Config, "timeout", []string{"v1", "10%", "off"}},
	{sources.Config, "", []string{"v1", "v2", "off"}},
}

// step is one change as the model knows it.
type step struct {
	thing      string // service, kind and name
	named      bool
	turnsOff   bool // a flag or an experiment
	version    string
	seen       bool
	started    time.Time // the earliest that was reported
	status     sources.Status
	superseded bool
	wentBack   string // where our own rollback set the thing, "" without one
	change     sources.Change
	key        string
}

// history is one run: the steps of the model, and the store beside it.
type history struct {
	t      *testing.T
	s      *store.Store
	reader *Reader
	run    int
	random *rand.Rand
	steps  []*step
	log    []string
	now    time.Time
}

type report struct {
	step  *step
	event sources.Event
}

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// events are those of 16 steps, in the order in which they arrive: by time, but for some
// that are overtaken.
func (h *history) events() (all []report) {
	for n := range 16 {
		all = append(all, h.step(n, h.random.IntN(2), h.random.IntN(len(things)))...)
	}
	slices.SortStableFunc(all, func(a, b report) int { return a.event.At.Compare(b.event.At) })
	for i := 1; i < len(all); i++ {
		if h.random.IntN(5) == 0 {
			all[i-1], all[i] = all[i], all[i-1]
		}
	}
	return all
}

// step is a new step of a thing and its events: a start, an end that may be a failure, or
// both.
func (h *history) step(n, service, which int) (all []report) {
	thing := things[which]
	name := fmt.Sprintf("cart-%d-%d", h.run, service)
	st := &step{
		thing: name + "/" + string(thing.kind) + "/" + thing.group, turnsOff: thing.kind == sources.Flag || thing.kind == sources.Experiment,
		version: thing.versions[h.random.IntN(len(thing.versions))],
	}
	st.named = thing.group != "" || !st.turnsOff
	h.steps = append(h.steps, st)
	at := start.Add(time.Duration(n) * 10 * time.Minute)
	e := sources.Event{
		Source: "tool", ChangeID: fmt.Sprint(n % 3), At: at, Service: name, Environment: "production",
		Kind: thing.kind, Group: thing.group, Version: st.version,
	}
	for _, other := range h.steps[:len(h.steps)-1] {
		if other.thing == st.thing {
			e.ChangeID = fmt.Sprint("again ", n) // names repeat among things, and within none
		}
	}
	add := func(s sources.Status, after time.Duration) {
		e.Status, e.At, e.EventID = s, at.Add(after), fmt.Sprintf("%d/%d/%s", h.run, n, s)
		all = append(all, report{st, e})
	}
	kind := h.random.IntN(10)
	if kind < 7 {
		add(sources.Started, 0)
	}
	switch {
	case kind == 0: // its end is never reported
	case kind < 3:
		add(sources.Failed, time.Duration(1+h.random.IntN(14))*time.Minute)
	default:
		add(sources.Succeeded, time.Duration(1+h.random.IntN(14))*time.Minute)
	}
	return all
}

// tell gives every event to the store and to the model, and rolls some changes back.
func (h *history) tell(all []report) {
	for _, r := range all {
		h.accept(r)
		h.check(r.step)
		if r.step.status == sources.Succeeded && !r.step.superseded && h.random.IntN(4) == 0 {
			h.rollBack(r.step)
		}
	}
}

func (h *history) accept(r report) {
	h.t.Helper()
	h.now = r.event.At
	a, err := sources.Admit(r.event, nil, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	accepted, err := h.s.Accept(h.t.Context(), a, []byte("{}"), h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	h.log = append(h.log, fmt.Sprintf("%s %s %s %s %s", r.event.At.Format(time.TimeOnly), r.step.thing, r.step.version, r.event.ChangeID, r.event.Status))
	r.step.note(r.event)
	r.step.key, r.step.change = accepted.Change.Key, accepted.Change.Change
	h.supersede(r.step.thing)
}

// note is an event in the model.
func (st *step) note(e sources.Event) {
	if !st.seen || e.At.Before(st.started) {
		st.started = e.At
	}
	if !st.seen || e.Status != sources.Started {
		st.status = e.Status
	}
	st.seen = true
}

// supersede marks the older steps of a thing whose newest successful step is newer. What is
// superseded stays so.
func (h *history) supersede(thing string) {
	if live := h.before(thing, time.Time{}); live != nil {
		for _, st := range h.steps {
			st.superseded = st.superseded || st.thing == thing && st.seen && st.started.Before(live.started)
		}
	}
}

// before is the newest successful step of a thing that began before a moment, or at all.
func (h *history) before(thing string, moment time.Time) (newest *step) {
	for _, st := range h.steps {
		ok := st.thing == thing && st.seen && st.status == sources.Succeeded && (moment.IsZero() || st.started.Before(moment))
		if ok && (newest == nil || st.started.After(newest.started)) {
			newest = st
		}
	}
	return newest
}

// rollBack has Pushback roll a step back. The tool reports it, or does not.
func (h *history) rollBack(st *step) {
	h.t.Helper()
	c, err := h.s.Change(h.t.Context(), st.key)
	if err != nil {
		h.t.Fatal(err)
	}
	target, first, err := h.reader.Target(h.t.Context(), c, Hook{})
	if err != nil || first || target.Version == "" || target.Version == st.version {
		return
	}
	o := rollback.Order{
		Key: st.key, Change: c.Change, Rule: "red", Hook: "deployer", Target: target.Version, State: rollback.Decided,
		Epoch: c.Epoch, Evidence: []byte("{}"), CreatedAt: h.now, Automatic: true,
	}
	if _, created, err := h.s.CreateOrder(h.t.Context(), o); err != nil || !created {
		return
	}
	claim, won, err := h.s.ClaimOrder(h.t.Context(), st.key, c.Epoch, h.now)
	if err != nil || !won {
		return
	}
	_, err = h.s.FinishOrder(h.t.Context(), store.OrderResult{Key: st.key, Claim: claim, State: rollback.Done, Receipt: rollback.Receipt{At: h.now}, At: h.now})
	if err != nil {
		h.t.Fatal(err)
	}
	st.wentBack = target.Version
	h.log = append(h.log, fmt.Sprintf("%s %s %s rolled back to %s", h.now.Format(time.TimeOnly), st.thing, st.version, target.Version))
}

func (h *history) checkAll() {
	for _, st := range h.steps {
		if st.seen {
			h.check(st)
			h.checkSuspects(st)
		}
	}
}

// check compares one change with the model.
func (h *history) check(st *step) {
	h.t.Helper()
	c, err := h.s.Change(h.t.Context(), st.key)
	if err != nil {
		h.t.Fatal(err)
	}
	if superseded := c.SupersededBy != ""; superseded != st.superseded {
		h.t.Errorf("%s %s is superseded: %v, want %v", st.thing, c.ID, superseded, st.superseded)
	}
	h.checkTarget(st, c)
	if isRollback, err := h.reader.IsRollback(h.t.Context(), c); err != nil || isRollback && !h.mayBeEcho(st) {
		h.t.Errorf("%s %s counts as a rollback, and nothing of it was rolled back to %s; %v", st.thing, c.ID, st.version, err)
	}
}

// checkTarget: the version to go back to is one that the same thing had. Where our own
// rollback ended the step before, that is where it went.
func (h *history) checkTarget(st *step, c store.Change) {
	h.t.Helper()
	var want []string
	if p := h.before(st.thing, st.started); p != nil && st.named {
		want = append(want, p.version)
		if p.wentBack != "" {
			want = append(want, p.wentBack)
		}
	}
	target, first, err := h.reader.Target(h.t.Context(), c, Hook{})
	if err != nil || first != (len(want) == 0) || !first && !slices.Contains(want, target.Version) || first && target.Version != "" {
		h.t.Errorf("%s %s goes back to %q (first %v), want one of %q; %v", st.thing, c.ID, target.Version, first, want, err)
	}
	off, first, err := h.reader.Target(h.t.Context(), c, Hook{FixedTarget: "off"})
	if err != nil || st.turnsOff && (first || off.Version != "off") || !st.turnsOff && off != target {
		h.t.Errorf("%s %s goes back to %q (first %v) by a hook that turns flags off; %v", st.thing, c.ID, off.Version, first, err)
	}
}

// mayBeEcho reports whether a rollback of the same thing went to the step's version.
func (h *history) mayBeEcho(st *step) bool {
	return slices.ContainsFunc(h.steps, func(o *step) bool { return o.thing == st.thing && o.wentBack == st.version })
}

// checkSuspects: every other change of the service is seen as one that overlaps, whatever
// it is about.
func (h *history) checkSuspects(st *step) {
	h.t.Helper()
	service, _, _ := strings.Cut(st.thing, "/")
	want := 0
	for _, other := range h.steps {
		if other != st && other.seen && strings.HasPrefix(other.thing, service+"/") {
			want++
		}
	}
	c := store.Change{Change: st.change, Key: st.key}
	found, err := h.s.OverlappingChanges(h.t.Context(), c, []string{service}, start.Add(-time.Hour), h.now.Add(24*time.Hour))
	if err != nil || len(found) != want {
		h.t.Errorf("%d changes overlap with %s, want %d; %v", len(found), st.thing, want, err)
	}
}
