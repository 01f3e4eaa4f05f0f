package changestest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// planted stands in every hostile value; no error may repeat it.
const planted = "hunter2"

// hostile are values that no field may pass on: what Parse does not refuse,
// sources.Admit must, or must take as harmless text.
var hostile = []any{
	planted + "\x00", planted + "\nInjected: yes", "\u202e" + planted, "\x1b[2J" + planted,
	planted + strings.Repeat("x", 100_000), -1e300,
	[]any{planted + "\x00"},
	nil, true,
}

// testHostileValues puts every hostile value into every place of a delivery.
func (s Subject) testHostileValues(t *testing.T) {
	source := s.source(t, changes.Scope{})
	var whole map[string]any
	if err := json.Unmarshal([]byte(s.Succeeded.Body), &whole); err != nil {
		t.Fatal(err)
	}
	for _, path := range places(whole, nil) {
		for _, value := range hostile {
			body, err := json.Marshal(replaced(whole, path, value))
			if err != nil {
				t.Fatal(err)
			}
			s.checkHostile(t, source, fmt.Sprintf("%.20q at %v", fmt.Sprint(value), path), body)
		}
	}
}

// checkHostile fails where a hostile value becomes part of an admitted event,
// or an error is of no known kind or repeats the value.
func (s Subject) checkHostile(t *testing.T, source changes.Source, name string, body []byte) {
	t.Helper()
	events, err := source.Parse(s.Succeeded.header(), body)
	if errors.Is(err, changes.ErrIgnored) {
		if strings.Contains(err.Error(), planted) {
			t.Errorf("%s: the reason %q repeats the value", name, err)
		}
		return
	}
	if err != nil {
		checkBad(t, name, err, planted)
		return
	}
	for _, e := range events {
		admitted, err := sources.Admit(e, nil, s.At)
		if err != nil {
			checkBad(t, name, err, planted)
			continue
		}
		text, err := json.Marshal(admitted.Event())
		if err != nil || strings.Contains(string(text), planted) {
			t.Errorf("%s: admitted as %.300s, %v", name, text, err)
		}
	}
}

// places lists the way to every value in v.
func places(v any, way []string) [][]string {
	m, ok := v.(map[string]any)
	if !ok {
		return [][]string{way}
	}
	all := [][]string{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, places(m[key], append(way[:len(way):len(way)], key))...)
	}
	return all
}

// replaced is a copy of m with value at the end of way.
func replaced(m map[string]any, way []string, value any) map[string]any {
	m = maps.Clone(m)
	if len(way) > 1 {
		within, _ := m[way[0]].(map[string]any)
		value = replaced(within, way[1:], value)
	}
	m[way[0]] = value
	return m
}
