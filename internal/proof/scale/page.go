package scale

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Page is docs/scale.md, or docs/viewers.md where only viewers were measured.
func (r Report) Page() string {
	if slices.Equal(r.Runs, []string{Viewers}) {
		return r.viewersPage()
	}
	var b strings.Builder
	fmt.Fprintf(&b, intro, r.Took.Round(time.Second), r.Began.UTC().Format(time.DateOnly), r.Machine, r.For, signals, every, bake, oldest.Minutes(), late, calmLimit)
	r.sizing(&b)
	r.watches(&b)
	r.store(&b)
	r.busy(&b)
	r.intake(&b)
	return b.String()
}

const intro = "# Scale\n\nMade by `make scale` in %s on %s (%s); each figure over %s. See [testing](testing.md).\n" + `
The built program runs as a process of its own, with settings that a user could write. Beside it on the same machine, and so at its expense, run a scripted
metric store (` + "`internal/proof/metricstore`" + `: Prometheus's engine over samples that are functions of time) and whoever sends events. Every watch has
%d signals (a counter with bad events, a histogram's mean and slow share, two queries), looks every %s and bakes for %s; when it opens, its change is up to %.0f minutes old. What is measured begins after each was looked at twice and no look was late by more than %s for five seconds, at the latest after %s.

A look is late by the time from when it was due to when it began. Durations are the median, 99 of 100, and the longest; those of looks are upper edges of the
buckets of the program's own histograms, which are 14 %% apart.
`

// table writes a table with its title, where it has rows.
func table(b *strings.Builder, title, text, header string, rows []string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n%s\n|%s\n", title, text, header, strings.Repeat("---|", strings.Count(header, "|")-1))
	for _, row := range rows {
		fmt.Fprintln(b, row)
	}
}

// inTime is how late looks may be where a size is said to work.
const inTime = 5 * time.Second

// sizing is the table by which an installation is sized.
func (r Report) sizing(b *strings.Builder) {
	var rows []string
	for _, w := range r.Watches {
		s, state := w.Learned, "yes"
		if s == nil {
			s, state = w.Learning, "no"
		}
		verdict := "in time"
		if s.Lag.Most > inTime || float64(s.Looks) < 0.95*s.expected()*s.Took.Seconds() {
			verdict = "too late: needs more cores"
		}
		rows = append(rows, fmt.Sprintf("| %d | %s | %s | %.2f | %d MiB | %.0f | %.0f KiB/s | %.0f KiB | %s |",
			w.Size, w.Dialect, state, s.Cores, s.Memory>>20, s.aSecond(float64(s.Asked.Requests)), s.aSecond(float64(s.Asked.Bytes))/1024,
			s.aLook(float64(s.Growth))/1024*float64(bake/every), verdict))
	}
	table(b, "Sizing", fmt.Sprintf("What so many open watches of %d signals need. A change grows the database by the last but one column, over a bake of %s with %d looks.", signals, bake, bake/every),
		"| open watches | database | profiles learned before | cores | memory | requests/s to the metric store | from it | database a change | looks |", rows)
}

func (r Report) watches(b *strings.Builder) {
	var rows []string
	row := func(w Watches, state string, s *Sample) {
		if s == nil {
			return
		}
		rows = append(rows, fmt.Sprintf("| %d | %s | %s | %.1f | %.1f of %.1f | %s | %s | %.2f | %.2f | %d MiB | %d |",
			w.Size, w.Dialect, state, w.Opened.Seconds(), s.aSecond(float64(s.Looks)), s.expected(), s.Lag, s.Look, s.Cores, s.Beside, s.Memory>>20, s.Learned))
	}
	for _, w := range r.Watches {
		row(w, "being learned", w.Learning)
		row(w, "learned", w.Learned)
	}
	table(b, "Watches", "Profiles are either learned before the program starts, or all of them are being learned. \"Beside\" are the cores of the metric store and the senders. Watches open at 1,000 a second at most.",
		"| watches | database | profiles | open after, s | looks/s | late, ms | a look takes, ms | cores | beside | memory | profiles learned |", rows)
}

func (r Report) store(b *strings.Builder) {
	var rows []string
	row := func(w Watches, state string, s *Sample) {
		if s == nil {
			return
		}
		rows = append(rows, fmt.Sprintf("| %d | %s | %s | %.0f | %.2f | %.1f KiB | %.0f | %.1f KiB | %.2f KiB |",
			w.Size, w.Dialect, state, s.aSecond(float64(s.Asked.Requests)), s.aLook(float64(s.Asked.Requests)), s.aLook(float64(s.Asked.Bytes))/1024,
			s.aLook(s.Allocations), s.aLook(s.Written)/1024, s.aLook(float64(s.Growth))/1024))
	}
	for _, w := range r.Watches {
		row(w, "being learned", w.Learning)
		row(w, "learned", w.Learned)
	}
	table(b, "What a look costs", "Counts do not depend on the machine. Bytes of the metric store are those of its answers, not compressed. Bytes written are those that the kernel sent to the disk for the program; on PostgreSQL the server writes, not the program.",
		"| watches | database | profiles | requests/s | requests a look | answers a look | allocations a look | written a look | database grows a look |", rows)
}

func (r Report) busy(b *strings.Builder) {
	var rows, reads []string
	for _, w := range r.Watches {
		if w.Busy == nil {
			continue
		}
		row := func(what, result string, s Sample) {
			rows = append(rows, fmt.Sprintf("| %d | %s | %s | %s | %.1f of %.1f | %s | %.2f | %d MiB |",
				w.Size, w.Dialect, what, result, s.aSecond(float64(s.Looks)), s.expected(), s.Lag, s.Cores, s.Memory>>20))
		}
		u := w.Busy
		row(fmt.Sprintf("%d changes are bad", u.Breach.Broken), fmt.Sprintf("%d rolled back; the hook was called %s ms after the deciding sample, %s ms after the first sample that showed it",
			u.Breach.Called, u.Breach.Last, u.Breach.First), u.Beside)
		row(fmt.Sprintf("%d events/s of changes that nobody watches", u.Intake.Rate), fmt.Sprintf("%d accepted, %d refused, answers after %s ms", u.Intake.Accepted, u.Intake.Refused, u.Intake.Answers), u.Intake.Sample)
		row("the metric store answers after "+slowBy.String(), "", u.Slow)
		row("kill -9, and started again", fmt.Sprintf("takes events after %d ms, ready after %d ms", u.Restart.Serving.Milliseconds(), u.Restart.Ready.Milliseconds()), u.Restart.After)
		for _, read := range u.Reads {
			reads = append(reads, fmt.Sprintf("| %d | %s | %s | %d | %s |", w.Size, w.Dialect, read.What, read.Count, read.Answers))
		}
	}
	table(b, "What happens beside watches", "One after the other, each for as long as above.",
		"| watches | database | what happens | | looks/s | late, ms | cores | memory |", rows)
	table(b, "Reading the API beside watches", "Ten requests a second, while bad changes are rolled back.",
		"| watches | database | request | times | answer, ms |", reads)
}

func (r Report) intake(b *strings.Builder) {
	var rows []string
	for _, i := range r.Intake {
		rows = append(rows, fmt.Sprintf("| %s | %d | %d | %.0f | %s | %s | %d | %d MiB | %.1f | %.2f KiB | %s |",
			i.Dialect, i.Services, i.Rate, float64(i.Accepted)/i.Took.Seconds(), i.Answers, i.Watches, i.Refused+i.Unwatched,
			i.Memory>>20, i.CPU.Seconds()/i.Took.Seconds(), i.Written/1024/float64(max(i.Accepted, 1)), i.statements()))
	}
	table(b, "Intake", "Signed events over 256 connections, as in [load.md](load.md): of 5,000 slots in turn, of which five in a hundred are watched, and of one slot that nobody watches. "+
		"Ten times a second an event begins a watch whose first look is timed.",
		"| database | slots | offered per second | accepted per second | answer, ms | watch begins, ms | lost | memory | cores | written an event | statements an event |", rows)
}

func (a Alone) statements() string {
	if a.Statements == 0 {
		return "not counted"
	}
	return fmt.Sprintf("%.2f", a.Statements/float64(max(a.Accepted, 1)))
}
