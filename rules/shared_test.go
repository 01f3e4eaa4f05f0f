package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// BenchmarkLoadSharedLibraryRule is 300 rules that use one rule of the library.
func BenchmarkLoadSharedLibraryRule(b *testing.B) {
	var text strings.Builder
	text.WriteString("team: shop\nrules:\n")
	for i := range 300 {
		fmt.Fprintf(&text, "  - name: r%d\n    use: library/http-red\n    watch: {service: s%d}\n    respond: [{at_least: certain, tell: x}]\n", i, i)
	}
	files := fstest.MapFS{"a.yml": {Data: []byte(text.String())}}
	b.ReportAllocs()
	for b.Loop() {
		if set, _ := Load(files, World{}); set == nil {
			b.Fatal("the rules are refused")
		}
	}
}

// A mistake in an expression that another rule has too is reported at each of them, and also
// where the first one stands on a line that has a mistake already.
func TestSharedExpressions(t *testing.T) {
	const rule = "  - name: %s\n    watch: {service: cart}\n    signals: [{name: s, query: 'sum(rate(x{$match}[1m])'}]\n    respond: [{at_least: certain, tell: x}]\n"
	text := "team: shop\nrules:\n" + fmt.Sprintf(rule, "a") + fmt.Sprintf(rule, "b")
	_, found := Load(fstest.MapFS{"a.yml": {Data: []byte(text)}}, World{})
	var lines []int
	for _, d := range found {
		if d.Code == codeBadPromQL {
			lines = append(lines, d.Line)
		}
	}
	if lines = slices.Compact(lines); !slices.Equal(lines, []int{5, 9}) {
		t.Errorf("the query's mistake is reported in lines %v, want 5 and 9: %v", lines, found)
	}
}
