package config

import (
	"fmt"
	"unicode/utf8"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/internal/wall"
)

// maxWallName is the length of the longest name of a main signal, in characters: it stands above a graph.
const maxWallName = 60

// wall checks the section. The daemon checks the queries, because only a store knows its language.
func (l *loader) wall(c Config) []wall.Settings {
	all := l.file.Wall
	if len(all) > wall.MaxSignals {
		l.wrong("wall", OutOfRange, "name the few that everybody looks at", "at most %d main signals can be named, and these are %d", wall.MaxSignals, len(all))
		return nil
	}
	names := map[string]bool{}
	for i, s := range all {
		at := fmt.Sprintf("wall[%d]", i)
		if s.Name == "" && !l.noted(at) {
			l.wrong(at, strictyaml.MissingField, "write what the graph is called, as in name: Orders", "this signal has no name")
		}
		if s.Query == "" && !l.noted(at) {
			l.wrong(at, strictyaml.MissingField, "write a query with one series as its result, such as 'sum(rate(orders_total[$__rate_interval]))'", "this signal has no query")
		}
		if n := utf8.RuneCountInString(s.Name); n > maxWallName {
			l.wrong(at+".name", BadName, "", "this name has %d characters; at most %d fit above a graph", n, maxWallName)
		}
		if names[s.Name] && s.Name != "" {
			l.wrong(at+".name", BadName, "give this one another name", "two signals are called %q", s.Name)
		}
		names[s.Name] = true
		if _, known := c.Metrics[s.Store]; s.Store != "" && !known {
			l.wrong(at+".store", UnknownName, nearest(s.Store, "metrics", c.Metrics), "there is no metric store %q under metrics", s.Store)
		}
	}
	return all
}
