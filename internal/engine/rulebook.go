package engine

import (
	"sync"

	"github.com/pushback/pushback/rules"
)

// Loader reads the rules folder afresh.
type Loader func() (*rules.Set, []rules.Diagnostic)

// ruleBook keeps the last good set. A broken folder changes nothing but what
// it says of itself.
type ruleBook struct {
	load   Loader
	mu     sync.RWMutex
	good   *rules.Set
	broken []rules.Diagnostic
}

func newRuleBook(load Loader) *ruleBook {
	b := &ruleBook{load: load, good: &rules.Set{}}
	b.reload()
	return b
}

// reload reads outside the lock: nothing live is touched until all that can
// fail has succeeded.
func (b *ruleBook) reload() []rules.Diagnostic {
	set, broken := b.load()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
	if len(broken) == 0 && set != nil {
		b.good = set
	}
	return broken
}

func (b *ruleBook) set() *rules.Set {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.good
}

func (b *ruleBook) problems() []rules.Diagnostic {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.broken
}

// Reload reads the rules folder again. Where anything in it is wrong, the
// rules stay as they were and every mistake is returned. What the new ones want
// to know of the past is learned at once.
func (e *Engine) Reload() []rules.Diagnostic {
	broken := e.rules.reload()
	e.profiles.rulesEdited()
	return broken
}
