package versions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Feed asks a metric store which versions run.
type Feed struct {
	changes.Options
	config config
	now    func() time.Time
	began  time.Time      // when the feed was made
	memory changes.Memory // of the times before

	noted  time.Time // until when the memory knows that versions were read
	logged bool      // that versions were read

	mu       sync.Mutex
	trackers map[sources.Slot]*tracker // by the catalogue's names
	trouble  string

	pending  []sources.Event        // not stored yet
	names    map[rolloutName]string // what a webhook calls the version of a rollout
	decided  map[string]time.Time   // keys of announced changes that were compared
	unmet    map[sources.Slot]bool  // where names of versions do not meet, which was logged
	compared time.Time
}

// rolloutName is the version of one slot.
type rolloutName struct {
	slot    sources.Slot
	version string
}

// New checks the settings. It asks nobody.
func New(o changes.Options, c Config) (*Feed, error) {
	checked, err := c.check()
	if err != nil {
		return nil, err
	}
	return &Feed{
		Options: o, config: checked, now: time.Now, began: time.Now(), memory: changes.NoMemory{},
		trackers: map[sources.Slot]*tracker{}, names: map[rolloutName]string{},
		decided: map[string]time.Time{}, unmet: map[sources.Slot]bool{},
	}, nil
}

// Remember says until when versions were read before a restart.
func (f *Feed) Remember(m changes.Memory) { f.memory = m }

// Question is the metric store and the query of the feed, for checks of pushback.yml.
func (f *Feed) Question() (store, query string) { return f.config.Metrics, f.config.Query }

// Trouble says what keeps the feed from reading now.
func (f *Feed) Trouble() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trouble
}

func (f *Feed) setTrouble(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text != "" && text != f.trouble {
		f.Log.Warn("cannot tell which versions run", "detail", text)
	}
	f.trouble = text
}

// Run asks at every multiple of the interval.
func (f *Feed) Run(ctx context.Context, take changes.Take) error {
	started := false
	for ctx.Err() == nil {
		at := f.now().UTC().Truncate(f.config.Every)
		if err := f.round(ctx, take, at, &started); ctx.Err() == nil {
			f.report(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(at.Add(f.config.Every).Sub(f.now())):
		}
	}
	return nil
}

// round asks once, stores what was found, and compares it with what other sources reported.
func (f *Feed) round(ctx context.Context, take changes.Take, at time.Time, started *bool) error {
	if err := f.tick(ctx, at, started); err != nil {
		return err
	}
	if err := f.flush(ctx, take); err != nil {
		return err
	}
	f.noteRead(ctx, at)
	f.logRead()
	return f.compareAnnounced(ctx, at)
}

func (f *Feed) report(err error) {
	if err != nil {
		f.setTrouble(sources.OneLine(err.Error(), 300))
		return
	}
	f.setTrouble("")
}

// tick asks once: what runs now, or, before the first answer, what ran in the last hours.
func (f *Feed) tick(ctx context.Context, at time.Time, started *bool) error {
	store, err := f.Store(f.config.Metrics)
	if err != nil {
		return err
	}
	if !*started {
		if err := f.catchUp(ctx, store, at); err != nil {
			return err
		}
		*started = true
		return nil
	}
	series, err := store.Instant(ctx, f.config.Query, at)
	if err != nil {
		return err
	}
	byTime, skipped := f.config.read(stampedAt(series, at))
	for _, t := range timesOf(byTime) {
		f.observe(ctx, byTime[t.UnixMilli()], t)
	}
	return skippedError(skipped, len(series))
}

// stampedAt gives the samples of an instant query the time that was asked for: stores differ in what
// they answer.
func stampedAt(series []sources.Series, at time.Time) []sources.Series {
	stamped := make([]sources.Series, 0, len(series))
	for _, s := range series {
		if n := len(s.Samples); n > 0 {
			s.Samples = []sources.Sample{{T: at.UnixMilli(), V: s.Samples[n-1].V}}
			stamped = append(stamped, s)
		}
	}
	return stamped
}

func skippedError(skipped, all int) error {
	if all > 0 && skipped == all {
		return fmt.Errorf("none of the %d series of the query names a service and a version: compare its labels with service, version and version_pattern", all)
	}
	return nil
}

// lookBack is how much is read again after a start. Rollouts that began before end unseen.
const lookBack = 2 * time.Hour

// The part of the feed that the memory has a note of, and how often the note is written.
const (
	part      = "versions"
	noteEvery = time.Minute
)

// followFrom is the time from which on a version that was not there is a change, although the store
// knows no change of its service: the last note, or the first start if there is none. The first start
// and not the first answer, because the metric store may answer late, and somebody may deploy meanwhile.
func (f *Feed) followFrom(ctx context.Context) (time.Time, error) {
	first, last, err := f.memory.Reads(ctx, part)
	if err != nil {
		return first, err
	}
	if first.IsZero() {
		return f.began, f.memory.NoteRead(ctx, part, f.began)
	}
	// A version may have been seen once before the note, and counts when it is seen again.
	return later(first, last.Add(-f.config.Quiet)), nil
}

// noteRead stores from time to time that versions were read, and that all that was found is stored.
func (f *Feed) noteRead(ctx context.Context, at time.Time) {
	if at.Sub(f.noted) < noteEvery {
		return
	}
	if err := f.memory.NoteRead(ctx, part, at); err != nil {
		if ctx.Err() == nil {
			f.Log.Warn("cannot store that versions were read; after a restart they may be read again", "error", err)
		}
		return
	}
	f.noted = at
}

// logRead logs once how many services are followed.
func (f *Feed) logRead() {
	f.mu.Lock()
	services := len(f.trackers)
	f.mu.Unlock()
	if services > 0 && !f.logged {
		f.logged = true
		f.Log.Info("read which versions run", "services", services)
	}
}

// catchUp follows the last hours. For a service of which the store knows no change, what ran at the
// time of followFrom is the baseline; if nothing did, what ran first after it.
func (f *Feed) catchUp(ctx context.Context, store changes.MetricStore, at time.Time) error {
	since, err := f.followFrom(ctx)
	if err != nil {
		return err
	}
	step := f.config.Every
	from := at.Add(-lookBack).Truncate(step)
	series, err := store.Range(ctx, sources.Query{Expr: f.config.Query, Step: step}, sources.Window{From: from, To: at})
	if err != nil {
		return err
	}
	known := map[sources.Slot]bool{}
	byTime, skipped := f.config.read(series)
	for _, t := range timesOf(byTime) {
		for _, slot := range slotsOf(byTime[t.UnixMilli()]) {
			if _, asked := known[slot]; asked {
				continue
			}
			last, err := f.LastVersion(ctx, slot)
			if err != nil {
				return err
			}
			known[slot] = last != ""
		}
	}
	f.replay(ctx, byTime, known, since)
	return skippedError(skipped, len(series))
}

// replay observes what was read of the past; of services without a stored change, from the newest
// answer at or before since.
func (f *Feed) replay(ctx context.Context, byTime map[int64]snapshot, known map[sources.Slot]bool, since time.Time) {
	times := timesOf(byTime)
	baseline := map[sources.Slot]time.Time{}
	for _, t := range times {
		for slot := range byTime[t.UnixMilli()] {
			if !t.After(since) {
				baseline[slot] = t
			}
		}
	}
	for _, t := range times {
		now := snapshot{}
		for slot, running := range byTime[t.UnixMilli()] {
			if known[slot] || !t.Before(baseline[slot]) {
				now[slot] = running
			}
		}
		f.observe(ctx, now, t)
	}
}

func slotsOf(s snapshot) []sources.Slot {
	var all []sources.Slot
	for slot := range s {
		all = append(all, slot)
	}
	slices.SortFunc(all, func(a, b sources.Slot) int { return compareSlots(a, b) })
	return all
}

// observe follows every service of a snapshot, and keeps the events that it makes.
func (f *Feed) observe(ctx context.Context, s snapshot, at time.Time) {
	services, own := f.canonical(s)
	for _, slot := range slotsOf(services) {
		f.mu.Lock()
		t := f.trackers[slot]
		if t == nil && len(f.trackers) < maxSlots {
			t = newTracker(f.config.Quiet)
			f.trackers[slot] = t
		}
		var all []moved
		if t != nil {
			all = t.observe(services[slot], at)
		}
		f.mu.Unlock()
		for _, m := range all {
			f.pending = append(f.pending, f.event(ctx, slot, own[slot], m))
		}
	}
}

// canonical is a snapshot by the catalogue's names, and a name of the metric's for each: the server
// maps the names of events once more. Several names of one service are one.
func (f *Feed) canonical(s snapshot) (services snapshot, names map[sources.Slot]sources.Slot) {
	services, names = snapshot{}, map[sources.Slot]sources.Slot{}
	for _, own := range slotsOf(s) {
		slot := f.CanonicalSlot(own)
		if services[slot] == nil {
			services[slot], names[slot] = instances{}, own
		}
		for version, n := range s[own] {
			services[slot][version] += n
		}
	}
	return services, names
}

// flush stores the events that wait, in order. After an error the rest is tried at the next tick.
func (f *Feed) flush(ctx context.Context, take changes.Take) error {
	for len(f.pending) > 0 {
		e := f.pending[0]
		raw, err := json.Marshal(e)
		if err != nil {
			return err
		}
		err = take(ctx, changes.Delivery{Events: []sources.Event{e}, Raw: raw})
		if err != nil && !changes.Refused(err) {
			return fmt.Errorf("cannot store a change; trying again: %w", err)
		}
		if err != nil {
			f.Log.Warn("a change that the metrics show is refused; it is left out", "reason", err)
		}
		f.pending = f.pending[1:]
	}
	return nil
}
