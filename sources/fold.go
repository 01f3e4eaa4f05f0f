package sources

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// End is what was told of one way a change ended. A change has at most two:
// tools retry, and contradict themselves.
type End struct {
	Status   Status    `json:"status"`   // succeeded or failed
	First    time.Time `json:"first"`    // when it was first so
	Last     time.Time `json:"last"`     // when it was last said to be
	Sequence int64     `json:"sequence"` // the tool's order at Last
}

// Begin makes a change of the first event that tells of it.
func Begin(e Event) Change {
	c := Change{
		ID: e.ChangeID, Service: e.Service, Environment: e.Environment,
		Region: e.Region, Kind: e.Kind, Reversible: true,
	}
	return c.Fold(e)
}

// Fold joins one more event to its change, and leaves c as it was.
//
// Deliveries overtake each other and are repeated, so that any order of the
// same events gives the same change (ID alone is the first witness's):
//
//   - StartedAt is the earliest moment any event names: a started that arrives
//     after its succeeded moves it back, and a tool that tells only the end
//     has StartedAt = FinishedAt.
//   - Status is the end told last by the tool's clock; started never takes an
//     end back. FinishedAt is when that end was first told: a tool that says
//     succeeded again an hour later has not deployed again.
//   - Reversible, once false, stays false.
//   - A field that was missing is filled. Of two words that contradict each
//     other the smaller in byte order stands: keeping a time for every field
//     would let the earlier one win, but costs more than the case is worth.
func (c Change) Fold(e Event) Change {
	c = c.timed(e)
	c.Version = settled(c.Version, e.Version)
	c.Previous = settled(c.Previous, e.Previous)
	c.RollbackOf = settled(c.RollbackOf, e.RollbackOf)
	c.Group = settled(c.Group, e.Group)
	c.Actor = settled(c.Actor, e.Actor)
	c.URL = settled(c.URL, e.URL)
	c.Reversible = c.Reversible && (e.Reversible == nil || *e.Reversible)
	c.Riders = joinedRiders(c.Riders, e.Riders)
	c.Labels = joinedLabels(c.Labels, e.Labels)
	c.Witnesses = witnessed(c.Witnesses, Witness{Source: e.Source, ChangeID: e.ChangeID, At: e.At})
	return c
}

// timed folds status and times.
func (c Change) timed(e Event) Change {
	earlier := e.At.Compare(c.StartedAt)
	if c.StartedAt.IsZero() || earlier < 0 || earlier == 0 && e.Sequence < c.Sequence {
		c.StartedAt, c.Sequence = e.At, e.Sequence
	}
	if e.Status != Started {
		c.Ends = ended(c.Ends, End{Status: e.Status, First: e.At, Last: e.At, Sequence: e.Sequence})
	}
	if len(c.Ends) == 0 {
		c.Status = Started
		return c
	}
	last := slices.MaxFunc(c.Ends, laterEnd)
	c.Status, c.FinishedAt = last.Status, last.First
	return c
}

// ended adds e to ends, sorted by status.
func ended(ends []End, e End) []End {
	ends = slices.Clone(ends)
	for i, o := range ends {
		if o.Status != e.Status {
			continue
		}
		if e.First.Before(o.First) {
			ends[i].First = e.First
		}
		if laterEnd(e, o) > 0 {
			ends[i].Last, ends[i].Sequence = e.Last, e.Sequence
		}
		return ends
	}
	ends = append(ends, e)
	slices.SortFunc(ends, func(a, b End) int { return cmp.Compare(a.Status, b.Status) })
	return ends
}

// laterEnd orders by the tool's time, then its sequence. Of two at the same
// moment failed stands, because a failed change is never acted on.
func laterEnd(a, b End) int {
	return cmp.Or(
		a.Last.Compare(b.Last),
		cmp.Compare(a.Sequence, b.Sequence),
		-cmp.Compare(a.Status, b.Status), // "failed" < "succeeded"
	)
}

func settled(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return min(a, b)
}

// joinedRiders keeps the order riders were named in while every event agrees,
// and sorts once they do not.
func joinedRiders(a, b []string) []string {
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

func joinedLabels(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	both := make(map[string]string, len(a)+len(b))
	maps.Copy(both, a)
	for k, v := range b {
		both[k] = settled(both[k], v)
	}
	names := slices.Sorted(maps.Keys(both))
	for _, excess := range names[min(len(names), MaxLabels):] {
		delete(both, excess)
	}
	return both
}

// witnessed keeps one witness a tool and name, at its earliest, oldest first.
func witnessed(ws []Witness, w Witness) []Witness {
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

// Newer says whether a comes after b in their slot: by the tool's own time and
// sequence, never by arrival. Where both are equal the names decide, because
// two changes that both stand could both act; names that count up are compared
// as numbers are, by length and then by bytes.
func Newer(a, b Change) bool {
	return cmp.Or(
		a.StartedAt.Compare(b.StartedAt),
		cmp.Compare(a.Sequence, b.Sequence),
		cmp.Compare(len(a.ID), len(b.ID)),
		cmp.Compare(a.ID, b.ID),
	) > 0
}
