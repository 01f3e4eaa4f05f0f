package sources

// Language is what a metric store's queries are written in. A store brings its own, so
// that rules are checked before the store is ever asked.
type Language interface {
	// Name names the language for people and in stored rules: "promql".
	Name() string

	// Parse checks a query in which every variable has been replaced by a word. Its
	// error is for people.
	Parse(query string) error

	// Match writes what selects the series of one service, for $match: for each label
	// the values it may have. It is false where the language has no such thing, and
	// then no query may hold $match.
	Match(labels map[string][]string) (text string, ok bool)

	// Selectors reports whether counters and histograms can be written as Prometheus's
	// series selectors. A language without them only has whole queries.
	Selectors() bool
}
