package rules

import (
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// World is what a rule may name. With a nil list or map the names are not checked,
// so that a rule that was stored with a watch goes on after an operator has renamed
// a receiver. An empty list that is not nil means that there are none.
type World struct {
	Hooks     []string
	Receivers []string
	Freezes   []string

	Bindings map[string]rollback.Binding // by hook: which rules may name it

	NoDefaultReceiver bool // pushback.yml names nobody who is told where a rule's words are nobody, so that no rule may tell

	// Stop is asked between two files, rules and signals whether to go on. Its error ends the
	// reading, which returns it as a mistake. nil: nothing stops it.
	Stop func() error

	AllowEmpty bool // a folder without any rule is meant so

	Environments []string                    // of the changes that were reported; a rule for none of them is warned about
	Stores       map[string]sources.Language // by name; a store that is not listed takes PromQL
	Default      string                      // the one of Stores for rules that name none

	// CheckQuery may refuse an expression that PromQL's grammar allows, once
	// its variables have been replaced by placeholders. nil: no such check.
	CheckQuery func(store, expr string) error
}

// language is the query language of a store, PromQL if it is not known.
func (w World) language(store string) sources.Language {
	if store == "" {
		store = w.Default
	}
	if l, ok := w.Stores[store]; ok {
		return l
	}
	return promql.Language{}
}
