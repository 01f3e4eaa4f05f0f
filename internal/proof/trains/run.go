package trains

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Outcome is what became of one train.
type Outcome struct {
	Fault     bool // one of its changes is bad
	Clear     bool // and plainly so, with time to see it before the next one
	Culprit   int  // its place
	Acted     bool // a change was rolled back
	Asked     bool // a person was asked about one, or its order was refused
	Change    int  // its place
	Early     bool // nothing was bad yet
	Coincides bool // the fault began late, while that change rolled out or after the bad one's watch

	Measured bool    // the fault came at once
	Miss     float64 // by how many ticks the bad change's rollout had ended before the earliest onset
}

// runner runs one train.
type runner struct {
	train    train
	profiles detector.Profiles
	ledger   *ledger
	reader   *situation.Reader
	now      time.Time
}

// resolution is the scrape interval.
const resolution = 15 * time.Second

func (t train) run(ctx context.Context, k detector.Profiles) (Outcome, error) {
	r := &runner{train: t, profiles: k, ledger: &ledger{watches: map[string]watch.Watch{}}}
	r.reader = &situation.Reader{
		Store: r.ledger, Catalogue: catalogue{}, Limits: rollback.DefaultLimits(), Now: func() time.Time { return r.now },
		Hook:   func(string) situation.Hook { return situation.Hook{Known: true} },
		Window: func(time.Time) string { return "" }, Fleet: func(context.Context) (string, error) { return "", nil },
		Frozen: func() (bool, string) { return false, "" },
	}
	r.ledger.changes = []store.Change{firstVersion()}
	for i := range t.changes {
		done, o, err := r.change(ctx, i)
		if done || err != nil {
			return o, err
		}
	}
	return r.outcome(-1), nil
}

// firstVersion has been live for a day, and is good.
func firstVersion() store.Change {
	c := sources.Change{
		ID: "deploy-0", Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v0", Status: sources.Succeeded,
		StartedAt: zero.Add(-24 * time.Hour), FinishedAt: zero.Add(-24 * time.Hour), Reversible: true,
	}
	return store.Change{Change: c, Key: c.Key(), Standing: store.Good}
}

// change watches change number i until the next one comes, or until something is decided.
func (r *runner) change(ctx context.Context, i int) (done bool, _ Outcome, _ error) {
	c := r.train.changes[i]
	last := &r.ledger.changes[len(r.ledger.changes)-1]
	last.SupersededBy = c.Key
	r.ledger.changes = append(r.ledger.changes, c)
	w, err := r.begin(ctx, c)
	if err != nil {
		return false, Outcome{}, err
	}
	until := r.train.end
	if i+1 < len(r.train.changes) {
		until = r.train.changes[i+1].FinishedAt
	}
	course := detector.NewCourse(w.Plan, r.profiles)
	for r.now = c.FinishedAt.Add(w.Every); r.now.Before(until) && w.State.Open(); r.now = r.now.Add(w.Every) {
		r.suspend(i)
		v, final, looked := r.look(course, w, c)
		if !looked {
			continue
		}
		w = watch.Advance(w, watch.Facts{Now: r.now, Change: c.Change, Verdict: &v, Final: final})
		r.ledger.watches[c.Key] = w
		if v.MayAct && v.Grade >= detector.Certain {
			if o, decided, err := r.decide(ctx, i, c, w, v); decided || err != nil {
				return true, o, err
			}
		}
	}
	if w.State == watch.Healthy {
		r.ledger.changes[len(r.ledger.changes)-1].Standing = store.Good
	}
	return false, Outcome{}, nil
}

// suspend marks change i while the next one rolls out.
func (r *runner) suspend(i int) {
	if i+1 < len(r.train.changes) && !r.now.Before(r.train.changes[i+1].StartedAt) {
		last := &r.ledger.changes[len(r.ledger.changes)-1]
		r.ledger.rolling = r.train.changes[i+1]
		last.SuspendedBy, last.SuspendedUntil = r.ledger.rolling.Key, r.now.Add(time.Hour)
	}
}

// begin plans the watch of a change, as the engine does.
func (r *runner) begin(ctx context.Context, c store.Change) (watch.Watch, error) {
	rule := rules.Rule{Name: "red", Settle: r.train.service.settle, Bake: r.train.service.bake, Every: resolution}
	before, err := r.reader.Predecessor(ctx, c)
	w := watch.Watch{
		ID: c.Key + ".red", ChangeKey: c.Key, Rule: rule.Name, State: watch.Waiting,
		BaseAt: before.Baseline(c, rule), OwnBaseAt: gather.BeforeEnd(c.Change, rule), PriorAt: before.SettledAt(c, rule),
		Settle: rule.Settle, Bake: rule.Bake, Every: rule.Every, Acts: true, Plan: r.train.service.plan(),
	}
	r.ledger.watches[c.Key] = w
	return w, err
}

// look judges what can be seen of a change now, and reports whether that is the whole bake.
func (r *runner) look(course *detector.Course, w watch.Watch, c store.Change) (verdict detector.Verdict, final, looked bool) {
	v, ok := gather.ViewAt(w, c.Change, resolution, r.now)
	if !ok {
		return detector.Verdict{}, false, false
	}
	o := v.Observation(w, c.Change)
	for _, s := range w.Plan.Signals {
		read := func(g detector.Grid) detector.Ticks { return r.train.cells.ticks(s.Name, g, zero) }
		reading := detector.Reading{Signal: s.Name, Supply: detector.Fresh, After: read(v.After), Running: read(v.After.Running(v.Now))}
		reading.Before, reading.Between = read(v.Before).SplitAt(v.Before.N - v.Between)
		o.Readings = append(o.Readings, reading)
	}
	return course.Look(o), v.Final, true
}

// decide asks the guards about an order for a change.
func (r *runner) decide(ctx context.Context, i int, c store.Change, w watch.Watch, v detector.Verdict) (_ Outcome, decided bool, _ error) {
	evidence, err := json.Marshal(v)
	if err != nil {
		return Outcome{}, false, err
	}
	order := rollback.Order{
		Key: c.Key, Change: c.Change, Rule: w.Rule, Hook: "deployer", Target: c.Previous, State: rollback.Decided,
		Epoch: c.Epoch, Evidence: evidence, CreatedAt: r.now, DecidedAt: r.now, Automatic: true,
	}
	s, err := r.reader.Of(ctx, order)
	if err != nil {
		return Outcome{}, false, err
	}
	warrant, refusals := rollback.Permit(order, s)
	if !warrant.Valid() && rollback.RemedyOf(refusals) == rollback.RemedyWait {
		return Outcome{}, false, nil
	}
	o := r.outcome(i)
	o.Acted, o.Asked = warrant.Valid(), !warrant.Valid()
	r.measure(&o, s)
	return o, true, nil
}

// outcome describes the train, of which something was decided about change i.
func (r *runner) outcome(i int) Outcome {
	f := r.train.fault
	o := Outcome{Fault: f.culprit >= 0, Culprit: f.culprit, Change: i}
	if !o.Fault {
		return o
	}
	o.Clear = f.clear() && r.timeToSee(f.culprit)
	o.Early = i >= 0 && r.now.Before(f.begins)
	o.Coincides = i > f.culprit && f.kind == late && (r.coincides(i) || r.escaped())
	return o
}

// coincides reports whether a late fault begins while a later change rolls out or settles, within
// three ticks: nobody can tell whose it is.
func (r *runner) coincides(i int) bool {
	c, s := r.train.changes[i], r.train.service
	tick := s.plan().Tick
	return !r.train.fault.begins.Before(c.StartedAt.Add(-3*tick)) && !r.train.fault.begins.After(c.FinishedAt.Add(s.settle+3*tick))
}

// escaped reports whether the fault begins when the watch of the bad change has ended.
func (r *runner) escaped() bool {
	f, s := r.train.fault, r.train.service
	return f.begins.After(r.train.changes[f.culprit].FinishedAt.Add(s.settle + s.bake))
}

// timeToSee reports whether three ticks and two looks pass between the end of settling and the next
// change.
func (r *runner) timeToSee(i int) bool {
	if i+1 >= len(r.train.changes) {
		return true
	}
	s := r.train.service
	seen := r.train.changes[i].FinishedAt.Add(s.settle + 3*s.plan().Tick + 2*resolution)
	return !r.train.changes[i+1].StartedAt.Before(seen)
}

// measure notes by how much the culprit's rollout had ended before the earliest onset.
func (r *runner) measure(o *Outcome, s rollback.Situation) {
	if !o.Fault || o.Early || r.train.fault.kind == late || s.Onset.From.IsZero() {
		return
	}
	ended := r.train.changes[o.Culprit].FinishedAt
	o.Miss, o.Measured = float64(s.Onset.From.Sub(ended))/float64(s.Tick), true
}
