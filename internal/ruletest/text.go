package ruletest

import (
	"fmt"
	"io"
	"strings"
)

// Text writes one file's results: one line if all tests pass, and otherwise every
// expectation that was not met as a diff, with the evidence. The error is the
// writer's.
func Text(w io.Writer, r Report, colour bool) error {
	paint := func(code, text string) string {
		if !colour {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	var b strings.Builder
	for _, t := range r.Tests {
		if len(t.Failures) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s %s:%d: %s\n", paint("31", "FAIL"), r.File, t.Line, t.Name)
		for _, f := range t.Failures {
			fmt.Fprintf(&b, "  %s:%d: rule %s, %s\n", r.File, f.Line, f.Rule, f.When)
			f.write(&b, paint)
		}
	}
	if failed := r.Failed(); failed > 0 {
		fmt.Fprintf(&b, "%s: %d of %d tests failed\n", r.File, failed, len(r.Tests))
	} else {
		noun := map[bool]string{true: "test", false: "tests"}[len(r.Tests) == 1]
		fmt.Fprintf(&b, "%s %s: %d %s\n", paint("32", "ok"), r.File, len(r.Tests), noun)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f Failure) write(b *strings.Builder, paint func(code, text string) string) {
	for _, d := range f.Differences {
		fmt.Fprintf(b, "    %s\n", paint("32", fmt.Sprintf("- %s: %s", d.Key, d.Want)))
		fmt.Fprintf(b, "    %s\n", paint("31", fmt.Sprintf("+ %s: %s", d.Key, d.Got)))
	}
	for _, line := range f.Evidence {
		fmt.Fprintf(b, "    seen: %s\n", line)
	}
}
