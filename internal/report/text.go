package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Record is what Text renders; all of it was stored at the look.
type Record struct {
	Change      sources.Change       `json:"change"`
	Watch       watch.Watch          `json:"watch"`
	Verdict     detector.Verdict     `json:"verdict"`
	Observation detector.Observation `json:"observation"`
}

// Style is what a terminal can show. The zero value is 80 columns, Unicode,
// no colour.
type Style struct {
	Width  int  // columns; 0: 80, never under 40
	ASCII  bool // nothing beyond ASCII
	Colour bool // ANSI colours
}

// page writes lines until the first failed write.
type page struct {
	w     io.Writer
	style Style
	err   error
}

func newPage(w io.Writer, s Style) *page {
	if s.Width == 0 {
		s.Width = 80
	}
	s.Width = max(s.Width, 40)
	return &page{w: w, style: s}
}

// Text writes the whole record for a terminal: the headline, a plot and the
// evidence of each signal, and the queries that reproduce them. The error is
// the writer's.
func Text(w io.Writer, r Record, s Style) error {
	p := newPage(w, s)
	p.heading(Headline(r.Change, r.Verdict), r.Verdict.Grade)
	p.line(about(r))
	for _, fact := range changeReasons(r.Verdict) {
		p.line(fact)
	}
	for _, e := range r.Verdict.Signals {
		p.line("")
		p.signal(e, reading(r.Observation, e.Signal), Chance(e, r.Verdict, r.Watch.Plan.Length()))
	}
	return p.err
}

// about says when, under which rule, and how far the watch was.
func about(r Record) string {
	parts := []string{"started " + clock(r.Change.StartedAt)}
	if !r.Change.FinishedAt.IsZero() {
		parts = append(parts, "finished "+clock(r.Change.FinishedAt))
	}
	parts = append(parts, "rule "+r.Verdict.Rule,
		fmt.Sprintf("look %s, tick %d of %d", clock(r.Verdict.At), r.Verdict.Tick, r.Watch.Plan.After),
		"method "+r.Verdict.Method)
	return strings.Join(parts, "; ")
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func reading(o detector.Observation, signal string) detector.Reading {
	for _, r := range o.Readings {
		if r.Signal == signal {
			return r
		}
	}
	return detector.Reading{}
}

// signal writes one signal's block. chance is its p-value in words.
func (p *page) signal(e detector.Evidence, r detector.Reading, chance string) {
	p.heading(line(e, ""), e.Grade)
	p.plot(r, e.Unit)
	if chance != "" {
		p.line("  " + probability(e.P) + ": " + chance)
	}
	for _, fact := range facts(e) {
		p.line("  " + fact)
	}
	for _, note := range e.Notes {
		p.line("  - " + note)
	}
	if e.Query != "" {
		p.line("  query: " + e.Query)
	}
}

// plot is left out where nothing was measured.
func (p *page) plot(r detector.Reading, unit string) {
	if len(r.Before.Value)+len(r.After.Value) == 0 {
		return
	}
	d := plot(r.Before.Value, since(r), p.style.Width-labelWidth-4, plotRows, p.style.glyphs())
	for i, row := range d.rows {
		label := ""
		switch i {
		case 0:
			label = value(d.high, unit)
		case len(d.rows) - 1:
			label = value(d.low, unit)
		}
		p.line(strings.TrimRight(fmt.Sprintf("  %*s  %s", labelWidth, label, row), " "))
	}
}

const labelWidth = 9

// since is what was measured since the change, the running tick included.
func since(r detector.Reading) detector.Values {
	return append(append(detector.Values{}, r.After.Value...), r.Running.Value...)
}

func (s Style) glyphs() glyphs {
	if s.ASCII {
		return ascii
	}
	return blocks
}

// facts are the numbers that belong beside p.
func facts(e detector.Evidence) []string {
	var facts []string
	add := func(shown bool, format string, args ...any) {
		if shown {
			facts = append(facts, fmt.Sprintf(format, args...))
		}
	}
	add(e.Reason != "", "%s: %s", e.Reason, sentence(e.Reason))
	add(!e.Onset.IsZero(), "began: %s", clock(e.Onset))
	add(len(e.Tests) > 0, "by: %s; raw %s, over the rule's signals %s", tests(e.Tests), probability(e.RawP), probability(e.P))
	if c := e.Counts; c != nil {
		add(c.Overdispersion > 1, "overdispersion: %s, by which counts were divided", digits(c.Overdispersion))
	}
	if q := e.Spread; q != nil {
		add(true, "p50 %s, p90 %s, p99 %s; for people, they decide nothing",
			arrow(q, e.Unit, func(q detector.Quantiles) float64 { return q.P50 }),
			arrow(q, e.Unit, func(q detector.Quantiles) float64 { return q.P90 }),
			arrow(q, e.Unit, func(q detector.Quantiles) float64 { return q.P99 }))
	}
	if c := e.Control; c != nil {
		add(true, "control: %s → %s at the same time", value(c.Before, e.Unit), value(c.After, e.Unit))
		add(c.Share > 0, "follows its control: %s of every move taken out", value(c.Share, fraction))
	}
	add(len(e.LeftOut) > 0, "left out of the history, which has nothing else like it: %s", e.LeftOut)
	add(e.Smallest > 0, "smallest effect this watch could have seen: %s", strings.TrimPrefix(signed(e.Smallest, e.Unit), "+"))
	add(e.Forecaster != "", "forecast: %s, from %d ticks of history and %d placebos", e.Forecaster, e.History, e.Placebos)
	add(e.AlarmRate > 0, "would have alarmed with no change: %s of the time", value(e.AlarmRate, fraction))
	return facts
}

// arrow is one quantile before and after. In the last bucket it is only a lower bound.
func arrow(s *detector.Spread, unit string, of func(detector.Quantiles) float64) string {
	one := func(q detector.Quantiles) string {
		if v := of(q); q.Highest > 0 && v >= q.Highest {
			return "over " + value(q.Highest, unit)
		}
		return value(of(q), unit)
	}
	return one(s.Before) + " → " + one(s.After)
}

func tests(tests []detector.Test) string {
	words := make([]string, len(tests))
	for i, t := range tests {
		words[i] = string(t)
	}
	return strings.Join(words, " and ")
}

// colours by grade: none is plain, then yellow, magenta, red.
var colours = [...]string{detector.Suspect: "\x1b[33m", detector.Likely: "\x1b[35m", detector.Certain: "\x1b[1;31m"}

// heading writes one line in the colour of a grade.
func (p *page) heading(text string, g detector.Grade) {
	if !p.style.Colour || g <= detector.None || int(g) >= len(colours) {
		p.line(text)
		return
	}
	p.write(colours[g] + p.shown(text) + "\x1b[0m\n")
}

// line writes one line, wrapped at no width: a query is copied whole.
func (p *page) line(text string) { p.write(p.shown(text) + "\n") }

// shown is text that this terminal can show and that cannot control it.
func (p *page) shown(text string) string {
	text = printable(text)
	if p.style.ASCII {
		return plain(text)
	}
	return text
}

func (p *page) write(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, text)
	}
}

var asciiFor = strings.NewReplacer("→", "->", "−", "-", "—", "-", "µ", "u", "φ", "phi", "│", "|")

// plain is text without anything beyond ASCII.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 126 {
			return '?'
		}
		return r
	}, asciiFor.Replace(text))
}
