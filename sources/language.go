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

// Merging is what a Language may be as well: one in which many queries that differ in one label
// can be asked as one.
type Merging interface {
	// Splits are the labels by which a query can be merged with others. Queries with equal
	// Label and Shape differ in the value alone.
	Splits(query string) []Split

	// Merge is a query, of which by is a split, for several values.
	Merge(query string, by Split, values []string) string
}

// Split is a label by which the answer of a merged query is split into those of single ones.
type Split struct {
	Label, Value string
	Shape        string // the query without the value
	Added        bool   // a single answer does not have the label
}
