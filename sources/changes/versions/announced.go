package versions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// How often announced changes are compared with what runs, how far back names of versions are
// compared, and for how long after its time a change is still compared.
const (
	compareEvery = time.Minute
	namesSince   = 30 * 24 * time.Hour
	compareFor   = 30 * time.Minute
)

// compareAnnounced tells of every change that another source reported and whose version did not run
// within the time set. It says so only where that is known: this feed has watched the service all
// the while, and a version that the same source reported before was seen. Otherwise the source and
// the metric name versions differently, which is logged once.
func (f *Feed) compareAnnounced(ctx context.Context, at time.Time) error {
	if f.config.Within == 0 || at.Sub(f.compared) < min(compareEvery, f.config.Within) {
		return nil
	}
	reported, err := f.Reported(ctx, at.Add(-namesSince))
	if err != nil {
		return err
	}
	for key, started := range f.decided {
		if at.Sub(started) > f.config.Within+2*compareFor {
			delete(f.decided, key)
		}
	}
	for _, c := range reported {
		if err := f.compare(ctx, c, reported, at); err != nil {
			return err
		}
	}
	f.compared = at
	return nil
}

func (f *Feed) compare(ctx context.Context, c sources.Change, reported []sources.Change, at time.Time) error {
	due := c.StartedAt.Add(f.config.Within)
	if _, done := f.decided[c.Key()]; done || at.Before(due) || at.After(due.Add(compareFor)) {
		return nil
	}
	source := f.announcer(c)
	if source == "" {
		return nil
	}
	switch finding, running := f.find(c, reported); finding {
	case unknown:
		return nil // it may be known at the next tick
	case unmet:
		f.noteUnmet(c, source, running)
	case absent:
		text := fmt.Sprintf("does not run %s after %s reported it: %s", f.config.Within, source, running)
		if err := f.Remark(ctx, c, "not-running/"+f.Name, text); err != nil {
			return err
		}
	}
	f.decided[c.Key()] = c.StartedAt
	return nil
}

// announcer is another source that reported a deploy as under way or done; "" where none did.
func (f *Feed) announcer(c sources.Change) string {
	if c.Kind != sources.Deploy || c.Status == sources.Failed || c.Version == "" {
		return ""
	}
	return f.otherWitness(c)
}

// otherWitness is a source beside this one that reported a change; "" where none did.
func (f *Feed) otherWitness(c sources.Change) string {
	for _, w := range c.Witnesses {
		if w.Source != f.Name {
			return w.Source
		}
	}
	return ""
}

// finding is what is known about the version of an announced change.
type finding int

const (
	unknown finding = iota // nobody watched all the while
	ran                    // it was seen
	absent                 // it was not, and the names meet
	unmet                  // it was not, and the names do not meet
)

func (f *Feed) find(c sources.Change, reported []sources.Change) (finding, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.trackers[c.Slot()]
	if t == nil || t.since.After(c.StartedAt) || t.at.Before(c.StartedAt.Add(f.config.Within)) {
		return unknown, ""
	}
	for version, s := range t.seen {
		if !s.last.Before(c.StartedAt) && sources.SameVersion(version, c.Version) {
			return ran, ""
		}
	}
	if f.named(t, c, reported) {
		return absent, running(t.now)
	}
	return unmet, running(t.now)
}

// namesCompared is how many earlier changes of a source are looked at for a name that met.
const namesCompared = 3

// named reports whether the names of the source that reported a change have met the metric's: one of
// the last versions that it reported was seen, or the one that it says was there before.
func (f *Feed) named(t *tracker, c sources.Change, reported []sources.Change) bool {
	if t.saw(c.Previous) {
		return true
	}
	source, earlier := f.otherWitness(c), 0
	for _, o := range reported { // the newest first
		if o.Slot() != c.Slot() || f.otherWitness(o) != source || !sources.Newer(c, o) {
			continue
		}
		if t.saw(o.Version) {
			return true
		}
		if earlier++; earlier == namesCompared {
			return false
		}
	}
	return false
}

// saw reports whether a version was among those that ran.
func (t *tracker) saw(version string) bool {
	for seen := range t.seen {
		if sources.SameVersion(seen, version) {
			return true
		}
	}
	return false
}

// running names what runs, in words.
func running(now instances) string {
	names := slices.Sorted(maps.Keys(now))
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], fmt.Sprintf("%d more", more))
	}
	if len(names) == 1 {
		return names[0] + " does"
	}
	return strings.Join(names, ", ") + " do"
}

// noteUnmet logs, once per service, that versions are named differently.
func (f *Feed) noteUnmet(c sources.Change, source, running string) {
	f.mu.Lock()
	before := f.unmet[c.Slot()]
	f.unmet[c.Slot()] = true
	f.mu.Unlock()
	if before {
		return
	}
	f.Log.Warn("the names of versions do not meet; whether a reported version runs is not checked for this service",
		"service", c.Service, "environment", c.Environment, "reported_by", source, "reported", c.Version, "runs", running,
		"fix", "set version_pattern, or have the source send the version that the metric shows")
}
