// Package lastcheck remembers how each of the things that Pushback talks to did when it was last asked or used, for
// the page that shows it. It asks nobody.
package lastcheck

import (
	"maps"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/sources"
)

// State is how something did. The zero value is that nobody knows.
type State int

// The states that are known.
const (
	Unknown State = iota
	Works
	Fails
)

// Check is the last time that something was asked or used.
type Check struct {
	State State
	At    time.Time
	Said  string    // what it said, or why nobody knows
	Good  time.Time // when it last worked; zero: not since the start
}

// Book remembers the last check of each name. Its zero value is empty. It is safe for concurrent use.
type Book struct {
	mu     sync.Mutex
	checks map[string]Check
}

// maxSaid bounds what is remembered of an error, in bytes.
const maxSaid = 1000

// Note remembers a check: an error is what it said.
func (b *Book) Note(name string, at time.Time, err error) {
	if err != nil {
		b.note(name, Check{State: Fails, At: at, Said: err.Error()})
		return
	}
	b.note(name, Check{State: Works, At: at, Good: at})
}

// NoteUnknown remembers that a check said nothing about whether it works.
func (b *Book) NoteUnknown(name string, at time.Time, why string) {
	b.note(name, Check{At: at, Said: why})
}

func (b *Book) note(name string, c Check) {
	c.Said = secret.BlotLinks(sources.OneLine(c.Said, maxSaid))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.checks == nil {
		b.checks = map[string]Check{}
	}
	if c.Good.IsZero() {
		c.Good = b.checks[name].Good
	}
	b.checks[name] = c
}

// All returns the last check of each name.
func (b *Book) All() map[string]Check {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.checks)
}
