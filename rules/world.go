package rules

import (
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// World is what a rule may name. A nil list or map means that nothing is
// known of it here, and names are then not held against it: a rule that was
// stored with a watch goes on even after the operators have renamed a pager.
// An empty list that is not nil means that there are none.
type World struct {
	Hooks     []string
	Receivers []string
	Freezes   []string
	Stores    map[string]sources.Language // by name; a store not listed is taken to speak PromQL
	Default   string                      // the one of Stores that serves rules which name none

	// CheckQuery may refuse an expression that PromQL's grammar allows, once
	// its variables have been replaced by harmless text. nil: no such check.
	CheckQuery func(store, expr string) error
}

// language is what a store speaks, PromQL where nothing is known.
func (w World) language(store string) sources.Language {
	if store == "" {
		store = w.Default
	}
	if l, ok := w.Stores[store]; ok {
		return l
	}
	return promql.Language{}
}
