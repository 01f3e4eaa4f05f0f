package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
)

// diffCommand shows the signals of two changes side by side.
type diffCommand struct {
	serverFlags
	A string `arg:"" help:"Key of a change, the beginning of its key, or the tool's own ID."`
	B string `arg:"" help:"The other change."`
}

// Help shows what the command is for.
func (diffCommand) Help() string {
	return `For each signal that a rule judged: before (what was expected), after, the change and
the grade, of both changes, as of their newest looks. Watches after a rollback
are left out.

Examples:

  pushback diff kq3v5d2y7m 7zt2mmc4qa
  pushback diff v41 v42 --json | jq '.signals[] | select(.b.grade != "none")'`
}

// difference is what --json writes.
type difference struct {
	A       api.ChangeSummary `json:"a"`
	B       api.ChangeSummary `json:"b"`
	Signals []signalPair      `json:"signals"`
}

// signalPair is one signal of two changes; the side that has no such signal is absent.
type signalPair struct {
	Rule   string      `json:"rule"`
	Signal string      `json:"signal"`
	Unit   string      `json:"unit,omitempty"`
	A      *signalSide `json:"a,omitempty"`
	B      *signalSide `json:"b,omitempty"`
}

// signalSide is what one change did to a signal. The numbers are absent where it could not
// be compared.
type signalSide struct {
	Forecast   *float64        `json:"forecast,omitempty"`
	Observed   *float64        `json:"observed,omitempty"`
	Difference *float64        `json:"difference,omitempty"`
	Grade      detector.Grade  `json:"grade"`
	Reason     detector.Reason `json:"reason,omitempty"`
	Healthy    bool            `json:"healthy"`
	At         time.Time       `json:"at"`

	evidence detector.Evidence
}

// Run reads both changes, and compares them.
func (d diffCommand) Run(ctx context.Context, out terminal) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	var a, b api.Explanation
	if err := c.call(ctx, http.MethodGet, "/v1/changes/"+pathSegment(d.A), nil, &a); err != nil {
		return fmt.Errorf("%s: %w", clean(d.A), err)
	}
	if err := c.call(ctx, http.MethodGet, "/v1/changes/"+pathSegment(d.B), nil, &b); err != nil {
		return fmt.Errorf("%s: %w", clean(d.B), err)
	}
	diff := compare(a, b)
	if d.JSON {
		return out.printJSON(diff)
	}
	return diff.print(out)
}

// compare pairs the signals of two changes by rule and name, in the order of the first.
func compare(a, b api.Explanation) difference {
	d := difference{A: a.Change, B: b.Change, Signals: []signalPair{}}
	at := map[[2]string]int{}
	add := func(e api.Explanation, side func(*signalPair) **signalSide) {
		for _, w := range e.Watches {
			if w.Last == nil || !w.After.IsZero() {
				continue
			}
			for _, s := range w.Last.Verdict.Signals {
				name := [2]string{w.Rule, s.Signal}
				if _, known := at[name]; !known {
					at[name] = len(d.Signals)
					d.Signals = append(d.Signals, signalPair{Rule: w.Rule, Signal: s.Signal, Unit: s.Unit})
				}
				*side(&d.Signals[at[name]]) = sideOf(s, w.Last.At)
			}
		}
	}
	add(a, func(p *signalPair) **signalSide { return &p.A })
	add(b, func(p *signalPair) **signalSide { return &p.B })
	return d
}

func sideOf(e detector.Evidence, at time.Time) *signalSide {
	s := &signalSide{Grade: e.Grade, Reason: e.Reason, Healthy: e.Healthy, At: at, evidence: e}
	if forecast, _, _ := report.Numbers(e); forecast != "" {
		s.Forecast, s.Observed, s.Difference = &e.Effect.Forecast, &e.Effect.After, &e.Effect.Difference
	}
	return s
}

func (d difference) print(out terminal) error {
	rows := [][3]string{
		{"", "A: " + title(d.A), "B: " + title(d.B)},
		{"key", d.A.Key, d.B.Key},
		{"started", d.A.StartedAt.Local().Format(time.DateTime), d.B.StartedAt.Local().Format(time.DateTime)},
		{"state", stateAndGrade(out, d.A), stateAndGrade(out, d.B)},
	}
	for _, s := range d.Signals {
		fa, oa, da, ga := s.A.words(out)
		fb, ob, db, gb := s.B.words(out)
		rows = append(rows, [3]string{}, [3]string{clean(s.Signal) + " (" + clean(s.Rule) + ")"},
			[3]string{"  " + report.ColumnBefore, fa, fb}, [3]string{"  " + report.ColumnAfter, oa, ob}, [3]string{"  " + report.ColumnChange, da, db}, [3]string{"  grade", ga, gb})
	}
	if len(d.Signals) == 0 {
		rows = append(rows, [3]string{}, [3]string{"no watch has looked yet"})
	}
	return printRows(out, rows)
}

// printRows writes rows in columns as wide as what people see of them: unlike a tabwriter, it
// does not count the bytes of a colour. The first cell of a row without others may be wider.
func printRows(out terminal, rows [][3]string) error {
	var widths [3]int
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 || row[1] != "" {
				widths[i] = max(widths[i], ansi.StringWidth(cell))
			}
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", max(widths[i]-ansi.StringWidth(cell), 0)+2)
		}
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

func stateAndGrade(out terminal, c api.ChangeSummary) string {
	text := out.paint(stateStyle(c.State), c.State)
	if c.Grade != detector.None.String() {
		text += " " + out.paint(gradeStyle(c.Grade), c.Grade)
	}
	return text
}

// title is what people call a change, in one line.
func title(c api.ChangeSummary) string {
	return clean(c.Service + " " + c.What() + " in " + c.Environment)
}

// words are the cells of one side.
func (s *signalSide) words(out terminal) (forecast, observed, diff, grade string) {
	if s == nil {
		return "-", "-", "-", "-"
	}
	forecast, observed, diff = report.Numbers(s.evidence)
	grade = out.paint(gradeStyle(s.Grade.String()), s.Grade.String())
	if s.Reason != "" {
		grade += " (" + clean(string(s.Reason)) + ")"
	}
	return orDash(forecast), orDash(observed), orDash(diff), grade
}
