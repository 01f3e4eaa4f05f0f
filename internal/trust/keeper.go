package trust

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// Policy is how far the operators let rules go.
type Policy struct {
	New rules.Mode // what a new rule may do, before it has a record
	Cap rules.Mode // no rule goes further, whatever it has earned

	Clean int // how many clean changes in a row earn a step; 0: DefaultClean
}

// DefaultClean is how many clean changes in a row earn a step, where the operators
// do not say.
const DefaultClean = 20

func (p Policy) clean() int { return cmp.Or(max(0, p.Clean), DefaultClean) }

// Store is what the keeper needs of the state database.
type Store interface {
	TrustOf(ctx context.Context, ruleHash string) ([]store.Trust, error)
	PutTrust(ctx context.Context, t store.Trust, e store.Entry) error
	OutcomeCounts(ctx context.Context, ruleHash string) ([]store.OutcomeCounts, error)
	CountFired(ctx context.Context, ruleHash string) (wrong, fired int, err error)
	CountClean(ctx context.Context, ruleHash, service string, since time.Time) (int, error)
	BacktestOf(ctx context.Context, ruleHash string) (store.Backtest, error)
	PutBacktest(ctx context.Context, b store.Backtest) error
	PutOutcome(ctx context.Context, o store.Outcome) error
	LastOutcomes(ctx context.Context, ruleHash string, limit int) ([]store.Outcome, error)
	LastRecord(ctx context.Context, watchID string) (store.Record, error)
	Change(ctx context.Context, key string) (store.Change, error)
	WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error)
	Append(ctx context.Context, e store.Entry) error
	Counter
}

// Options are what a keeper works with. All are required.
type Options struct {
	Store       Store
	Policy      Policy
	Rules       func() []rules.Rule // the rules in force
	ReadProfile func(ctx context.Context, hash string) (detector.Profile, error)
	Propose     func(ctx context.Context, s Status) error // tells people, once, of a step that is earned
	Log         *slog.Logger
	Now         func() time.Time
}

// Keeper keeps what rules have earned.
type Keeper struct{ Options }

// New returns a keeper. It reads nothing.
func New(o Options) *Keeper { return &Keeper{o} }

// conflictError wraps store.ErrConflict and says what is in the way.
type conflictError struct{ why string }

func conflict(format string, args ...any) error { return conflictError{fmt.Sprintf(format, args...)} }

func (c conflictError) Error() string { return c.why }
func (c conflictError) Unwrap() error { return store.ErrConflict }

// Earned returns the furthest mode that a rule may use with a service. The hash
// names the rule by how it judges. A rule whose trust cannot be read only observes.
func (k *Keeper) Earned(ctx context.Context, hash, service string) rules.Mode {
	given, err := k.Store.TrustOf(ctx, hash)
	if err != nil {
		k.Log.Error("cannot read rule trust; treating the rule as observe-only", "rule_hash", hash, "error", err)
		return rules.Observe
	}
	return k.given(given, service)
}

// given returns the mode that people gave a rule with this service or with every
// service, and otherwise that of a new rule.
func (k *Keeper) given(all []store.Trust, service string) rules.Mode {
	t, ok := trustFor(all, service)
	if !ok {
		return k.Policy.New
	}
	return modeOf(t.Mode)
}

// modeOf reads a mode that is stored. One that cannot be read is observe.
func modeOf(word string) rules.Mode {
	var mode rules.Mode
	if err := mode.UnmarshalText([]byte(word)); err != nil {
		return rules.Observe
	}
	return mode
}

// trustFor returns what people gave a service, or else every service.
func trustFor(all []store.Trust, service string) (store.Trust, bool) {
	for _, name := range []string{service, store.EveryService} {
		if i := slices.IndexFunc(all, func(t store.Trust) bool { return t.Service == name }); i >= 0 {
			return all[i], true
		}
	}
	return store.Trust{}, false
}

// FalseAlarm records, in a person's name, that a rule fired without cause at a
// change; "" stands for every rule that fired. The rule keeps what it has earned, but
// the count of clean changes for its next step begins anew. Its error wraps
// store.ErrConflict where no rule fired.
func (k *Keeper) FalseAlarm(ctx context.Context, changeKey, rule, actor, why string) error {
	return k.correct(ctx, changeKey, store.Entry{Actor: actor, Action: "false-alarm"}, rule, why, k.markFalse, "no rule was likely or certain at this change")
}

// markFalse records a false alarm of each watch of a rule that fired, and counts them.
func (k *Keeper) markFalse(ctx context.Context, c store.Change, ws []watch.Watch, rule string) (marked int, err error) {
	for _, w := range ws {
		if !w.After.IsZero() || rule != "" && w.Rule != rule || !w.Fired() {
			continue
		}
		marked++
		err := k.Store.PutOutcome(ctx, store.Outcome{
			WatchID: w.ID, ChangeKey: c.Key, Rule: w.Rule, RuleHash: w.RuleHash, Service: c.Service,
			EndedAt: k.Now(), Fired: true, FalseAlarm: true,
		})
		if err != nil {
			return marked, err
		}
	}
	return marked, nil
}

// NoteBacktest stores what a backtest measured of a rule in force. Its error wraps
// store.ErrConflict where the figures are impossible or the rule has changed since.
func (k *Keeper) NoteBacktest(ctx context.Context, b store.Backtest) error {
	var mode rules.Mode
	if err := mode.UnmarshalText([]byte(b.Mode)); err != nil || b.FalseAlarms < 0 || b.Judged < b.FalseAlarms || b.Judged < 1 {
		return conflict("these cannot be the figures of a backtest: judged must be at least 1 and not below false_alarms")
	}
	r, err := k.ruleNamed(b.Rule)
	if err != nil {
		return err
	}
	if r.Hash != b.RuleHash {
		return conflict("rule %s has changed since the backtest; run it again", b.Rule)
	}
	b.At = k.Now()
	if err := k.Store.PutBacktest(ctx, b); err != nil {
		return err
	}
	return k.propose(ctx, r)
}

// ruleNamed returns a rule in force.
func (k *Keeper) ruleNamed(name string) (rules.Rule, error) {
	for _, r := range k.Rules() {
		if r.Name == name {
			return r, nil
		}
	}
	return rules.Rule{}, fmt.Errorf("no rule in force is called %q: %w", name, store.ErrNotFound)
}

// backtestOf returns the last backtest of a rule, nil where there is none.
func (k *Keeper) backtestOf(ctx context.Context, hash string) (*store.Backtest, error) {
	b, err := k.Store.BacktestOf(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &b, err
}
