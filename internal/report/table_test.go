package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

func TestRows(t *testing.T) {
	part, quiet, unseen := latencyRose(), latencyRose(), detector.Evidence{Signal: "orders", Reason: detector.NoData}
	part.Signal, part.Part, part.Reason = "GET /cart", "latency.mean", ""
	quiet.Signal, quiet.Part, quiet.Grade = "GET /", "latency.mean", detector.None
	v := detector.Verdict{Outcome: detector.Regressed, Signals: []detector.Evidence{
		errorsRose(), part, quiet, lostSignal(&detector.Loss{EventsBefore: 6000, EventsAfter: 12.5}), unseen,
	}}
	want := [][]string{
		{"errors", "0.5 %", "3.1 %", "+2.6 points, 95 % 1.9 to 3.4", "certain, p 0.0002, would happen by chance once in 5,000 quiet half hours, counts: 15 of 3000 → 93 of 3000"},
		{"GET /cart", "82.1 ms", "97.3 ms", "+15.2 ms, +18.5 %, 95 % −1 ms to 31 ms", "suspect, p 0.031, would happen by chance once in 32 quiet half hours"},
		{
			"errors", "", "", "traffic 6000 → 12.5 events/min",
			"likely, by loss. The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive.",
		},
		{"orders", "", "", "", detector.Reasons[detector.NoData]},
	}
	if diff := cmp.Diff(want, Rows(v, 30*time.Minute)); diff != "" {
		t.Error(diff)
	}
	if n := len(Columns()); n != len(want[0]) || Columns()[1] != "before (expected)" {
		t.Errorf("%d columns: %q", n, Columns())
	}
}

// A table of a summary has as many cells in each row as in its head, whatever a signal is called: GitHub splits at pipes in
// code too.
func TestMarkdownTableKeepsItsCells(t *testing.T) {
	e := errorsRose()
	e.Signal, e.Unit = `a|b ||c\|`+"`|`", "|"
	r := timedRecord()
	r.Verdict.Signals = []detector.Evidence{e}
	var b strings.Builder
	if err := Markdown(&b, Summary{Records: []Record{r}}); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		rows++
		if n := strings.Count(line, "|"); n != len(Columns())+1 {
			t.Errorf("%d pipes: %s", n, line)
		}
	}
	if rows != 3 {
		t.Errorf("%d rows of a head, a rule and a signal:\n%s", rows, b.String())
	}
}

// The pages write 1 000 with a narrow space that does not break. It is no character to be afraid of.
func TestPrintableKeepsNumbers(t *testing.T) {
	for text, want := range map[string]string{"1\u202f000\u00a0ms": "1 000 ms", "a\nb\u2028c\u200bd\x1b": "a?b?c?d?"} {
		if got := Printable(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
