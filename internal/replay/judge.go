package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Entry is an entry of the journal, as far as judging again needs it.
type Entry struct {
	Seq    int64
	Actor  string
	Action string
	Detail json.RawMessage
}

// State says what became of one verdict.
type State string

// The states of a result.
const (
	Equal   State = "equal"
	Differs State = "differs"
	Cannot  State = "cannot" // it cannot be judged again; Why says why
)

// Result is one recorded verdict, judged again. A look that several entries tell of is
// one result.
type Result struct {
	Seqs        []int64           `json:"entries"` // the journal entries with this verdict
	Rule        string            `json:"rule"`
	Watch       string            `json:"watch"`
	After       time.Time         `json:"after,omitzero"` // of a recovery watch: when the rollback was done
	At          time.Time         `json:"at"`             // of the look
	For         []string          `json:"for"`
	State       State             `json:"state"`
	Why         string            `json:"why,omitempty"`
	Method      string            `json:"method"` // of the detector that judged
	Differences []Difference      `json:"differences,omitempty"`
	Was         detector.Verdict  `json:"was"`
	Now         *detector.Verdict `json:"now,omitempty"`
}

// ProfileByHash returns a profile by the hash of its stored form.
type ProfileByHash func(hash string) (detector.Profile, error)

// Change judges every verdict again that the entries of one change hold, in their order.
// Entries of looks that judged nothing are left out.
func Change(entries []Entry, profile ProfileByHash) []Result {
	looks := groupByLook(entries)
	results := make([]Result, len(looks))
	for i, l := range looks {
		results[i] = l.result(profile)
	}
	return results
}

// look is what the entries of one look hold.
type look struct {
	seqs     []int64
	rule     string
	watch    string
	after    time.Time          // of a recovery watch
	reasons  []string           // why there is an entry: a line of the rule, the end of the watch
	verdicts []detector.Verdict // of each entry
	basis    Basis
	fault    string // the entries cannot be read
}

// detail is the part of an entry's detail that judging again needs.
type detail struct {
	Basis
	Watch   string            `json:"watch"`
	After   time.Time         `json:"after"`
	Line    *int              `json:"line"`
	State   watch.State       `json:"state"`
	Verdict *detector.Verdict `json:"verdict"`
}

func groupByLook(entries []Entry) []*look {
	var looks []*look
	for _, e := range entries {
		if !HoldsVerdict(e.Action) {
			continue
		}
		var d detail
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			looks = append(looks, &look{seqs: []int64{e.Seq}, rule: ruleOf(e), fault: fmt.Sprintf("entry %d cannot be read: %v", e.Seq, err)})
			continue
		}
		if d.Verdict == nil {
			continue
		}
		i := slices.IndexFunc(looks, func(l *look) bool { return l.same(d) })
		if i < 0 {
			i, looks = len(looks), append(looks, &look{rule: ruleOf(e), watch: d.Watch, after: d.After})
		}
		looks[i].add(e, d)
	}
	return looks
}

func ruleOf(e Entry) string { return strings.TrimPrefix(e.Actor, "rule ") }

// same reports whether an entry is of this look: a watch looks once at a time.
func (l *look) same(d detail) bool {
	return l.watch == d.Watch && len(l.verdicts) > 0 && l.verdicts[0].At.Equal(d.Verdict.At)
}

func (l *look) add(e Entry, d detail) {
	l.seqs, l.verdicts = append(l.seqs, e.Seq), append(l.verdicts, *d.Verdict)
	l.reasons = append(l.reasons, reasonOf(e, d))
	if l.basis.Observation == nil {
		l.basis = d.Basis
	}
}

func reasonOf(e Entry, d detail) string {
	if e.Action == Responded && d.Line != nil {
		return fmt.Sprintf("line %d", *d.Line+1) // as people count the lines of respond
	}
	return "ended " + string(d.State)
}

func (l *look) result(profile ProfileByHash) Result {
	r := Result{Seqs: l.seqs, Rule: l.rule, Watch: l.watch, After: l.after, For: l.reasons, State: Cannot, Why: l.fault}
	if len(l.verdicts) == 0 {
		return r
	}
	r.Was, r.At, r.Method = l.verdicts[0], l.verdicts[0].At, l.verdicts[0].Method
	now, err := l.basis.judge(r.Was, profile)
	if err != nil {
		r.Why = err.Error()
		return r
	}
	r.State, r.Now = Equal, &now
	for _, was := range l.verdicts {
		r.Differences = append(r.Differences, differences(was, now)...)
	}
	if len(r.Differences) > 0 {
		r.State, r.Differences = Differs, compact(r.Differences)
	}
	return r
}

// judge returns the verdict as it is now. The verdict as it was only tells which facts an
// entry knew that was written before facts were recorded.
func (b Basis) judge(was detector.Verdict, profile ProfileByHash) (detector.Verdict, error) {
	if b.Observation == nil || b.Plan == nil {
		return detector.Verdict{}, errors.New("the entry has no observation: it is of an older version, which kept that only for lines that made an order, or the entry of the same look that has it is not here")
	}
	profiles, err := b.load(profile)
	if err != nil {
		return detector.Verdict{}, err
	}
	if err := b.check(); err != nil {
		return detector.Verdict{}, err
	}
	if b.Facts == nil {
		if err := b.allNamed(was); err != nil {
			return detector.Verdict{}, err
		}
		b.Facts = &Facts{RolloutFailed: was.Reason == detector.FailedRollout, Confounded: was.Reason == detector.Confounded}
	}
	v := detector.Judge(*b.Plan, profiles, *b.Observation)
	v.Reason = b.Facts.reason(v)
	return v, nil
}

// allNamed checks that an entry of an older version names every profile that it was judged by:
// that of each signal, or of its fine horizon.
func (b Basis) allNamed(was detector.Verdict) error {
	named := map[string]bool{}
	for _, s := range b.Plan.Signals {
		if b.Hashes[s.Name] != "" {
			named[s.Name], named[s.Of] = true, true
		}
	}
	for _, e := range was.Signals {
		if e.History > 0 && !named[e.Signal] {
			return fmt.Errorf("%s was judged by a profile that the entry does not name: it is of an older version, which named only some", e.Signal)
		}
	}
	return nil
}

// reason is the reason of the watch, as the engine takes it.
func (f Facts) reason(v detector.Verdict) detector.Reason {
	facts := watch.Facts{Verdict: &v, Confounded: f.Confounded}
	if f.RolloutFailed {
		facts.Change.Status = sources.Failed
	}
	return facts.Reason()
}

// load reads the profiles that are named.
func (p Profiles) load(profile ProfileByHash) (detector.Profiles, error) {
	loaded := detector.Profiles{}
	for signal, hash := range p.Hashes {
		k, err := profile(hash)
		if err != nil {
			return nil, fmt.Errorf("the profile of %s: %w", signal, err)
		}
		if slices.Contains(p.WithoutShape, signal) {
			k = k.WithoutShape()
		}
		loaded[signal] = k
	}
	return loaded, nil
}
