package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// painter draws changes that are being watched, in columns that all of them share.
type painter struct {
	out    terminal
	style  report.Style
	now    time.Time // the daemon's
	widths []int
}

// sparkColumns is how wide a signal is drawn.
const sparkColumns = 16

// columns are the names of the columns before the signals, and how wide each may be at most.
var columns = []struct {
	name   string
	widest int
}{{"SERVICE", 20}, {"VERSION", 16}, {"STATE", 12}, {"GRADE", 7}, {"LEFT", 7}}

// newPainter makes the columns as wide as these changes need.
func newPainter(out terminal, style report.Style, now time.Time, changes ...api.WatchedChange) painter {
	if style.Width == 0 {
		style.Width = 80
	}
	p := painter{out: out, style: style, now: now}
	for _, c := range columns {
		p.widths = append(p.widths, len(c.name))
	}
	for _, c := range changes {
		for i, text := range p.cells(c) {
			p.widths[i] = min(max(p.widths[i], ansi.StringWidth(text)), columns[i].widest)
		}
	}
	return p
}

// heading are the names of the columns.
func (p painter) heading() string {
	line := ""
	for i, c := range columns {
		line += p.pad(c.name, p.widths[i]) + " "
	}
	return ansi.Truncate(line+"SIGNALS", p.style.Width, "")
}

// change draws a change: one line, and further ones where its signals need more room.
func (p painter) change(c api.WatchedChange) (lines []string) {
	line, indent := p.head(c)
	used, room := indent, max(p.style.Width-indent, sparkColumns)
	for _, cell := range p.details(c, room) {
		width := ansi.StringWidth(cell)
		switch {
		case used == indent:
		case used+2+width > p.style.Width:
			lines = append(lines, line)
			line, used = strings.Repeat(" ", indent), indent
		default:
			line, used = line+"  ", used+2
		}
		line, used = line+cell, used+width
	}
	return append(lines, ansi.Truncate(strings.TrimRight(line, " "), p.style.Width, ""))
}

// details are what stands behind the columns, each in so many columns: the rollback, and the
// signals, the worst first.
func (p painter) details(c api.WatchedChange, room int) (cells []string) {
	if c.Order != "" {
		cells = append(cells, p.out.paint(stateStyle(c.Order), "rollback "+clean(c.Order)))
	}
	signals := slices.SortedStableFunc(slices.Values(c.Signals), func(a, b api.WatchedSignal) int {
		return cmp.Compare(b.Evidence.Grade, a.Evidence.Grade)
	})
	for _, s := range signals {
		cells = append(cells, p.signal(s, room))
	}
	return cells
}

// setTo is what a change sets, and whether it is a rollback.
func setTo(c api.ChangeSummary) string {
	if c.RollbackOf != "" {
		return clean(c.What()) + " (back)"
	}
	return clean(c.What())
}

// cells are what is known of a change without its signals.
func (p painter) cells(c api.WatchedChange) []string {
	return []string{clean(c.Service), setTo(c.ChangeSummary), clean(c.State), clean(c.Grade), p.left(c)}
}

// head draws the cells of a change, and says how wide they are.
func (p painter) head(c api.WatchedChange) (head string, width int) {
	styles := []string{styleStrong, "", stateStyle(c.State), gradeStyle(c.Grade), ""}
	for i, text := range p.cells(c) {
		head += p.out.paint(styles[i], p.pad(text, p.widths[i])) + " "
		width += p.widths[i] + 1
	}
	return head, width
}

// sentence is a change in one line, however long, with the time and with all its signals.
func (p painter) sentence(c api.WatchedChange) string {
	parts := []string{
		p.now.Local().Format(time.TimeOnly), clean(c.Service), setTo(c.ChangeSummary), clean(c.Environment),
		p.out.paint(stateStyle(c.State), clean(c.State)), p.out.paint(gradeStyle(c.Grade), clean(c.Grade)),
	}
	switch left := p.left(c); {
	case ended(c.State):
	case c.State == "waiting":
		parts = append(parts, "no look yet")
	case c.Until.IsZero():
		parts = append(parts, left)
	default:
		parts = append(parts, left+" left")
	}
	for _, cell := range p.details(c, maxLine) {
		parts = append(parts, " "+cell)
	}
	return strings.Join(parts, " ")
}

// maxLine is longer than any text of a signal.
const maxLine = 1000

// left says how much is left of the bake.
func (p painter) left(c api.WatchedChange) string {
	switch {
	case ended(c.State):
		return "-"
	case c.Until.IsZero():
		return "rolling"
	}
	return short(max(c.Until.Sub(p.now), 0))
}

// signal draws one signal in so many columns: its name, with numbers where it is suspect,
// and its line.
func (p painter) signal(s api.WatchedSignal, room int) string {
	text := clean(s.Evidence.Signal)
	if s.Evidence.Grade > detector.None || unseen(s.Evidence) != "" {
		text = p.shown(report.Short(s.Evidence))
	}
	if s.Recovery {
		text += " after rollback"
	}
	spark := report.Spark(s.Before, s.After, sparkColumns, p.style.ASCII)
	text = ansi.Truncate(text, max(room-ansi.StringWidth(spark)-1, 0), p.cut())
	return p.out.paint(gradeStyle(s.Evidence.Grade.String()), text) + " " + spark
}

// unseen is why a signal could not be compared; "" where it was, or where it is too early.
func unseen(e detector.Evidence) detector.Reason {
	if forecast, _, _ := report.Numbers(e); forecast != "" || e.Reason == detector.StillWatching {
		return ""
	}
	return e.Reason
}

// cut is what ends a text that was cut.
func (p painter) cut() string {
	if p.style.ASCII {
		return "~"
	}
	return "…"
}

// shown is text in the characters of this terminal.
func (p painter) shown(text string) string {
	if p.style.ASCII {
		return report.Plain(text)
	}
	return text
}

// gradeStyle colours a grade by how much it asks for a person.
func gradeStyle(grade string) string {
	switch grade {
	case "suspect":
		return styleDoubt
	case "likely", "certain":
		return styleBad
	}
	return ""
}

// clean is text from outside in one line that cannot control a terminal.
func clean(text string) string { return sources.OneLine(text, sources.MaxText) }

// pad makes text exactly so many columns wide.
func (p painter) pad(text string, width int) string {
	text = ansi.Truncate(text, width, p.cut())
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}
