package sources

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// End is what tools reported of one way in which a change ended. A change has at
// most two, one for each status: tools retry, and contradict themselves.
type End struct {
	Status   Status    `json:"status"`   // succeeded or failed
	First    time.Time `json:"first"`    // when it was first reported
	Last     time.Time `json:"last"`     // when it was last reported
	Sequence int64     `json:"sequence"` // the tool's sequence number at Last
}

// Begin makes a change of the first event that reports it.
func Begin(e Event) Change {
	c := Change{
		ID: e.ChangeID, Service: e.Service, Environment: e.Environment,
		Region: e.Region, Kind: e.Kind, Reversible: true,
	}
	return c.Fold(e)
}

// Fold returns the change with one more event joined to it, and leaves c as it
// was.
//
// Deliveries overtake each other and are repeated, so the same events must give
// the same change in any order (but for ID, which the first witness gives):
//
//   - StartedAt is the earliest moment that any event names: a started that
//     arrives after its succeeded moves it back, and a tool that reports only the
//     end has StartedAt = FinishedAt.
//   - Status is the end that is latest by the tool's clock; started never takes
//     an end back. FinishedAt is when that end was first reported: a tool that
//     says succeeded again an hour later has not deployed again.
//   - Reversible, once false, stays false.
//   - A field that was missing is filled. Of two values that contradict each
//     other, the smaller in byte order is taken. The earlier one was not chosen,
//     because that needs a time for every field.
func (c Change) Fold(e Event) Change {
	c = c.foldTimes(e)
	c.Version = mergeText(c.Version, e.Version)
	c.Previous = mergeText(c.Previous, e.Previous)
	c.RollbackOf = mergeText(c.RollbackOf, e.RollbackOf)
	c.Group = mergeText(c.Group, e.Group)
	c.Actor = mergeText(c.Actor, e.Actor)
	c.URL = mergeText(c.URL, e.URL)
	c.Reversible = c.Reversible && (e.Reversible == nil || *e.Reversible)
	c.Riders = mergeRiders(c.Riders, e.Riders)
	c.Labels = mergeLabels(c.Labels, e.Labels)
	c.Witnesses = addWitness(c.Witnesses, Witness{Source: e.Source, ChangeID: e.ChangeID, At: e.At})
	return c
}

// foldTimes folds status and times.
func (c Change) foldTimes(e Event) Change {
	earlier := e.At.Compare(c.StartedAt)
	if c.StartedAt.IsZero() || earlier < 0 || earlier == 0 && e.Sequence < c.Sequence {
		c.StartedAt, c.Sequence = e.At, e.Sequence
	}
	if e.Status != Started {
		c.Ends = addEnd(c.Ends, End{Status: e.Status, First: e.At, Last: e.At, Sequence: e.Sequence})
	}
	if len(c.Ends) == 0 {
		c.Status = Started
		return c
	}
	last := slices.MaxFunc(c.Ends, compareEnds)
	c.Status, c.FinishedAt = last.Status, last.First
	return c
}

// addEnd adds e to ends, which stay sorted by status.
func addEnd(ends []End, e End) []End {
	ends = slices.Clone(ends)
	for i, o := range ends {
		if o.Status != e.Status {
			continue
		}
		if e.First.Before(o.First) {
			ends[i].First = e.First
		}
		if compareEnds(e, o) > 0 {
			ends[i].Last, ends[i].Sequence = e.Last, e.Sequence
		}
		return ends
	}
	ends = append(ends, e)
	slices.SortFunc(ends, func(a, b End) int { return cmp.Compare(a.Status, b.Status) })
	return ends
}

// compareEnds orders by the tool's time, then its sequence. Of two at the same
// moment failed counts as later, because a failed change is never acted on.
func compareEnds(a, b End) int {
	return cmp.Or(
		a.Last.Compare(b.Last),
		cmp.Compare(a.Sequence, b.Sequence),
		-cmp.Compare(a.Status, b.Status), // "failed" < "succeeded"
	)
}

// mergeText takes the value that is there, and the smaller of two.
func mergeText(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return min(a, b)
}

// mergeRiders keeps the order in which riders were named while every event
// agrees, and sorts them otherwise, so that no order of events matters.
func mergeRiders(a, b []string) []string {
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	if len(a) == 0 {
		return slices.Clone(b)
	}
	both := slices.Concat(a, b)
	slices.Sort(both)
	both = slices.Compact(both)
	return both[:min(len(both), MaxRiders)]
}

func mergeLabels(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	both := make(map[string]string, len(a)+len(b))
	maps.Copy(both, a)
	for k, v := range b {
		both[k] = mergeText(both[k], v)
	}
	names := slices.Sorted(maps.Keys(both))
	for _, excess := range names[min(len(names), MaxLabels):] {
		delete(both, excess)
	}
	return both
}

// addWitness keeps one witness for each tool and name, at its earliest time, oldest
// first.
func addWitness(ws []Witness, w Witness) []Witness {
	ws = slices.Clone(ws)
	same := func(o Witness) bool { return o.Source == w.Source && o.ChangeID == w.ChangeID }
	switch i := slices.IndexFunc(ws, same); {
	case i < 0:
		ws = append(ws, w)
	case w.At.Before(ws[i].At):
		ws[i] = w
	}
	slices.SortFunc(ws, func(a, b Witness) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ChangeID, b.ChangeID))
	})
	return ws
}

// Newer reports whether a comes after b in their slot: by the tool's own time and
// sequence, never by arrival. Where both are equal the names decide, because of
// two changes that are both the newest, both could act. Names that count up are
// compared as numbers, by length and then by bytes.
func Newer(a, b Change) bool {
	return cmp.Or(
		a.StartedAt.Compare(b.StartedAt),
		cmp.Compare(a.Sequence, b.Sequence),
		cmp.Compare(len(a.ID), len(b.ID)),
		cmp.Compare(a.ID, b.ID),
	) > 0
}
