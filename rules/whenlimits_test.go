package rules

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestConditionsTakeLittle evaluates conditions that took gigabytes or minutes. They are refused,
// or allocate little: that bounds their work too.
func TestConditionsTakeLittle(t *testing.T) {
	riders := make([]string, 100)
	for i := range riders {
		riders[i] = fmt.Sprint("rider", i)
	}
	c := condition{Change: changeWords{Riders: riders, Version: strings.Repeat("x,", 1000)}}
	f := func(text, want string) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := evaluate(text, c)
		runtime.ReadMemStats(&after)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.80s: %v, want %q", text, err, want)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 64 {
			t.Errorf("%.80s: allocated %d MiB", text, mib)
		}
	}
	nested := func(n int) string {
		return strings.Repeat("all(change.riders, ", n) + `# != ""` + strings.Repeat(")", n)
	}
	f(nested(2), "")
	f(nested(3), "nest at most 2 deep")
	f(nested(12), "nest at most 2 deep")
	f(`any(evidence, any(.tests, # == "scan")) || count(evidence, .grade == "certain") > 1 || change.version startsWith "v" || true`, "")
	f(`reduce(1..500, #acc + #acc, "x") == ""`, "reduce is not available")
	f(`let a = "xxxxxxxx"; let b = a + a + a; let c = b + b + b; c == ""`, "no variables")
	f(`replace(replace("xxxxxxxx", "x", "xxxxxxxxxxx"), "x", "xxxxxxxxxxx") == ""`, "replace is not available")
	for _, name := range growing {
		if _, err := compile(name + `(1..2, #)`); err == nil {
			t.Errorf("%s is available", name)
		}
	}
	f("len(1..1000000000) > 0", "memory budget exceeded")
	f(`change.version matches "`+strings.Repeat("(.{999})", 100)+`"`, "regular expressions")
	f(`any(split(change.version, ","), any(split(change.version, ","), # == "y"))`, "")
}
