package accuracy

import (
	"fmt"
	"strings"
)

// calibrationText introduces the section.
const calibrationText = "\n## Calibration\n\n%d drawn series of each kind and length of history, in minutes, seed %d; at the end of each is one change that does nothing, judged at every tick. " +
	"One signal, where higher is worse, with no min_effect. Wanted: at most 1.5 %% at likely and 0.4 %% at certain, but for level shifts, which happen without a change too. " +
	"Brackets are 95 %% intervals.\n"

func (p Page) calibration(b *strings.Builder) {
	if len(p.Calibration) == 0 {
		return
	}
	fmt.Fprintf(b, calibrationText, p.Calibration[0].Series, p.Seed)
	calibrationTable(b, p.Calibration, "False alarms at likely, %", func(c Cell) string { return c.Likely.text() })
	calibrationTable(b, p.Calibration, "False alarms at certain, %", func(c Cell) string { return c.Certain.text() })
	b.WriteString("\nWhat the caution costs: the same series with a regression that begins with the change and lasts, found at likely. σ is the standard deviation of what is new in a tick. In brackets the median ticks until then.\n")
	for i, name := range regressions {
		calibrationTable(b, p.Calibration, name+", found, %", func(c Cell) string {
			return fmt.Sprintf("%s (%d)", share(c.Caught[i].Likely), c.Caught[i].Ticks)
		})
	}
}

// calibrationTable writes a row for each generator and a column for each history, and a
// row of means.
func calibrationTable(b *strings.Builder, cells []Cell, title string, text func(c Cell) string) {
	spans := spansOf(cells)
	b.WriteString("\n| " + title + " |")
	for _, hours := range spans {
		b.WriteString(" " + spanName(hours) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(spans)))
	for i, c := range cells {
		if i%len(spans) == 0 {
			b.WriteString("\n| " + c.Generator + " |")
		}
		b.WriteString(" " + text(c) + " |")
	}
	b.WriteString("\n")
}

// spansOf are the columns: the spans of the first generator.
func spansOf(cells []Cell) []float64 {
	var hours []float64
	for _, c := range cells {
		if c.Generator == cells[0].Generator {
			hours = append(hours, c.Hours)
		}
	}
	return hours
}

func spanName(hours float64) string {
	if hours >= 48 {
		return number(hours/24) + " d"
	}
	return number(hours) + " h"
}

// text is the share and its interval in per cent.
func (s Share) text() string {
	return fmt.Sprintf("%s (%s–%s)", share(s.Share), share(s.Low), share(s.High))
}
