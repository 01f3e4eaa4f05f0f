package watch

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

var states = []State{Waiting, Watching, Healthy, Regressed, Inconclusive, Blind, Superseded}

// documented are the rows of the table in the package comment: the names in
// order, and the states each may lead to.
func documented(t *testing.T) (names []string, to map[string][]State) {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(source), "//\ttransition ")
	table, _, _ = strings.Cut(table, "//\n")
	if !found {
		t.Fatal("doc.go has no table of transitions")
	}
	to = map[string][]State{}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		cells := regexp.MustCompile(` {2,}`).Split(strings.TrimPrefix(line, "//\t"), -1)
		if len(cells) != 3 {
			t.Fatalf("%q has %d cells, want 3", line, len(cells))
		}
		names = append(names, cells[0])
		for state := range strings.SplitSeq(cells[2], ", ") {
			to[cells[0]] = append(to[cells[0]], State(state))
		}
	}
	return names, to
}

func TestTheDocumentedTransitionsAreTheTable(t *testing.T) {
	names, _ := documented(t)
	var got []string
	for _, tr := range transitions {
		got = append(got, tr.name)
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("the table in doc.go differs from transitions (-doc +code):\n%s", diff)
	}
}

// everyWatch is one watch for each combination of state, grade and what is
// known of the rollout, and the recovery watch of each.
func everyWatch() (all []Watch) {
	for _, state := range states {
		for grade := detector.None; grade <= detector.Certain; grade++ {
			for _, finished := range []bool{false, true} {
				w := waiting()
				w.State, w.Grade, w.Reason = state, grade, detector.StillWatching
				if finished {
					w.From, w.Until = at(1), at(31)
				}
				if grade >= detector.Likely {
					w.LikelyAt = at(2)
				}
				if !state.Open() {
					w.EndedAt = at(31)
				}
				recovery := w
				recovery.After = at(3)
				all = append(all, w, recovery)
			}
		}
	}
	return all
}

// everyFacts combines all that Advance looks at, at the moments between which
// its answer changes.
func everyFacts() (all []Facts) {
	verdicts := []*detector.Verdict{nil}
	for _, outcome := range []detector.Outcome{detector.Healthy, detector.Regressed, detector.Inconclusive, detector.Blind} {
		for grade := detector.None; grade <= detector.Certain; grade++ {
			for _, reason := range []detector.Reason{"", detector.Transient} {
				verdicts = append(verdicts, verdict(outcome, grade, reason))
			}
		}
	}
	changes := []sources.Change{{StartedAt: start}, finished(), failed()}
	for _, minute := range []float64{-1, 0, 5, 30.9, 31, 34, 120, 121} {
		for _, c := range changes {
			for _, v := range verdicts {
				for bits := range 16 {
					f := Facts{Now: at(minute), Change: c, Verdict: v, Superseded: bits&1 > 0, Confounded: bits&2 > 0, Final: bits&8 > 0}
					if bits&4 > 0 {
						f.RolledBackAt = at(4)
					}
					all = append(all, f)
				}
			}
		}
	}
	return all
}

// TestAdvanceKeepsItsInvariants goes through every combination of watch and
// facts and holds Advance to the package comment.
func TestAdvanceKeepsItsInvariants(t *testing.T) {
	_, to := documented(t)
	facts, reached := everyFacts(), map[string]map[State]bool{}
	for _, w := range everyWatch() {
		for _, f := range facts {
			got := Advance(w, f)
			if !w.State.Open() {
				if !reflect.DeepEqual(w, got) {
					t.Fatalf("left the final state %s (-before +after):\n%s", w.State, cmp.Diff(w, got))
				}
				continue
			}
			name := fitting(w, f).name
			if reached[name] == nil {
				reached[name] = map[State]bool{}
			}
			reached[name][got.State] = true
			if broken := broken(w, f, got, to[name]); broken != "" {
				t.Fatalf("%s: %s\nwatch %+v\nfacts %+v\ngot   %+v", name, broken, w, f, got)
			}
		}
	}
	for name, states := range to {
		for _, state := range states {
			if !reached[name][state] {
				t.Errorf("no case goes by %q to %s", name, state)
			}
		}
	}
}

// broken is the invariant that a step of an open watch breaks, "" for none.
func broken(w Watch, f Facts, got Watch, to []State) string {
	transient := f.Verdict != nil && f.Verdict.Reason == detector.Transient
	switch {
	case !slices.Contains(to, got.State):
		return fmt.Sprintf("leads to %s, documented is %v", got.State, to)
	case w.State == Watching && got.State == Waiting:
		return "goes back to waiting"
	case got.Grade < w.Grade && !transient:
		return "lowers the grade without a transient verdict"
	case got.State.Open() != got.EndedAt.IsZero() || got.State.Open() != got.Next.After(f.Now):
		return "an open watch has a next look and no end, a final one the reverse"
	case got.State.Open() && (got.Grade >= detector.Likely) == got.LikelyAt.IsZero():
		return "LikelyAt is set from likely on, and only then"
	case got.Grade != w.Grade && (len(got.Grades) != len(w.Grades)+1 || got.Grades[len(w.Grades)] != GradeAt{f.Now, got.Grade}):
		return "does not remember a new grade"
	case got.Grade == w.Grade && len(got.Grades) != len(w.Grades):
		return "remembers a grade that it had"
	case !w.From.IsZero() && (!got.From.Equal(w.From) || !got.Until.Equal(w.Until)):
		return "moves the after window"
	case !sameFixedFields(w, got):
		return "writes a field that is fixed when the watch begins"
	}
	return ""
}

// sameFixedFields compares what Advance never writes.
func sameFixedFields(w, got Watch) bool {
	got.State, got.Grade, got.Reason, got.LikelyAt, got.Grades = w.State, w.Grade, w.Reason, w.LikelyAt, w.Grades
	got.From, got.Until, got.Next, got.EndedAt = w.From, w.Until, w.Next, w.EndedAt
	return reflect.DeepEqual(w, got)
}

// A signal that gets worse and better in turns fills no memory, and a watch shares none with the one that it was.
func TestGradesAreBounded(t *testing.T) {
	w := waiting()
	for i := range 100 {
		next := w.withGrade(detector.Grade(i%2+1), at(float64(i)))
		if n := len(w.Grades); n > 0 && n < maxGrades {
			if other := w.withGrade(detector.Certain, at(0)); next.Grades[n] == other.Grades[n] {
				t.Fatal("two watches share their grades")
			}
		}
		w = next
	}
	if len(w.Grades) != maxGrades || w.Grades[0] != (GradeAt{at(0), detector.Suspect}) {
		t.Errorf("%d grades, the first %+v", len(w.Grades), w.Grades[0])
	}
}
