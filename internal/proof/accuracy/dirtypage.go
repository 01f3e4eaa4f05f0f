package accuracy

import (
	"fmt"
	"strings"
)

// dirtyText introduces the section.
const dirtyText = "\n## Dirty data\n\nThree pods of 200 requests a minute, seed %d, in which stores give what cannot be true, or a part of it: in the counters of errors, of all requests, or in both. " +
	"Each row adds up counters, classic histograms and native ones. A healthy change must not act, by a limit of 40 %% either, and a bad one (errors 0.17 → 4.8 %%, slow requests 2 → 20 %%, mean latency × 2) must be found within %d ticks of the clean series. " +
	"Of a mean, which never acts alone, certain counts as acting. That a part is missing is told as partial_data or signal_lost, and is no false alarm.\n\n"

func (p Page) dirty(b *strings.Builder) {
	if len(p.Dirty) == 0 {
		return
	}
	fmt.Fprintf(b, dirtyText, p.Seed, DirtyTicks)
	tableHead(b, "what is in the store", "healthy watches", "likely", "acts", "bad watches", "hidden", "found later by at most, ticks")
	for _, r := range byKind(p.Dirty) {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d |\n", r.Kind, r.Watches, r.Likely, r.Acts, r.Clean, r.Hidden, r.Latest)
	}
}

// byKind adds up the targets and signals of each kind.
func byKind(rows []DirtyRow) []DirtyRow {
	var sums []DirtyRow
	for _, r := range rows {
		if n := len(sums); n == 0 || sums[n-1].Kind != r.Kind {
			sums = append(sums, DirtyRow{Kind: r.Kind})
		}
		s := &sums[len(sums)-1]
		s.Watches, s.Likely, s.Acts = s.Watches+r.Watches, s.Likely+r.Likely, s.Acts+r.Acts
		s.Clean, s.Hidden, s.Latest = s.Clean+r.Clean, s.Hidden+r.Hidden, max(s.Latest, r.Latest)
	}
	return sums
}
