package strictyaml

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// suggestKey returns a hint for an unknown key, and the known key that is most likely meant, "" for
// none. Without one, the hint lists all known keys.
func suggestKey(name string, fields map[string]*field) (hint, meant string) {
	known := sortedKeys(fields)
	if file := fileKey(name, fields); file != "" {
		return fmt.Sprintf("write %q: it names a file that holds the %s", file, truncate(name)), file
	}
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near), near
	}
	for _, word := range otherWords[strings.ToLower(name)] {
		if fields[word] != nil {
			return fmt.Sprintf("did you mean %q?", word), word
		}
	}
	if len(known) == 0 || len(known) > 30 {
		return "", ""
	}
	return "known keys: " + strings.Join(known, ", "), ""
}

// fileKey is the key that names a file with what stands here, as url_file for url.
func fileKey(name string, fields map[string]*field) string {
	for _, ending := range []string{"_file", "_files"} {
		if fields[name+ending] != nil {
			return name + ending
		}
	}
	return ""
}

// otherWords are keys of other tools, and the keys that mean the same here, the likeliest first.
var otherWords = map[string][]string{
	"address": {"url", "listen"}, "adress": {"url", "listen"}, "addr": {"url", "listen"}, "endpoint": {"url"}, "host": {"url", "listen"}, "uri": {"url"}, "server": {"url"},
	"port": {"listen"}, "bind": {"listen"}, "database": {"store"}, "db": {"store"}, "prometheus": {"metrics"}, "datasource": {"metrics"}, "datasources": {"metrics"},
	"notifications": {"receivers"}, "notifiers": {"receivers"}, "alerts": {"receivers"}, "channels": {"receivers"}, "webhooks": {"sources"}, "rules_dir": {"rules"},
	"type": {"kind"}, "interval": {"every"}, "duration": {"bake"}, "window": {"bake"}, "threshold": {"limit"}, "env": {"environment"}, "app": {"service"}, "services": {"service"},
	"selector": {"watch"}, "match": {"watch"}, "expr": {"query"}, "metric": {"query", "counter"}, "actions": {"respond"}, "notify": {"tell"}, "cmd": {"argv"}, "command": {"argv"},
	"labels": {"match"},
}

// Nearest returns the known word that name is most likely a misspelling of, or "". A
// misspelling has at most one edit for each three letters of the known word. An
// edit is a letter added, removed or replaced, or two neighbours swapped.
func Nearest(name string, known []string) string {
	best, least := "", len([]rune(name))/3+2
	if len(name) > 64 {
		return ""
	}
	for _, word := range known {
		limit := len([]rune(word)) / 3
		if n := editDistance(strings.ToLower(name), strings.ToLower(word)); n <= limit && n < least {
			best, least = word, n
		}
	}
	return best
}

// editDistance returns the optimal string alignment distance (Damerau 1964 and
// Levenshtein 1966, in which a swapped pair is not edited again).
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next := make([]int, len(y)+1)
		next[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			next[j] = min(next[j-1]+1, row[j]+1, row[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}

// sortedKeys returns the keys of fields in alphabetical order.
func sortedKeys(fields map[string]*field) []string {
	return slices.Sorted(maps.Keys(fields))
}
