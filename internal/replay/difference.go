package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// Difference is one value of a verdict that is not what it was. "" is a value that is
// not there.
type Difference struct {
	Field string `json:"field"` // grade, errors.p, errors.effect.after
	Was   string `json:"was"`
	Now   string `json:"now"`
}

// tolerance is how far two numbers may be apart, as a share of the larger one, and be
// equal: processors that multiply and add in one step round differently from others.
const tolerance = 1e-9

// differences compares everything in two verdicts but the method, which says by which
// detector each was judged.
func differences(was, now detector.Verdict) []Difference {
	a, b := flatten(was), flatten(now)
	fields := maps.Clone(a)
	maps.Copy(fields, b)
	var all []Difference
	for _, field := range slices.SortedFunc(maps.Keys(fields), verdictFirst) {
		if field != "method" && !sameValue(a[field], b[field]) {
			all = append(all, Difference{Field: field, Was: text(a[field]), Now: text(b[field])})
		}
	}
	return all
}

// verdictFirst sorts what is said of the whole verdict before what is said of a signal.
func verdictFirst(a, b string) int {
	return cmp.Or(cmp.Compare(min(1, strings.Count(a, ".")), min(1, strings.Count(b, "."))), cmp.Compare(a, b))
}

// compact leaves each difference once.
func compact(all []Difference) []Difference {
	var once []Difference
	for _, d := range all {
		if !slices.Contains(once, d) {
			once = append(once, d)
		}
	}
	return once
}

// flatten gives every value of a verdict its path. It compares the JSON form, so that a
// field which is added to a verdict is compared as well.
func flatten(v detector.Verdict) map[string]any {
	values := map[string]any{}
	b, err := json.Marshal(v)
	var tree any
	if err == nil {
		err = json.Unmarshal(b, &tree)
	}
	if err != nil {
		values["verdict"] = err.Error()
		return values
	}
	collect(values, "", tree)
	return values
}

func collect(values map[string]any, path string, node any) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			collect(values, join(path, key), value)
		}
	case []any:
		for i, value := range node {
			collect(values, join(path, itemName(path, i, value)), value)
		}
	default:
		values[path] = node
	}
}

func join(path, key string) string {
	if path == "" || path == "signals" {
		return key
	}
	return path + "." + key
}

// itemName is how an item of a list is called: a signal by its name.
func itemName(path string, i int, value any) string {
	if item, ok := value.(map[string]any); ok && path == "signals" {
		if name, ok := item["signal"].(string); ok {
			return name
		}
	}
	return strconv.Itoa(i + 1)
}

func sameValue(a, b any) bool {
	x, aNumber := a.(float64)
	y, bNumber := b.(float64)
	if aNumber && bNumber {
		return x == y || math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))
	}
	s, aText := a.(string)
	t, bText := b.(string)
	if aText && bText && s != t {
		return sameMoment(s, t)
	}
	return a == b
}

// sameMoment compares times in different zones.
func sameMoment(a, b string) bool {
	x, err := time.Parse(time.RFC3339Nano, a)
	y, other := time.Parse(time.RFC3339Nano, b)
	return err == nil && other == nil && x.Equal(y)
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return fmt.Sprint(v)
}
