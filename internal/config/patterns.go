package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/strictyaml"
)

// patterns compiles the patterns of every source, in the order in which they are tried.
func (l *loader) patterns(texts map[string]strictyaml.TextList, c Config) map[string][]catalogue.Pattern {
	if len(texts) == 0 {
		return nil
	}
	all := map[string][]catalogue.Pattern{}
	for _, source := range slices.Sorted(maps.Keys(texts)) {
		at := "services.patterns." + source
		if _, known := c.Sources[source]; !known && source != catalogue.AnySource && source != catalogue.PeopleSource {
			l.at(l.places.Key(at), UnknownName, fmt.Sprintf("there is no source %q under sources", source),
				`name a source, "*" for all, or api for POST /v1/events; `+nearest(source, "sources", c.Sources))
		}
		for i, text := range texts[source] {
			if len(texts[source]) > 1 {
				at = fmt.Sprintf("services.patterns.%s[%d]", source, i)
			}
			p, err := catalogue.ParsePattern(text)
			switch {
			case err != nil:
				l.wrong(at, BadPattern, "the whole name must match, as acme/(?<service>.+) matches acme/cart", "%v", err)
			case slices.Index(texts[source], text) < i:
				l.wrong(at, BadPattern, "take one of the two out", "this pattern stands here twice")
			default:
				all[source] = append(all[source], p)
			}
		}
	}
	return all
}
