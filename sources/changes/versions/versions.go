package versions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Config is one source of kind versions in pushback.yml.
type Config struct {
	Metrics          string            `yaml:"metrics"`           // the metric store; by default the default one
	Query            string            `yaml:"query"`             // each series is one version of one service; its value: how many instances run it
	Service          string            `yaml:"service"`           // the label that names the service, as the catalogue or its patterns have it
	Version          string            `yaml:"version"`           // the label that names the version
	VersionPattern   string            `yaml:"version_pattern"`   // RE2 with the group version, for labels that hold more, such as an image
	Environment      string            `yaml:"environment"`       // of all series, where environment_label does not say
	EnvironmentLabel string            `yaml:"environment_label"` // the label that names the environment
	RegionLabel      string            `yaml:"region_label"`      // the label that names the region
	Environments     map[string]string `yaml:"environments"`      // the label's name → ours
	Every            time.Duration     `yaml:"every"`
	Quiet            time.Duration     `yaml:"quiet"`    // how long a version must be gone before that counts
	Within           time.Duration     `yaml:"within"`   // how long after a webhook its version must run; 0: nobody is told
	Services         []string          `yaml:"services"` // globs of the services whose changes it may report
}

// SetDefaults sets the labels of build_info, and times that suit a scrape interval of 15 seconds.
func (c *Config) SetDefaults() {
	c.Service, c.Version, c.Environment = "job", "version", "production"
	c.Every, c.Quiet, c.Within = 15*time.Second, time.Minute, 20*time.Minute
}

// config is a checked Config.
type config struct {
	Config
	pattern *regexp.Regexp // nil: the label is the version
}

func (c Config) check() (config, error) {
	var all []error
	wrong := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Query == "" {
		wrong("query is missing: write one such as count by (job, version) (build_info)")
	}
	if c.Service == "" || c.Version == "" || c.Service == c.Version {
		wrong("service and version must be two labels of the query's result")
	}
	if c.Every < time.Second || c.Every > 10*time.Minute {
		wrong("every: %s is not between 1s and 10m", c.Every)
	}
	if c.Quiet < 2*c.Every {
		wrong("quiet: %s is shorter than twice every, so that one failed scrape would count", c.Quiet)
	}
	if c.Within < 0 || c.Within > 0 && c.Within < c.Quiet || c.Within > 24*time.Hour {
		wrong("within: %s is not between quiet and 24h; 0 tells nobody", c.Within)
	}
	for _, glob := range c.Services {
		if _, err := path.Match(glob, ""); err != nil {
			wrong("services: %q is not a glob", glob)
		}
	}
	pattern, err := versionPattern(c.VersionPattern)
	return config{c, pattern}, errors.Join(append(all, err)...)
}

func versionPattern(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	if _, err := regexp.Compile(text); err != nil || len(text) > 1000 {
		return nil, errors.Join(errors.New("version_pattern: this is no regular expression of RE2 of at most 1000 bytes"), err)
	}
	pattern, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err == nil && pattern.SubexpIndex("version") < 0 {
		err = errors.New("version_pattern: name the part that is the version, as in .*:(?<version>.+)")
	}
	return pattern, err
}

// Feed asks a metric store which versions run.
type Feed struct {
	changes.Options
	config config
	now    func() time.Time

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
		Options: o, config: checked, now: time.Now,
		trackers: map[sources.Slot]*tracker{}, names: map[rolloutName]string{},
		decided: map[string]time.Time{}, unmet: map[sources.Slot]bool{},
	}, nil
}

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
	for {
		at := f.now().UTC().Truncate(f.config.Every)
		err := f.tick(ctx, at, &started)
		if err == nil {
			err = f.flush(ctx, take)
		}
		if err == nil && started {
			err = f.compareAnnounced(ctx, at)
		}
		if ctx.Err() != nil {
			return nil
		}
		f.report(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(at.Add(f.config.Every).Sub(f.now())):
		}
	}
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

// catchUp follows the last hours. For a service of which the store knows no change, what runs now is
// the baseline.
func (f *Feed) catchUp(ctx context.Context, store changes.MetricStore, at time.Time) error {
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
	f.replay(ctx, byTime, known)
	return skippedError(skipped, len(series))
}

// replay observes what was read of the past. Of services without a stored change only the newest
// answer counts.
func (f *Feed) replay(ctx context.Context, byTime map[int64]snapshot, known map[sources.Slot]bool) {
	newest := map[sources.Slot]time.Time{}
	for _, t := range timesOf(byTime) {
		for slot := range byTime[t.UnixMilli()] {
			newest[slot] = t
		}
	}
	for _, t := range timesOf(byTime) {
		now := snapshot{}
		for slot, running := range byTime[t.UnixMilli()] {
			if known[slot] || newest[slot].Equal(t) {
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
		slot := f.Canonical(own)
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
