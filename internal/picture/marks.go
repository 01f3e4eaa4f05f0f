package picture

import (
	"image/color"
	"slices"
	"time"

	"github.com/pushback/pushback/rollback"
)

// mark is a moment that mattered: a line across a plot, with a word above it.
type mark struct {
	at     float64 // Unix seconds
	word   string
	dash   []float64
	before bool // the word stands before the line by preference
	colour color.RGBA
}

// marksOf are the moments of a signal in the order of time, as far as they are known.
func (d *Drawing) marksOf(s Subject, p plotted) (all []mark) {
	add := func(at time.Time, m mark) {
		if !at.IsZero() {
			m.at = float64(at.UnixMilli()) / 1000
			all = append(all, m)
		}
	}
	c, o := s.Change, s.Observation
	switch {
	case !c.FinishedAt.IsZero() && c.FinishedAt.Sub(c.StartedAt) < time.Second:
		add(c.FinishedAt, mark{word: "deployed", colour: d.theme.ink})
	default:
		add(c.StartedAt, mark{word: "began", dash: []float64{6, 3}, before: true, colour: d.theme.ink})
		add(c.FinishedAt, mark{word: "finished", colour: d.theme.ink})
	}
	if o.Settled > 0 {
		add(o.From, mark{word: "settled", dash: []float64{1, 3}, colour: d.theme.soft})
	}
	if word := rollbackWord(s.Order); word != "" && s.Watch.After.IsZero() {
		add(s.SentAt, mark{word: word, dash: []float64{2, 3}, colour: d.theme.busy})
	}
	add(s.Watch.After, mark{word: "rolled back", dash: []float64{2, 3}, colour: d.theme.busy})
	add(p.evidence.Onset, mark{word: "got worse", dash: []float64{4, 2, 1, 2}, before: true, colour: d.theme.after})
	return all
}

// rollbackWord says what became of a rollback of which the hook was called.
func rollbackWord(s rollback.State) string {
	switch s {
	case rollback.Done:
		return "rolled back"
	case rollback.Sending:
		return "rolling back"
	case rollback.Failed:
		return "rollback failed"
	case rollback.Unknown:
		return "rollback: outcome unknown"
	}
	return ""
}

// label is a mark with the place of its word.
type label struct {
	mark
	x     float64 // of the line
	left  float64 // of the word
	row   int     // 0 is the lowest
	words words
	short bool // the line begins below all words: it would go through one
}

const (
	markSize = 11
	rowSize  = 15
	markGap  = 4
)

// place finds a place for every word where it meets no other and stays in the box from left to right: beside its
// line, on the side that is preferred if possible, else a row higher. There are as many rows as words at most.
func (f faces) place(marks []mark, x func(at float64) float64, left, right float64) (labels []label, rows int) {
	for _, m := range marks {
		l := label{mark: m, x: x(m.at), words: f.fit(m.word, markSize, false, right-left)}
		if l.x < left || l.x > right {
			continue
		}
		sides := l.sides(left, right)
		for placed := false; !placed; {
			for _, side := range sides {
				if l.left = side; !placed && !l.meets(labels) {
					placed = true
					break
				}
			}
			if !placed {
				l.row++
			}
		}
		l.short = l.crosses(labels)
		labels, rows = append(labels, l), max(rows, l.row+1)
	}
	return labels, rows
}

// sides are where the word may begin, the best first. One that is too wide for either side of its line stands over it.
func (l label) sides(left, right float64) (all []float64) {
	after, before := l.x+markGap, l.x-markGap-l.words.width
	if after+l.words.width <= right {
		all = append(all, after)
	}
	if before >= left {
		all = append(all, before)
	}
	if l.before {
		slices.Reverse(all)
	}
	if len(all) == 0 {
		all = append(all, min(max(left, l.x-l.words.width/2), right-l.words.width))
	}
	return all
}

// meets says whether the word meets one that is placed, or the line of one in a higher row.
func (l label) meets(placed []label) bool {
	right := l.left + l.words.width
	return slices.ContainsFunc(placed, func(p label) bool {
		word := p.row == l.row && l.left < p.left+p.words.width+markGap && p.left < right+markGap
		return word || p.row > l.row && !p.short && l.left-markGap/2 < p.x && p.x < right+markGap/2
	})
}

// crosses says whether the line would go through a word on its way down.
func (l label) crosses(placed []label) bool {
	return slices.ContainsFunc(placed, func(p label) bool {
		return p.row < l.row && p.left-markGap/2 < l.x && l.x < p.left+p.words.width+markGap/2
	})
}
