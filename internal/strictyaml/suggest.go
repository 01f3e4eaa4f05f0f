package strictyaml

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// suggestKey is a hint for a key nobody knows.
func suggestKey(name string, fields map[string]*field) string {
	known := sortedKeys(fields)
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > 30 {
		return ""
	}
	return "known keys: " + strings.Join(known, ", ")
}

// Nearest is the known word that name is most likely a slip of, or "". A slip
// is at most one edit in three letters; a swap of neighbours counts as one,
// and words of one or two letters are never slips of each other.
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

// editDistance is the optimal string alignment distance (Damerau 1964, Levenshtein
// 1966, without editing a swapped pair twice).
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

func sortedKeys(fields map[string]*field) []string {
	return slices.Sorted(maps.Keys(fields))
}
