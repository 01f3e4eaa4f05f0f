package rules

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/detector"
)

// heavy conditions are bounded in length, nodes and memory.
var heavy = []string{
	strings.Repeat("true && ", 200) + "true",
	strings.Repeat("(", 400) + "true" + strings.Repeat(")", 400),
	`all(1..1000000000, # > 0)`,
	`any(1..9999, any(1..9999, any(1..9999, # < 0)))`,
	`len(repeat("x", 100000000)) > 0`,
	`len(map(1..100000, map(1..100000, #))) > 0`,
	`"` + strings.Repeat("a", 900) + `" matches "(a*)*b"`,
}

func TestConditionsAreBounded(t *testing.T) {
	for _, text := range heavy {
		var holds bool
		var err error
		bytes := cost(func() { holds, err = evaluate(text, environment(at(detector.Likely), Service{})) })
		t.Logf("%.40s: %d KiB", text, bytes>>10)
		if bytes > 1<<20 {
			t.Errorf("%.40s: cost %d KiB", text, bytes>>10)
		}
		if holds && err == nil && len(text) > maxWhen {
			t.Errorf("%.40s: held", text)
		}
	}
}

func TestConditionsHaveNoClock(t *testing.T) {
	for _, text := range []string{"now().Year() > 0", `date("2024-01-01").Year() > 0`, `now() == now()`, `timezone("UTC") == timezone("UTC")`} {
		if len(conditionErrors(text, nil)) == 0 {
			t.Errorf("%s compiles", text)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, text := range heavy {
		f.Add(text)
	}
	f.Add(`change.kind != "config" && !freeze("friday")`)
	f.Add(`freeze(change.id)`)
	f.Add("é < 日")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range conditionErrors(text, []string{"friday"}) {
			if w.offset < 0 || w.offset > len(text) || w.message == "" {
				t.Errorf("%q: %+v", text, w)
			}
			if strings.Contains(w.message, "rules.") && !strings.Contains(text, "rules.") {
				t.Errorf("%q: names a Go type: %s", text, w.message)
			}
		}
		_, _ = evaluate(text, environment(at(detector.Certain), Service{})) // the fuzzer reports what does not end
	})
}
