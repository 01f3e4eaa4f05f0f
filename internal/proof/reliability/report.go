package reliability

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report is the result of a run.
type Report struct {
	Kills   int
	Freezes int
	Seed    uint64
	Took    time.Duration
	Suites  []SuiteReport
}

// SuiteReport is the result of one suite: with the program as it is, and with every
// planted bug.
type SuiteReport struct {
	Name string
	Outcome
	Bugs []BugReport
}

// BugReport is one planted bug and what the suite found in the last of its tries; without
// violations, it did not find the bug.
type BugReport struct {
	Name  string
	Files []string
	Tries int
	Outcome
}

func newReport(o Options, trials []*trial, took time.Duration) Report {
	r := Report{Kills: o.Kills, Freezes: o.Freezes, Seed: o.Seed, Took: took}
	for _, t := range trials {
		if t.bug == nil {
			r.Suites = append(r.Suites, SuiteReport{Name: t.suite, Outcome: t.outcome})
			continue
		}
		last := &r.Suites[len(r.Suites)-1]
		last.Bugs = append(last.Bugs, BugReport{t.bug.name, t.bug.files(), t.tries, t.outcome})
	}
	return r
}

// Violations are the violations of the program as it is, and the planted bugs that a
// suite did not find.
func (r Report) Violations() (all []string) {
	for _, s := range r.Suites {
		for _, v := range s.Violations {
			all = append(all, s.Name+": "+v)
		}
		for _, b := range s.Bugs {
			if len(b.Violations) == 0 {
				all = append(all, fmt.Sprintf("%s: the suite finds nothing in %d tries in a program that %s", s.Name, b.Tries, b.Name))
			}
		}
	}
	return all
}

// descriptions describe each suite on the page.
var descriptions = map[string]string{
	"kills": `Daemons are killed with SIGKILL while a deploy tool reports good and bad changes that overtake each other.
Half of the kills happen at a random moment of the first seconds, the start included; the others at a crash point of
a build with the tag crashpoints, or during the call of a hook. Events without an answer, and some with one, are sent
again after the restart. After the last kill every change and every order must reach a final state.`,
	"versions": `One service after another gets a good version and then bad ones. Each bad one must be rolled back unasked to the
good one, by what the rollbacks before it put live: with deploy tools that report a rollback, that do not, and that still name the
version that was taken back, and after a rollback that did not help and whose echo is as bad.`,
	"replica-pairs": `Nothing happens to pairs of replicas that share a PostgreSQL database and the work, as above, but that a receiver
takes seconds for a message. No message may be sent twice.`,
	"replica-kills": `Pairs of replicas share a PostgreSQL database and the work, as above. One of a pair is killed at a time, and the
other goes on. Whatever the killed one was doing must have ended within a minute: a lease, a sweep, and what a busy machine adds. Where
nobody can tell whether a hook ran, people must be paged within the same minute.`,
	"replica-freezes": `One of a pair of replicas is stopped with SIGSTOP for twice its lease, and continued with SIGCONT: at a
random moment, at a crash point, or during the call of a hook. It may call no hook for an order that the other one has ended meanwhile, must log
the claim that it lost, and may send no message again, unless it was frozen in the middle of sending it.`,
	"replica-backends": `The database ends the connections of one of a pair of replicas (pg_terminate_backend), also within a
transaction. No process dies, so that no outcome may be unknown.`,
	"sync": `The program runs under strace. A 2xx may be written to a socket only after the event that it acknowledges is
written and synced; a rollback may be sent only after the claim that allows it is synced.`,
	"disk": `The data folder is a file system of a few megabytes that is filled to the last byte, or every write to it or
every sync of it fails (fault injection by strace into the real system calls). No acknowledged event may be lost, no
hook may be called without a stored order, and the program must recover with the disk, without a restart.`,
	"outages": `All metric stores of one daemon begin to fail at one moment, each in another way, while the services go bad:
a daemon that trusts a failing store finds a regression. Each store has two watches, one that began before the outage and
one that began during it. No change may be rolled back or called healthy; people are notified once per store, within one
look interval and a minute. The store that hangs has twenty more watches. One store does not fail: its good change ends
healthy, and its bad one must be rolled back once and within 25 seconds, which is less than a timeout. Where the daemon waited
for a core, the two limits are longer by as much.`,
}

// Markdown writes the page.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Reliability\n\nMade by `make reliability KILLS=%d FREEZES=%d SEED=%d` in %s. The released program runs as a separate process, with a recording receiver, "+
		"a scripted metric store and a driver with its own ledger. The package comment of internal/proof/reliability describes the method and the invariants.\n\n", r.Kills, r.Freezes, r.Seed, r.Took.Round(time.Second))
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
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", s.Name, descriptions[s.Name])
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
	b.WriteString("\nViolations found in a program that …\n\n")
	var rows [][]string
	for _, bug := range s.Bugs {
		first := "nothing"
		if len(bug.Violations) > 0 {
			first = bug.Violations[0]
		}
		rows = append(rows, []string{bug.Name, strings.Join(bug.Files, ", "), fmt.Sprint(bug.Tries), fmt.Sprint(len(bug.Violations)), first})
	}
	table(b, []string{"…", "planted in", "tries", "violations", "the first"}, rows)
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
