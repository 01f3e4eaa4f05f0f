package accuracy

import (
	"fmt"
	"math"
	"slices"
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
	falseAlarms(b, p.Calibration, "likely", 0.015, func(c Cell) Share { return c.Likely })
	falseAlarms(b, p.Calibration, "certain", 0.004, func(c Cell) Share { return c.Certain })
	b.WriteString("\nWhat the caution costs: the same series with a regression that begins with the change and lasts, found at likely. σ is the standard deviation of what is new in a tick. In brackets the median ticks until then.\n")
	for i, regression := range regressions {
		calibrationTable(b, p.Calibration, regression.name+", found, %", func(c Cell) string {
			return foundAfter(c.Caught[i].Likely, c.Caught[i].Ticks)
		}, nil)
	}
}

// falseAlarms writes the table of one grade, and what is beyond the goal by more than
// chance.
func falseAlarms(b *strings.Builder, cells []Cell, grade string, goal float64, of func(c Cell) Share) {
	all := func(cells []Cell) string {
		alarms, series := 0., 0
		for _, c := range cells {
			alarms, series = alarms+of(c).Share*float64(c.Series), series+c.Series
		}
		return shareOf(int(math.Round(alarms)), series).text()
	}
	calibrationTable(b, cells, "False alarms at "+grade+", %", func(c Cell) string { return of(c).text() }, all)
	var beyond []string
	for _, c := range cells {
		if of(c).Low > goal {
			beyond = append(beyond, c.Generator+" at "+spanName(c.Hours))
		}
	}
	fmt.Fprintf(b, "\nAll together %s %%. ", all(cells))
	if len(beyond) == 0 {
		fmt.Fprintf(b, "No cell is beyond %s %% by more than chance: no interval lies above it.\n", number(100*goal))
		return
	}
	fmt.Fprintf(b, "Beyond %s %% with their whole interval: %s.\n", number(100*goal), strings.Join(beyond, ", "))
}

// calibrationTable writes a row for each generator and a column for each history. The last
// column is of all of a generator's histories; there is none if all is nil.
func calibrationTable(b *strings.Builder, cells []Cell, title string, text func(c Cell) string, all func(cells []Cell) string) {
	columns := spansOf(cells)
	heading := []string{title}
	for _, hours := range columns {
		heading = append(heading, spanName(hours))
	}
	if all != nil {
		heading = append(heading, "all")
	}
	b.WriteString("\n")
	tableHead(b, heading...)
	for row := range slices.Chunk(cells, len(columns)) {
		line := []string{row[0].Generator}
		for _, c := range row {
			line = append(line, text(c))
		}
		if all != nil {
			line = append(line, all(row))
		}
		tableRow(b, line...)
	}
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
