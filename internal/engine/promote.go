package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rules"
)

// RuleStanding is how one rule stands with one service: what it may do, what
// it has shown, and what it has earned beyond that.
type RuleStanding struct {
	Rule      rules.Rule
	Service   string     // EveryService: what holds for those that have no record of their own
	Written   rules.Mode // the furthest its lines say
	Given     rules.Mode // what people gave, or what new rules have
	Effective rules.Mode // the least of these and the operators' cap
	Record    store.Figures
	Backtest  *store.Backtest // nil: never replayed
	Next      rules.Mode      // one step beyond Given
	Proposed  bool            // Next is earned and waits for a person
	Why       string          // why it is, or what is missing
}

// What the journal calls giving trust and taking it back.
const (
	promotion = "promote"
	demotion  = "demote"
)

// cleanNeeded is how many clean changes in a row earn a step, where the
// operators do not say.
const cleanNeeded = 20

// RuleStandings says how every rule in force stands, by file and service.
func (e *Engine) RuleStandings(ctx context.Context) ([]RuleStanding, error) {
	var all []RuleStanding
	for _, r := range e.rules.set().Rules() {
		standings, err := e.standingsOf(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.Name, err)
		}
		all = append(all, standings...)
	}
	return all, nil
}

// standingsOf is how a rule stands with every service it has a record of, and
// before them with those it has none of.
func (e *Engine) standingsOf(ctx context.Context, r rules.Rule) ([]RuleStanding, error) {
	figures, err := e.Store.FiguresOf(ctx, r.Hash)
	if err != nil {
		return nil, err
	}
	given, err := e.Store.TrustOf(ctx, r.Hash)
	if err != nil {
		return nil, err
	}
	replayed, err := e.backtestOf(ctx, r.Hash)
	if err != nil {
		return nil, err
	}
	all := []RuleStanding{{Service: store.EveryService}}
	for _, f := range figures {
		all = append(all, RuleStanding{Service: f.Service, Record: f})
	}
	for i := range all {
		s := &all[i]
		s.Rule, s.Written, s.Backtest, s.Given = r, r.Furthest(), replayed, e.given(given, s.Service)
		s.Effective = min(s.Written, s.Given, e.Trust.Cap)
		if err := e.weigh(ctx, s, given); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// weigh finds out whether the next step is earned.
func (e *Engine) weigh(ctx context.Context, s *RuleStanding, given []store.Trust) error {
	s.Next = s.Given + 1
	switch {
	case s.Written == rules.Observe:
		s.Next, s.Why = s.Given, "its lines roll nothing back"
		return nil
	case s.Given >= min(s.Written, e.Trust.Cap):
		s.Next, s.Why = s.Given, "it may go as far as it says, or as the operators let any rule"
		return nil
	case s.Backtest != nil && s.backtested() >= s.Next && !takenSince(given, s.Service, s.Backtest.At):
		s.Proposed, s.Why = true, fmt.Sprintf("backtest of %s: %s", s.Backtest.At.UTC().Format(time.DateOnly), s.Backtest.Why)
		return nil
	case s.Service == store.EveryService:
		s.Why = "a backtest would have to say so: pushback backtest --placebo 500 --record"
		return nil
	}
	// A step is earned by what came after the last one, and after the last
	// false alarm.
	since := s.Record.LastFalse
	if t, ok := trustIn(given, s.Service); ok && t.At.After(since) {
		since = t.At
	}
	n, err := e.Store.CleanSince(ctx, s.Rule.Hash, s.Service, since)
	if err != nil {
		return err
	}
	need := e.Trust.clean()
	s.Proposed, s.Why = n >= need, fmt.Sprintf("%d clean changes of %d", min(n, need), need)
	return nil
}

// takenSince says whether trust was taken back after a moment: what was measured
// before that earns nothing any more.
func takenSince(given []store.Trust, service string, at time.Time) bool {
	t, ok := trustIn(given, service)
	return ok && t.Taken && t.At.After(at)
}

func (s RuleStanding) backtested() rules.Mode {
	var mode rules.Mode
	if err := mode.UnmarshalText([]byte(s.Backtest.Mode)); err != nil {
		return rules.Observe
	}
	return mode
}

// Promote takes up what a rule has earned with a service, in a person's name.
// What is not earned gives store.ErrConflict.
func (e *Engine) Promote(ctx context.Context, rule, service, actor, why string) (RuleStanding, error) {
	r, s, err := e.standingWith(ctx, rule, service)
	if err != nil {
		return s, err
	}
	if !s.Proposed {
		return s, refuse("rule %s has not earned to %s for %s: %s", rule, max(s.Next, rules.Ask), serviceWords(service), s.Why)
	}
	return e.give(ctx, r, service, s.Next, promotion, actor, why)
}

// Demote takes trust back, in a person's name: down to a mode, at once.
func (e *Engine) Demote(ctx context.Context, rule, service string, to rules.Mode, actor, why string) (RuleStanding, error) {
	r, s, err := e.standingWith(ctx, rule, service)
	if err != nil {
		return s, err
	}
	if s.Given <= to {
		return s, refuse("rule %s may not go further than %s for %s as it is", rule, s.Given, serviceWords(service))
	}
	return e.give(ctx, r, service, to, demotion, actor, why)
}

func (e *Engine) give(ctx context.Context, r rules.Rule, service string, to rules.Mode, action, actor, why string) (RuleStanding, error) {
	now := e.Now()
	detail, err := json.Marshal(map[string]string{"service": service, "mode": to.String(), "rule_hash": r.Hash, "why": why})
	if err != nil {
		panic(err) // plain text: cannot fail
	}
	err = e.Store.PutTrust(ctx,
		store.Trust{RuleHash: r.Hash, Service: service, Rule: r.Name, Mode: to.String(), Taken: action == demotion, Actor: actor, Why: why, At: now},
		store.Entry{At: now, ChangeKey: rulesKey + "/" + r.Name, Actor: actor, Action: action, Detail: detail})
	if err != nil {
		return RuleStanding{}, err
	}
	_, s, err := e.standingWith(ctx, r.Name, service)
	return s, err
}

// standingWith is how a rule stands with one service, known or not.
func (e *Engine) standingWith(ctx context.Context, rule, service string) (rules.Rule, RuleStanding, error) {
	r, err := e.ruleCalled(rule)
	if err != nil {
		return r, RuleStanding{}, err
	}
	all, err := e.standingsOf(ctx, r)
	if err != nil {
		return r, RuleStanding{}, err
	}
	if i := slices.IndexFunc(all, func(s RuleStanding) bool { return s.Service == service }); i >= 0 {
		return r, all[i], nil
	}
	s := all[0]
	s.Service = service
	given, err := e.Store.TrustOf(ctx, r.Hash)
	s.Given = e.given(given, service)
	s.Effective = min(s.Written, s.Given, e.Trust.Cap)
	return r, s, err
}

// proposeNext looks at what the end of a watch has earned its rule. It is no
// part of the look: the next end of one looks again.
func (e *Engine) proposeNext(ctx context.Context, watched rules.Rule) {
	r, err := e.ruleCalled(watched.Name)
	if err != nil || r.Hash != watched.Hash || r.Furthest() == rules.Observe {
		return // it judges another way by now, or has nothing to earn
	}
	if err := e.propose(ctx, r); err != nil && ctx.Err() == nil {
		e.Log.Warn("what a rule has earned", "rule", r.Name, "error", err)
	}
}

// propose tells, once a step, that a rule has earned it.
func (e *Engine) propose(ctx context.Context, r rules.Rule) error {
	all, err := e.standingsOf(ctx, r)
	if err != nil {
		return err
	}
	for _, s := range all {
		if !s.Proposed {
			continue
		}
		if err := e.put(ctx, e.proposal(ctx, s)); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) proposal(ctx context.Context, s RuleStanding) []store.Outgoing {
	to := e.catalogue.ReceiverOf(s.Rule.Team)
	if service, err := e.catalogue.Service(ctx, s.Service, e.Now()); err == nil && s.Service != store.EveryService {
		to = cmp.Or(cmp.Or(service.Chat, service.Pager), to)
	}
	if to == "" {
		return nil // it stands in `rules status` all the same
	}
	key := fmt.Sprintf("trust/%s/%s/%s", s.Rule.Hash, s.Service, s.Next)
	m := notify.Message{
		Key: key, Kind: "trust", Severity: notify.Info, At: e.Now(), Link: e.ExternalURL,
		Title:  fmt.Sprintf("rule %s has earned to %s for %s", s.Rule.Name, s.Next, serviceWords(s.Service)),
		Moved:  []string{s.Why},
		Action: fmt.Sprintf("To let it: pushback rules promote %s --service '%s'", s.Rule.Name, s.Service),
		Fields: []notify.Field{{Name: "rule", Value: s.Rule.Name}},
	}
	return e.outgoing(key, rulesKey+"/"+s.Rule.Name, []string{to}, m)
}

func serviceWords(service string) string {
	if service == store.EveryService {
		return "every service"
	}
	return service
}
