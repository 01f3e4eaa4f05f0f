package rules

import (
	"strings"
	"testing"
	"time"

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
		start := time.Now()
		holds, err := evaluate(text, environment(at(detector.Likely), Service{}))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%.40s: took %v", text, took)
		}
		if holds && err == nil && len(text) > maxWhen {
			t.Errorf("%.40s: held", text)
		}
	}
}

func TestConditionsHaveNoClock(t *testing.T) {
	for _, text := range []string{"now().Year() > 0", `date("2024-01-01").Year() > 0`, `now() == now()`, `timezone("UTC") == timezone("UTC")`} {
		if len(flawsOf(text, nil)) == 0 {
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
		for _, w := range flawsOf(text, []string{"friday"}) {
			if w.offset < 0 || w.offset > len(text) || w.message == "" {
				t.Errorf("%q: %+v", text, w)
			}
			if strings.Contains(w.message, "rules.") && !strings.Contains(text, "rules.") {
				t.Errorf("%q: names a Go type: %s", text, w.message)
			}
		}
		start := time.Now()
		_, _ = evaluate(text, environment(at(detector.Certain), Service{}))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q: took %v", text, took)
		}
	})
}
