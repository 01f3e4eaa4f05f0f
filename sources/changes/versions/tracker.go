package versions

import (
	"maps"
	"slices"
	"time"
)

// instances are how many instances of a service run each version, at one moment.
type instances map[string]int

// moved is what a tracker found out: a version has begun to roll out, runs everywhere, or has
// vanished again.
type moved struct {
	version  string
	previous string // "" where nobody can tell
	what     movement
	at       time.Time // when it was so first
	began    time.Time // when the version was seen first
}

type movement int

const (
	appeared movement = iota
	replaced          // the version before is gone
	vanished          // the version is gone, and the one before still runs
)

// confirmed is how many times in a row a version must be seen before it counts: one answer may be
// of a scrape that another process answered.
const confirmed = 2

// tracker follows the versions of one service in one place. What runs first is the baseline, and no
// change. An answer without the service is a gap and changes nothing: absence of everything is no
// evidence about a version.
type tracker struct {
	quiet   time.Duration
	since   time.Time            // the first answer
	at      time.Time            // the newest answer
	now     instances            // in the newest answer
	live    map[string]time.Time // what ran before; since when it is gone, zero while it runs
	rolling map[string]*rollout
	seen    map[string]*sighting
}

// rollout is a version that has appeared and not yet replaced another.
type rollout struct {
	first time.Time
	times int       // in a row
	gone  time.Time // zero while it runs
}

func (r *rollout) counts() bool { return r.times >= confirmed }

// sighting is when a version was seen.
type sighting struct{ first, last time.Time }

// maxSeen is how many versions of a service are remembered, the newest.
const maxSeen = 50

func newTracker(quiet time.Duration) *tracker {
	return &tracker{quiet: quiet, rolling: map[string]*rollout{}, seen: map[string]*sighting{}}
}

// observe takes one answer, and returns what it shows.
func (t *tracker) observe(now instances, at time.Time) (all []moved) {
	if len(now) == 0 || !at.After(t.at) {
		return nil
	}
	t.now, t.at = now, at
	t.remember()
	if t.live == nil {
		t.since, t.live = at, map[string]time.Time{}
		for version := range now {
			t.live[version] = time.Time{}
		}
		return nil
	}
	t.markGone()
	return slices.Concat(t.appearances(), t.disappearances(), t.replacements())
}

func (t *tracker) remember() {
	for version := range t.now {
		if t.seen[version] == nil {
			t.seen[version] = &sighting{first: t.at}
		}
		t.seen[version].last = t.at
	}
	for len(t.seen) > maxSeen {
		oldest := slices.MinFunc(slices.Sorted(maps.Keys(t.seen)), func(a, b string) int { return t.seen[a].last.Compare(t.seen[b].last) })
		delete(t.seen, oldest)
	}
}

// markGone notes since when each version of the baseline is gone.
func (t *tracker) markGone() {
	for version, gone := range t.live {
		switch {
		case t.now[version] > 0:
			t.live[version] = time.Time{}
		case gone.IsZero():
			t.live[version] = t.at
		}
	}
}

// appearances are the versions that have been seen often enough to count.
func (t *tracker) appearances() (all []moved) {
	for _, version := range slices.Sorted(maps.Keys(t.now)) {
		if _, known := t.live[version]; known {
			continue
		}
		r := t.rolling[version]
		if r == nil {
			r = &rollout{first: t.at}
			t.rolling[version] = r
		}
		r.gone = time.Time{}
		if r.times++; r.times == confirmed {
			all = append(all, moved{version, t.previous(), appeared, r.first, r.first})
		}
	}
	return all
}

// previous is the version that ran before; "" where several did.
func (t *tracker) previous() string {
	if len(t.live) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(t.live))[0]
}

// disappearances are the versions that have gone before they replaced another. One that a newer
// version pushed aside did not fail.
func (t *tracker) disappearances() (all []moved) {
	for _, version := range slices.Sorted(maps.Keys(t.rolling)) {
		r := t.rolling[version]
		switch {
		case t.now[version] > 0:
		case !r.counts():
			delete(t.rolling, version)
		case r.gone.IsZero():
			r.gone = t.at
		case t.at.Sub(r.gone) >= t.quiet:
			delete(t.rolling, version)
			if !t.newerRolls(r.first) {
				all = append(all, moved{version, t.previous(), vanished, r.gone, r.first})
			}
		}
	}
	return all
}

func (t *tracker) newerRolls(than time.Time) bool {
	for version, r := range t.rolling {
		if r.counts() && r.first.After(than) && t.now[version] > 0 {
			return true
		}
	}
	return false
}

// replacements are the versions that have replaced one that ran before: that one is gone, for so
// long that no gap explains it.
func (t *tracker) replacements() (all []moved) {
	gone := t.goneForGood()
	if gone.IsZero() {
		return nil
	}
	previous := t.previous()
	newest := t.newestRolling()
	for version, since := range t.live {
		if !since.IsZero() {
			delete(t.live, version)
		}
	}
	if newest == "" {
		if len(t.live) == 0 {
			t.live = nil // nothing of what is known runs: begin anew
		}
		return nil
	}
	r := t.rolling[newest]
	t.live[newest] = time.Time{}
	for version, older := range t.rolling {
		if version == newest || !older.first.After(r.first) && t.now[version] == 0 {
			delete(t.rolling, version)
		}
	}
	return []moved{{newest, previous, replaced, later(gone, r.first), r.first}}
}

// goneForGood is since when a version of the baseline is gone that has been so for the quiet time;
// zero where there is none.
func (t *tracker) goneForGood() (since time.Time) {
	for _, gone := range t.live {
		if !gone.IsZero() && t.at.Sub(gone) >= t.quiet && (since.IsZero() || gone.After(since)) {
			since = gone
		}
	}
	return since
}

// newestRolling is the version that began last, of those that run and count.
func (t *tracker) newestRolling() (newest string) {
	for _, version := range slices.Sorted(maps.Keys(t.rolling)) {
		r := t.rolling[version]
		if r.counts() && t.now[version] > 0 && (newest == "" || r.first.After(t.rolling[newest].first)) {
			newest = version
		}
	}
	return newest
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
