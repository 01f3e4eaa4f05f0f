package versions

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// event makes the event of a movement; own is the place by the metric's names. Its names are made of what was seen and when, so that every
// replica makes the same.
func (f *Feed) event(ctx context.Context, slot, own sources.Slot, m moved) sources.Event {
	id := strings.Join([]string{m.version, m.began.UTC().Format(time.RFC3339)}, "/")
	status := map[movement]sources.Status{appeared: sources.Started, replaced: sources.Succeeded, vanished: sources.Failed}[m.what]
	return sources.Event{
		Source: f.Name, ChangeID: fitted(id), Status: status, At: m.at,
		EventID: fitted(strings.Join([]string{own.Service, own.Environment, own.Region, id + ":" + string(status)}, "/")),
		Service: own.Service, Environment: own.Environment, Region: own.Region, Kind: sources.Deploy,
		Version: f.reportedName(ctx, slot, m), Previous: m.previous,
	}
}

// fitted is a name that is short enough for an event.
func fitted(name string) string {
	if len(name) <= sources.MaxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// mergeWithin is how far apart the reports of two tools about one change may be.
const mergeWithin = 30 * time.Minute

// reportedName is what another source calls the version that has appeared, so that both report one
// change; the metric's own name where none has reported it.
func (f *Feed) reportedName(ctx context.Context, slot sources.Slot, m moved) string {
	key := rolloutName{slot, m.version}
	if m.what != appeared {
		name := cmp.Or(f.names[key], m.version)
		delete(f.names, key)
		return name
	}
	found, err := f.Reported(ctx, m.at.Add(-mergeWithin))
	if err != nil {
		f.Log.Warn("cannot read what other sources reported; using the name of the version in the metrics", "error", err)
		return m.version
	}
	for _, c := range found {
		if c.Slot() == slot && sources.SameVersion(c.Version, m.version) {
			f.names[key] = c.Version
			return c.Version
		}
	}
	return m.version
}

// Instances says how many instances run the version of a change, in words; "" where this feed does
// not count them, or all run it and the change has ended.
func (f *Feed) Instances(c sources.Change) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.trackers[c.Slot()]
	if t == nil || t.at.Before(c.StartedAt) {
		return ""
	}
	run, all := 0, 0
	for version, n := range t.now {
		all += n
		if sources.SameVersion(version, c.Version) {
			run += n
		}
	}
	if all == 0 || run == all && c.Status != sources.Started || run == 0 && !t.runs(c.Previous) {
		return "" // without the version before, the names of the two may not meet
	}
	if all == 1 {
		return map[bool]string{true: "its one instance runs ", false: "its one instance does not run "}[run == 1] + c.Version
	}
	return fmt.Sprintf("%d of %d instances run %s", run, all, c.Version)
}

// runs reports whether some instance runs a version.
func (t *tracker) runs(version string) bool {
	for running := range t.now {
		if sources.SameVersion(running, version) {
			return true
		}
	}
	return false
}

func compareSlots(a, b sources.Slot) int {
	return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Region, b.Region))
}
