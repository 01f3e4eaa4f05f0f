package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// maxParsed bounds the cache of parsed rule texts, which is emptied when it is full.
const maxParsed = 1000

// boundRules gives every watch the rule that it began with.
type boundRules struct {
	*core
	book *ruleBook

	mu     sync.Mutex
	parsed map[string]rules.Rule // by the text that is stored with watches
	parses int                   // how often a text was parsed
}

func newBoundRules(c *core, book *ruleBook) *boundRules {
	return &boundRules{core: c, book: book, parsed: map[string]rules.Rule{}}
}

// of returns the rule that a watch began with: the one in force where it is unchanged, and
// otherwise the one whose text is stored with the watch.
func (b *boundRules) of(ctx context.Context, w watch.Watch, c store.Change) (rules.Bound, error) {
	service, err := b.catalogue.Service(ctx, c.Service, b.Now())
	if err != nil {
		b.Log.Debug("cannot discover a service; looking without its labels", "service", c.Service, "error", err)
	}
	for _, bound := range b.book.set().For(c.Change, service) {
		if r := bound.Rule(); r.Name == w.Rule && r.Text == w.RuleText {
			return bound, nil
		}
	}
	stored, err := b.parse(w)
	if err != nil {
		return rules.Bound{}, err
	}
	return rules.Bind(stored, c.Change, service), nil
}

// parse parses the rule text of a watch, once for all its looks.
func (b *boundRules) parse(w watch.Watch) (rules.Rule, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r, ok := b.parsed[w.RuleText]; ok {
		return r, nil
	}
	b.parses++
	r, broken := rules.Parse(w.RuleText, b.World)
	if len(broken) > 0 {
		return r, fmt.Errorf("rule %s as stored with the watch: %w", w.Rule, broken[0])
	}
	if len(b.parsed) >= maxParsed {
		clear(b.parsed)
	}
	b.parsed[w.RuleText] = r
	return r, nil
}
