// Package verdict folds the watches of a change, and the changes of a version, into one result that a tool can
// decide by. The server answers with it, and a deployment that a tool holds back goes on by it, so that both say
// the same of a version.
//
// See adr/0126.
package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Result is what a tool is to make of a change or a version.
type Result string

// The results, the one that decides over the others first. Unknown is that of a version that nobody has reported.
const (
	Bad       Result = "bad"
	Pending   Result = "pending"
	Undecided Result = "undecided"
	OK        Result = "ok"
	Unknown   Result = "unknown"
)

var byUrgency = []Result{Bad, Pending, Undecided, OK, Unknown}

// Unwatched is the state of a planned change that no rule watches.
const Unwatched = store.Unwatched

// Change is a change with what its watches come to.
type Change struct {
	store.Change
	State  string // the worst of its watches, or Unwatched
	Grade  detector.Grade
	Result Result
}

// Of folds the watches of a change.
func Of(c store.Change, watches []watch.Watch) Change {
	f := Change{Change: c, State: State(c, watches)}
	_, f.Grade = watch.Fold(watches)
	f.Result = f.result()
	return f
}

// State returns the most urgent state of a change's watches; see watch.Fold.
func State(c store.Change, watches []watch.Watch) string {
	state, _ := watch.Fold(watches)
	switch {
	case state != "":
		return string(state)
	case !c.Planned:
		return string(watch.Waiting)
	}
	return Unwatched
}

// result is what a tool is to make of a change. What was blind, superseded or cleared by a
// person is not ok: nobody has seen that it is well. A version whose rollout failed is not ok
// either, whatever its signals say.
func (c Change) result() Result {
	cleared := c.Standing == store.Cleared
	switch {
	case c.Standing == store.Bad, !cleared && c.State == string(watch.Regressed), !cleared && c.Grade == detector.Certain:
		return Bad
	case c.State == string(watch.Waiting), c.State == string(watch.Watching):
		return Pending
	case c.State == string(watch.Healthy) && c.Status == sources.Succeeded:
		return OK
	}
	return Undecided
}

// Worst is the change that decides: a version is well only where it is well everywhere. all is not empty.
func Worst(all []Change) Change {
	return slices.MinFunc(all, func(a, b Change) int {
		return cmp.Compare(slices.Index(byUrgency, a.Result), slices.Index(byUrgency, b.Result))
	})
}

// Reason is one sentence about the change, for a log.
func (c Change) Reason() string {
	what := fmt.Sprintf("%s in %s", c.Version, c.Environment)
	if c.Region != "" {
		what += " (" + c.Region + ")"
	}
	switch c.Result {
	case Bad:
		return fmt.Sprintf("%s is bad: %s, grade %s", what, c.State, c.Grade)
	case Pending:
		return fmt.Sprintf("%s is being watched: %s, grade %s", what, c.State, c.Grade)
	case OK:
		return what + " is healthy: all its watches ended well"
	}
	switch {
	case c.State == Unwatched:
		return what + " is not watched by any rule, so that nothing is known of it"
	case c.Standing == store.Cleared:
		return what + " was found bad and cleared of it"
	case c.Status == sources.Failed:
		return what + " was reported as failed"
	}
	return fmt.Sprintf("the watches of %s ended without a verdict: %s", what, c.State)
}

// NobodyReported is the reason of Unknown.
func NobodyReported(service, version, environment string) string {
	if version == "" {
		return fmt.Sprintf("it was not said which version of %s in %s is meant", service, environment)
	}
	return fmt.Sprintf("nobody has reported a change of %s to version %s in %s", service, version, environment)
}
