package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
)

// Loader reads the rules folder afresh.
type Loader func() (*rules.Set, []rules.Diagnostic)

// ruleBook keeps the last good set. A broken folder changes nothing but what
// it says of itself.
type ruleBook struct {
	load    Loader
	loading sync.Mutex // one reading at a time: the later one is the newer
	mu      sync.RWMutex
	good    *rules.Set
	since   time.Time // when good was loaded; zero: it never was
	broken  []rules.Diagnostic
}

func newRuleBook(load Loader, now time.Time) *ruleBook {
	b := &ruleBook{load: load, good: &rules.Set{}}
	b.reload(now)
	return b
}

// reload reads outside the lock: nothing live is touched until all that can
// fail has succeeded.
func (b *ruleBook) reload(now time.Time) []rules.Diagnostic {
	b.loading.Lock()
	defer b.loading.Unlock()
	set, broken := b.load()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
	if len(broken) == 0 && set != nil {
		b.good, b.since = set, now
	}
	return broken
}

// restore takes a set that an earlier run kept, unless this run has loaded one.
func (b *ruleBook) restore(set *rules.Set, since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		b.good, b.since = set, since
	}
}

func (b *ruleBook) set() *rules.Set {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.good
}

// standing is the good set, since when it holds, and what is wrong now.
func (b *ruleBook) standing() (good *rules.Set, since time.Time, broken []rules.Diagnostic) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.good, b.since, b.broken
}

func (b *ruleBook) problems() []rules.Diagnostic {
	_, _, broken := b.standing()
	return broken
}

// Reload reads the rules folder again. Where anything in it is wrong, the
// rules stay as they were, every mistake is returned, and those whose files
// are broken are told. What the new ones want to know of the past is learned
// at once.
func (e *Engine) Reload(ctx context.Context) []rules.Diagnostic {
	broken := e.rules.reload(e.Now())
	e.Telemetry.reloaded(broken)
	if err := e.keepRules(ctx); err != nil && ctx.Err() == nil {
		e.Log.Error("after reading the rules", "error", err)
	}
	e.profiles.RulesChanged()
	return broken
}

// keepRules writes down a set that is good and ends what was told of a broken
// one; of a broken one it tells, and takes up what the last run kept.
func (e *Engine) keepRules(ctx context.Context) error {
	good, since, broken := e.rules.standing()
	if len(broken) == 0 {
		if err := e.Store.PutGoodRules(ctx, good.Keep(), since); err != nil {
			return fmt.Errorf("keeping the rules: %w", err)
		}
		return e.rulesMended(ctx)
	}
	if since.IsZero() {
		if err := e.restoreRules(ctx); err != nil {
			return err
		}
	}
	return e.rulesBroken(ctx)
}

func (e *Engine) restoreRules(ctx context.Context) error {
	body, at, err := e.Store.GoodRules(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil // there never were any
	}
	if err != nil {
		return err
	}
	set, err := rules.Restore(body, e.World)
	if err != nil {
		return fmt.Errorf("taking up the last good rules: %w", err)
	}
	e.rules.restore(set, at)
	e.Log.Warn("the rules are broken; the last good ones go on", "rules", set.Len(), "since", at)
	return nil
}

// problem says that the rules are broken, and what goes on meanwhile.
func (b *ruleBook) problem() (Problem, bool) {
	good, since, broken := b.standing()
	if len(broken) == 0 {
		return Problem{}, false
	}
	goes := "no good rules are known, so no change is watched"
	if !since.IsZero() {
		goes = fmt.Sprintf("the last good rules (%d, of %s) go on", good.Len(), since.UTC().Format(time.RFC3339))
	}
	return Problem{Component: "rules", Detail: fmt.Sprintf("mistakes: %d; %s; first: %s", len(broken), goes, broken[0])}, true
}
