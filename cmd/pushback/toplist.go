package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
)

// topList is the list of top: what stands above it, and what can be chosen.
type topList struct {
	above []string
	items []topItem
}

// topItem is something that can be explained: an order or a change.
type topItem struct {
	key   string // of the change
	under string // what the item is listed under
	lines []string
}

// newTopList draws the list.
func newTopList(out terminal, style report.Style, host string, a topAnswer) topList {
	p := newPainter(out, style, a.Watched.Now, a.Watched.Changes...)
	p.style.Width -= len(cursorMark)
	list := topList{above: p.above(host, a)}
	for _, o := range a.Status.Proposed {
		list.items = append(list.items, topItem{o.Key, "ORDERS", p.proposed(o)})
	}
	for _, o := range a.Status.UnderWay {
		list.items = append(list.items, topItem{o.Key, "ORDERS", []string{p.underWay(o)}})
	}
	for _, c := range a.Watched.Changes {
		list.items = append(list.items, topItem{c.Key, p.heading(), p.change(c)})
	}
	return list
}

// cursorMark stands before what is chosen.
const cursorMark = "> "

// above says what stops or troubles Pushback, and counts the rest.
func (p painter) above(host string, a topAnswer) []string {
	s, suspected := a.Status, 0
	for _, c := range a.Watched.Changes {
		if c.Grade != "none" {
			suspected++
		}
	}
	lines := []string{p.out.paint(styleStrong, fmt.Sprintf("pushback %s at %s", clean(s.Version), host)) + p.now.Local().Format("  "+time.TimeOnly)}
	lines = append(lines, fmt.Sprintf("%s being watched, %d suspected; %s for a person, %d under way",
		counted(len(a.Watched.Changes), "change"), suspected, waiting(len(s.Proposed)), len(s.UnderWay)))
	if a.Watched.More {
		lines[1] = "more than " + lines[1]
	}
	if s.Frozen {
		lines = append(lines, p.out.paint(styleDoubt, "frozen, so that nothing is rolled back: "+clean(s.FrozenBy)))
	}
	for _, h := range s.Holds {
		lines = append(lines, p.out.paint(styleDoubt, clean(fmt.Sprintf("%s holds %s, by %s: %s", h.ID, describeHold(h), h.Actor, h.Why))))
	}
	for _, t := range s.Problems {
		lines = append(lines, p.out.paint(styleBad, clean(t.Component+": "+t.Detail)))
	}
	return append(lines, "")
}

func waiting(n int) string {
	if n == 1 {
		return "1 order waits"
	}
	return fmt.Sprintf("%d orders wait", n)
}

// proposed says which rollback waits for a person, and what to type.
func (p painter) proposed(o api.Order) []string {
	what := fmt.Sprintf("%s %s back to %s", o.Change.Service, o.Change.What(), o.Target)
	if !o.ExpiresAt.IsZero() {
		what += ", expires in " + short(max(o.ExpiresAt.Sub(p.now), 0))
	}
	return []string{p.out.paint(styleDoubt, "waits for a person: ") + clean(what), "  pushback approve " + o.Key}
}

func (p painter) underWay(o api.Order) string {
	return p.out.paint(styleDoubt, clean(underWay(o))+": ") + clean(fmt.Sprintf("%s %s back to %s through hook %s", o.Change.Service, o.Change.What(), o.Target, o.Hook))
}

// all are the lines of the whole list, without a cursor.
func (l topList) all() []string {
	lines, _, _ := l.body(-1)
	lines = append(l.above, lines...)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// body are the lines below what stands above; those of the chosen item begin at from and
// end before to.
func (l topList) body(chosen int) (lines []string, from, to int) {
	under := ""
	for i, item := range l.items {
		if item.under != under {
			if under != "" {
				lines = append(lines, "")
			}
			under = item.under
			lines = append(lines, strings.Repeat(" ", len(cursorMark))+under)
		}
		mark := strings.Repeat(" ", len(cursorMark))
		if i == chosen {
			mark, from, to = cursorMark, len(lines), len(lines)+len(item.lines)
		}
		for _, line := range item.lines {
			lines = append(lines, mark+line)
			mark = strings.Repeat(" ", len(cursorMark))
		}
	}
	if len(l.items) == 0 {
		lines = append(lines, "nothing is being watched, and no order is open")
	}
	return lines, from, to
}

// window are the lines that fit below one another, moved so that those from from to to are
// among them, and where they begin.
func window(lines []string, top, rows, from, to int) ([]string, int) {
	rows = max(rows, 1)
	top = min(top, from)
	top = max(top, to-rows)
	top = max(min(top, len(lines)-rows), 0)
	return lines[top:min(len(lines), top+rows)], top
}

// fitted cuts lines to the width of the screen.
func fitted(lines []string, width int) string {
	cut := make([]string, len(lines))
	for i, line := range lines {
		cut[i] = line
		if width > 0 {
			cut[i] = ansi.Truncate(line, width, "")
		}
	}
	return strings.Join(cut, "\n")
}
