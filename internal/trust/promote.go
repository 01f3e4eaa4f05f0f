package trust

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
)

// Status is how far one rule may go with one service, what its record is, and
// whether it has earned the next step.
type Status struct {
	Rule      rules.Rule
	Service   string     // EveryService: all services without a record of their own
	Written   rules.Mode // the furthest mode of its response lines
	Given     rules.Mode // what people gave it, or what a new rule has
	Effective rules.Mode // the least of Written, Given and the operators' cap
	Record    store.OutcomeCounts
	Backtest  *store.Backtest // nil: it was never backtested
	Next      rules.Mode      // one step beyond Given
	Proposed  bool            // Next is earned and waits for a person
	Why       string          // why the step is earned, or what is missing
}

// The journal's words for giving trust and taking it back.
const (
	promotion = "promote"
	demotion  = "demote"
)

// Statuses returns the status of every rule in force, by file and service.
func (k *Keeper) Statuses(ctx context.Context) ([]Status, error) {
	var all []Status
	for _, r := range k.Rules() {
		statuses, err := k.statusesOf(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.Name, err)
		}
		all = append(all, statuses...)
	}
	return all, nil
}

// statusesOf returns a rule's status with every service, first the one that holds
// for services without a record.
func (k *Keeper) statusesOf(ctx context.Context, r rules.Rule) ([]Status, error) {
	figures, err := k.Store.OutcomeCounts(ctx, r.Hash)
	if err != nil {
		return nil, err
	}
	given, err := k.Store.TrustOf(ctx, r.Hash)
	if err != nil {
		return nil, err
	}
	replayed, err := k.backtestOf(ctx, r.Hash)
	if err != nil {
		return nil, err
	}
	all := []Status{{Service: store.EveryService}}
	for _, f := range figures {
		all = append(all, Status{Service: f.Service, Record: f})
	}
	for i := range all {
		s := &all[i]
		s.Rule, s.Written, s.Backtest, s.Given = r, r.MaxMode(), replayed, k.given(given, s.Service)
		s.Effective = min(s.Written, s.Given, k.Policy.Cap)
		if err := k.decideNext(ctx, s, given); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// decideNext fills in the next step and whether it is earned.
func (k *Keeper) decideNext(ctx context.Context, s *Status, given []store.Trust) error {
	s.Next = s.Given + 1
	switch {
	case s.Written == rules.Observe:
		s.Next, s.Why = s.Given, "its response lines roll nothing back"
		return nil
	case s.Given >= min(s.Written, k.Policy.Cap):
		s.Next, s.Why = s.Given, "it may go as far as its lines say, or as far as the operators let any rule go"
		return nil
	case s.Backtest != nil && s.backtested() >= s.Next && !demotedSince(given, s.Service, s.Backtest.At):
		s.Proposed, s.Why = true, fmt.Sprintf("backtest of %s: %s", s.Backtest.At.UTC().Format(time.DateOnly), s.Backtest.Why)
		return nil
	case s.Service == store.EveryService:
		s.Why = "only a backtest can earn it: pushback backtest --from-store --placebo 500 --record"
		return nil
	}
	// Only changes after the last step and after the last false alarm count.
	since := s.Record.LastFalse
	if t, ok := trustFor(given, s.Service); ok && t.At.After(since) {
		since = t.At
	}
	n, err := k.Store.CountClean(ctx, s.Rule.Hash, s.Service, since)
	if err != nil {
		return err
	}
	need := k.Policy.clean()
	s.Proposed, s.Why = n >= need, fmt.Sprintf("%d clean changes of %d", min(n, need), need)
	return nil
}

// demotedSince reports whether trust was taken back after a moment. A backtest from
// before that earns nothing any more.
func demotedSince(given []store.Trust, service string, at time.Time) bool {
	t, ok := trustFor(given, service)
	return ok && t.Revoked && t.At.After(at)
}

// backtested is the mode that the last backtest found the rule fit for.
func (s Status) backtested() rules.Mode {
	return modeOf(s.Backtest.Mode)
}

// Promote gives a rule the next step that it has earned with a service, in a
// person's name. Its error wraps store.ErrConflict where the step is not earned.
func (k *Keeper) Promote(ctx context.Context, rule, service, actor, why string) (Status, error) {
	s, err := k.Status(ctx, rule, service)
	if err != nil {
		return s, err
	}
	if !s.Proposed {
		return s, conflict("rule %s has not earned to %s for %s: %s", rule, max(s.Next, rules.Ask), ServiceWords(service), s.Why)
	}
	return k.give(ctx, s.Rule, service, s.Next, promotion, actor, why)
}

// Demote takes trust back to a mode, at once, in a person's name. Its error wraps
// store.ErrConflict where the rule may not go further than that already.
func (k *Keeper) Demote(ctx context.Context, rule, service string, to rules.Mode, actor, why string) (Status, error) {
	s, err := k.Status(ctx, rule, service)
	if err != nil {
		return s, err
	}
	if s.Given <= to {
		return s, conflict("rule %s may already go no further than %s for %s", rule, s.Given, ServiceWords(service))
	}
	return k.give(ctx, s.Rule, service, to, demotion, actor, why)
}

func (k *Keeper) give(ctx context.Context, r rules.Rule, service string, to rules.Mode, action, actor, why string) (Status, error) {
	now := k.Now()
	detail, err := json.Marshal(map[string]string{"service": service, "mode": to.String(), "rule_hash": r.Hash, "why": why})
	if err != nil {
		panic(err) // plain text: cannot fail
	}
	err = k.Store.PutTrust(ctx,
		store.Trust{RuleHash: r.Hash, Service: service, Rule: r.Name, Mode: to.String(), Revoked: action == demotion, Actor: actor, Why: why, At: now},
		store.Entry{At: now, ChangeKey: "rules/" + r.Name, Actor: actor, Action: action, Detail: detail})
	if err != nil {
		return Status{}, err
	}
	return k.Status(ctx, r.Name, service)
}

// Status returns a rule's status with one service, whether it has a record or not. Its
// error wraps store.ErrNotFound where no rule in force has that name.
func (k *Keeper) Status(ctx context.Context, rule, service string) (Status, error) {
	r, err := k.ruleNamed(rule)
	if err != nil {
		return Status{}, err
	}
	all, err := k.statusesOf(ctx, r)
	if err != nil {
		return Status{}, err
	}
	if i := slices.IndexFunc(all, func(s Status) bool { return s.Service == service }); i >= 0 {
		return all[i], nil
	}
	// The service has no record, but people may have given it another mode than the rest.
	given, err := k.Store.TrustOf(ctx, r.Hash)
	if err != nil {
		return Status{}, err
	}
	s := Status{Rule: r, Service: service, Written: r.MaxMode(), Backtest: all[0].Backtest, Given: k.given(given, service)}
	s.Effective = min(s.Written, s.Given, k.Policy.Cap)
	return s, k.decideNext(ctx, &s, given)
}

// WatchEnded proposes what the end of a watch has earned its rule. A failure is only
// logged, because the end of the next watch proposes it too.
func (k *Keeper) WatchEnded(ctx context.Context, watched rules.Rule) {
	r, err := k.ruleNamed(watched.Name)
	if err != nil || r.Hash != watched.Hash || r.MaxMode() == rules.Observe {
		return // the rule has changed meanwhile, or has nothing to earn
	}
	if err := k.propose(ctx, r); err != nil && ctx.Err() == nil {
		k.Log.Warn("cannot propose what a rule has earned; the end of its next watch tries again", "rule", r.Name, "error", err)
	}
}

// propose tells people of every step that a rule has earned.
func (k *Keeper) propose(ctx context.Context, r rules.Rule) error {
	all, err := k.statusesOf(ctx, r)
	if err != nil {
		return err
	}
	for _, s := range all {
		if !s.Proposed {
			continue
		}
		if err := k.Propose(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// ServiceWords names a service for people, and all of them for EveryService.
func ServiceWords(service string) string {
	if service == store.EveryService {
		return "every service"
	}
	return service
}
