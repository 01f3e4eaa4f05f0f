package accuracy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pushback/pushback/internal/proof/trains"
)

const (
	trainsText = `
## Changes that follow one another

Trains of 5 to 12 deploys of one service, 2 to 15 minutes apart, one in twenty of them bad, seed %d: which one is rolled back unasked. Baselines, suspects, verdicts and guards
are those of the product; only the metric store and the database are drawn. A fault lasts until something is decided, whatever changes follow. Half of the faults come at once, while the change rolls out;
the others grow for five minutes, come one to eight minutes late, or pass after three. They add 1 to 50 points of failures, latency, or both. A *clear step* comes at once, adds at least 5 points of
failures, and leaves three ticks until the next change. *Undecidable* is a fault that comes late, while or within three ticks of when a later change rolls out and settles. *Asked* counts questions to a person and orders
that were refused; *not seen* are faults that were small, passed, or were never certain until the last watch ended.

`
	missesText = `
How exactly the onset is known says how much a change weighs whose rollout had ended before it: of %d faults that came at once, the earliest possible onset was found

`
)

func (p Page) trains(b *strings.Builder) {
	if p.Trains == nil {
		return
	}
	fmt.Fprintf(b, trainsText, p.Seed)
	tableHead(b, "service", "trains", "with a bad change", "rolled back unasked", "asked", "wrong one rolled back", "undecidable, a later one rolled back", "not seen", "clear steps rolled back unasked, %", "rolled back with nothing bad")
	for _, r := range p.Trains.Rows {
		line := []string{r.Service}
		for _, n := range []int{r.Trains, r.Bad, r.Right, r.Asked, r.Wrong, r.Undecided, r.Unseen} {
			line = append(line, strconv.Itoa(n))
		}
		tableRow(b, append(line, shareOf(r.ClearRight, max(r.Clear, 1)).text()+fmt.Sprintf(" of %d", r.Clear), strconv.Itoa(r.False))...)
	}
	p.misses(b, p.Trains.Misses)
}

// misses writes how often the onset was found after the rollout of the change that did it.
func (p Page) misses(b *strings.Builder, all []trains.Miss) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, missesText, all[0].Of)
	tableHead(b, "more than so many ticks after the rollout had ended", "of the faults, %")
	for _, m := range all {
		tableRow(b, number(m.Ticks), shareOf(m.Late, max(m.Of, 1)).text())
	}
}
