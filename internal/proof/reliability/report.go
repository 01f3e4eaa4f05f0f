package reliability

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report is a whole run.
type Report struct {
	Kills  int
	Seed   uint64
	Took   time.Duration
	Suites []SuiteReport
}

// SuiteReport is one suite: what it saw of the program as it is, and what of
// every bug that was planted.
type SuiteReport struct {
	Name string
	Outcome
	Bugs []BugReport
}

// BugReport is one bug, and whether the suite found it.
type BugReport struct {
	Name  string
	Files []string
	Outcome
}

func newReport(o Options, trials []*trial, took time.Duration) Report {
	r := Report{Kills: o.Kills, Seed: o.Seed, Took: took}
	for _, t := range trials {
		if t.bug == nil {
			r.Suites = append(r.Suites, SuiteReport{Name: t.suite, Outcome: t.outcome})
			continue
		}
		last := &r.Suites[len(r.Suites)-1]
		last.Bugs = append(last.Bugs, BugReport{t.bug.name, t.bug.files(), t.outcome})
	}
	return r
}

// Violations are all that was found in the program as it is, and every planted
// bug that a suite did not find.
func (r Report) Violations() (all []string) {
	for _, s := range r.Suites {
		for _, v := range s.Violations {
			all = append(all, s.Name+": "+v)
		}
		for _, b := range s.Bugs {
			if len(b.Violations) == 0 {
				all = append(all, fmt.Sprintf("%s: the suite does not find a program that %s", s.Name, b.Name))
			}
		}
	}
	return all
}

// stories say what each suite does, for the page.
var stories = map[string]string{
	"kills": `Daemons are killed with SIGKILL while a deploy tool tells them of changes, good and bad, that overtake each other.
Half of the kills come at a random moment of the first seconds, starting up included; the others at a named point of
a build with the tag crashpoints, or while the hook is being called. What was not answered is sent again after the
restart, and some of what was. After the last kill everything must come to its end.`,
	"sync": `The program runs under strace. No 2xx may be written to a socket before the write of the event that it
acknowledges has been synced; no rollback may be sent before the claim that allows it has.`,
	"disk": `The data folder is a file system of a few megabytes that is filled to the last byte, or every write to it and
every sync of it is made to fail with EIO (strace's fault injection, on the real system calls). Nothing may be
acknowledged that is lost, no hook called without a recorded intent, and all goes on when space returns, without a restart.`,
	"outages": `Every metric store fails in a way of its own, at one moment, in one daemon, while the services go bad: whoever
believes what a failing store says sees a regression. Each has two watches, one from before the outage and one from
after. Nothing may be rolled back nor called healthy; people are told once a store, within one interval and a minute.
The store that hangs has twenty watches more. One store stays well: its good change ends healthy, and its bad one must go
back, once and within 25 seconds: less than a time-out.`,
}

// Markdown writes the page.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Reliability\n\nMade by `make reliability KILLS=%d SEED=%d` in %s. The program as it is built for people, as a process of its own, against a recording receiver, "+
		"a scripted metric store and a driver with its own ledger; the package comment of internal/proof/reliability tells how, and which invariants are held.\n\n", r.Kills, r.Seed, r.Took.Round(time.Second))
	var summary [][]string
	for _, s := range r.Suites {
		found := slices.DeleteFunc(slices.Clone(s.Bugs), func(b BugReport) bool { return len(b.Violations) == 0 })
		summary = append(summary, []string{fmt.Sprintf("[%s](#%s)", s.Name, s.Name), fmt.Sprint(len(s.Violations)), fmt.Sprintf("%d of %d", len(found), len(s.Bugs))})
	}
	table(&b, []string{"suite", "violations", "planted bugs found"}, summary)
	for _, s := range r.Suites {
		s.markdown(&b)
	}
	fmt.Fprintf(&b, "\n%s\n", r.Verdict())
	_, err := io.WriteString(w, b.String())
	return err
}

func (s SuiteReport) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", s.Name, stories[s.Name])
	table(b, s.Head, s.Rows)
	if len(s.Violations) > 0 {
		b.WriteString("\nViolations:\n\n")
		for _, v := range s.Violations {
			fmt.Fprintf(b, "- %s\n", v)
		}
	}
	if len(s.Bugs) == 0 {
		return
	}
	b.WriteString("\nWhat it finds in a program that …\n\n")
	var rows [][]string
	for _, bug := range s.Bugs {
		first := "nothing"
		if len(bug.Violations) > 0 {
			first = bug.Violations[0]
		}
		rows = append(rows, []string{bug.Name, strings.Join(bug.Files, ", "), fmt.Sprint(len(bug.Violations)), first})
	}
	table(b, []string{"…", "planted in", "violations", "the first"}, rows)
}

func table(b *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		for i := range row {
			row[i] = strings.NewReplacer("|", "\\|", "\n", " ").Replace(row[i])
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// Verdict is the last line.
func (r Report) Verdict() string {
	return fmt.Sprintf("reliability: %d violations", len(r.Violations()))
}
