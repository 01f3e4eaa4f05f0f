package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Loader reads the rules folder.
type Loader func() (*rules.Set, []rules.Diagnostic)

// ruleBook keeps the last good rule set, in memory and in the store. A broken folder
// changes nothing: the last good rules go on, and their owners are notified.
type ruleBook struct {
	*core
	changed func() // called after every reading

	loading sync.Mutex // one reading at a time, so that the later one wins
	mu      sync.RWMutex
	good    *rules.Set
	since   time.Time // when good was loaded; zero: it never was
	known   bool      // good is what it is going to be: loaded, restored, or there is none to restore
	broken  []rules.Diagnostic
}

func newRuleBook(c *core, changed func()) *ruleBook {
	b := &ruleBook{core: c, changed: changed, good: &rules.Set{}}
	b.load()
	return b
}

// load reads the folder. It replaces the good set only after everything that can fail
// has succeeded.
func (b *ruleBook) load() []rules.Diagnostic {
	b.loading.Lock()
	defer b.loading.Unlock()
	set, broken := b.Rules()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
	if len(broken) == 0 && set != nil {
		b.good, b.since, b.known = set, b.Now(), true
	}
	return broken
}

// settled reports whether the rules in force are known: those of the folder, or while it is
// broken the last good ones.
func (b *ruleBook) settled() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.known
}

// set is the rule set in force.
func (b *ruleBook) set() *rules.Set {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.good
}

// inForce is the rule set in force, and whether it is settled.
func (b *ruleBook) inForce() (*rules.Set, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.good, b.known
}

// state is the good set, since when it is in force, and what is wrong with the folder.
func (b *ruleBook) state() (good *rules.Set, since time.Time, broken []rules.Diagnostic) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.good, b.since, b.broken
}

// diagnostics is what is wrong with the folder.
func (b *ruleBook) diagnostics() []rules.Diagnostic {
	_, _, broken := b.state()
	return broken
}

// Reload reads the rules folder again. Where anything in it is wrong, the rules stay as
// they were, every mistake is returned, and the owners of the broken files are notified.
// The profiles that new rules need are learned soon.
func (b *ruleBook) Reload(ctx context.Context) []rules.Diagnostic {
	broken := b.load()
	b.Telemetry.reloaded(broken)
	if err := b.keep(ctx); err != nil && ctx.Err() == nil {
		b.Log.Error("cannot store the rules or notify their owners; the rules in memory go on", "error", err)
	}
	b.changed()
	return broken
}

// keep stores a good set and ends the thread about a broken one. Of a broken set it
// notifies the owners, and restores what the last run stored.
func (b *ruleBook) keep(ctx context.Context) error {
	good, since, broken := b.state()
	if len(broken) == 0 {
		if err := b.Store.PutGoodRules(ctx, good.Encode(), since); err != nil {
			return fmt.Errorf("storing the rules: %w", err)
		}
		return b.notifyMended(ctx)
	}
	if since.IsZero() {
		b.logBroken(broken)
		if err := b.restore(ctx); err != nil {
			return err
		}
	}
	return b.notifyBroken(ctx)
}

// logBroken logs what a first reading has found; whoever asks for a later one gets it.
func (b *ruleBook) logBroken(broken []rules.Diagnostic) {
	for _, d := range broken {
		b.Log.Error("the rules folder has a mistake", "mistake", d.String())
	}
}

// restore takes the set that an earlier run stored, unless this run has loaded one.
func (b *ruleBook) restore(ctx context.Context) error {
	body, at, err := b.Store.GoodRules(ctx)
	if errors.Is(err, store.ErrNotFound) {
		b.Log.Error("no good rules are known, so no change is watched until the rules folder is mended")
		b.mu.Lock()
		b.known = true
		b.mu.Unlock()
		return nil // there never were any
	}
	if err != nil {
		return err
	}
	set, err := rules.DecodeSet(body, b.World)
	if err != nil {
		return fmt.Errorf("restoring the last good rules: %w", err)
	}
	b.mu.Lock()
	if b.since.IsZero() {
		b.good, b.since, b.known = set, at, true
	}
	b.mu.Unlock()
	b.Log.Warn("the rules are broken; the last good ones go on", "rules", set.Len(), "since", at)
	return nil
}

// problem says that the rules are broken, and what goes on meanwhile.
func (b *ruleBook) problem() (Problem, bool) {
	good, since, broken := b.state()
	if len(broken) == 0 {
		return Problem{}, false
	}
	goes := "no good rules are known, so no change is watched"
	if !since.IsZero() {
		goes = fmt.Sprintf("the last good rules (%d, of %s) go on", good.Len(), since.UTC().Format(time.RFC3339))
	}
	return Problem{Component: "rules", Detail: fmt.Sprintf("mistakes: %d; %s; first: %s", len(broken), goes, broken[0])}, true
}

// notifyBroken notifies the owners of the broken files: once for each set of mistakes
// since the rules were good.
func (b *ruleBook) notifyBroken(ctx context.Context) error {
	good, since, broken := b.state()
	id := fmt.Sprintf("rules/%d/%s", since.Unix(), digestOf(broken))
	m := b.text.RulesBroken(broken, b.Now())
	return b.send(ctx, store.Messages(id, messages.RulesThread, b.ownersOf(good, broken), m, b.Now()))
}

// notifyMended ends the thread for everybody who was notified.
func (b *ruleBook) notifyMended(ctx context.Context) error {
	receivers, err := b.receiversOf(ctx, messages.RulesThread, messages.RulesThread)
	if err != nil || len(receivers) == 0 {
		return err
	}
	now := b.Now()
	id := fmt.Sprintf("rules/resolved/%d", now.UnixMicro())
	return b.send(ctx, store.Messages(id, messages.RulesThread, receivers, b.text.RulesMended(b.set().Len(), now), now))
}

func digestOf(broken []rules.Diagnostic) string {
	sum := sha256.New()
	for _, d := range broken {
		fmt.Fprintln(sum, d)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// ownersOf are the receivers of the teams whose files are broken, as far as the last good
// rules and the catalogue know them. A file that is new, or whose team has no receiver,
// goes to the receiver of services without an owner.
func (b *ruleBook) ownersOf(good *rules.Set, broken []rules.Diagnostic) []string {
	teams := map[string]string{}
	for _, r := range good.Rules() {
		teams[r.File] = r.Team
	}
	var receivers []string
	for _, d := range broken {
		receivers = append(receivers, b.catalogue.ReceiverOf(teams[d.File]))
	}
	slices.Sort(receivers)
	return slices.DeleteFunc(slices.Compact(receivers), func(r string) bool { return r == "" })
}

// RulesFor names the rules that would watch a change, as far as its service and environment say.
func (e *Engine) RulesFor(c sources.Change) (names []string) {
	for _, b := range e.rules.set().For(c, e.catalogue.Configured(c.Service)) {
		names = append(names, b.Rule().Name)
	}
	return names
}

// RuleSet is the rules in force.
func (e *Engine) RuleSet() *rules.Set { return e.rules.set() }
