package profiles

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// FreshFor is how long a profile counts as fresh. An older one is used until a
// fresh one is learned, and the evidence says how old it is.
const FreshFor = 24 * time.Hour

// leastFresh is the least for which a profile counts as fresh: a signal that has gaps is not
// learned again at every look.
const leastFresh = 30 * time.Minute

// freshFor is how long a profile counts as fresh. One that was learned from too little for a scan
// is fresh until there can be enough, so that a new service is judged in full as soon as it can be.
//
// See adr/0112.
func freshFor(p detector.Profile) time.Duration {
	have := time.Duration(p.Ticks) * p.Tick
	if have >= detector.MinHistory {
		return FreshFor
	}
	return max(detector.MinHistory-have, leastFresh)
}

// Store is what the keeper needs of the state database.
type Store interface {
	NewestProfile(ctx context.Context, name string) (hash string, learned time.Time, err error)
	ProfileByHash(ctx context.Context, hash string) (detector.Profile, error)
	UseProfiles(ctx context.Context, hashes []string) (kept []string, err error)
	PutProfile(ctx context.Context, name string, p detector.Profile, learned time.Time) (string, error)
	LiveChanges(ctx context.Context, since time.Time) ([]store.Change, error)
	MaskedWindows(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Window, error)
	GoodChanges(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Change, error)
	IncidentsChanged(ctx context.Context, service, environment string, from, to time.Time) (time.Time, error)
}

// Catalogue is what the keeper needs of the service catalogue.
type Catalogue interface {
	Service(ctx context.Context, name string, now time.Time) (rules.Service, error)
	Names(ctx context.Context, now time.Time) ([]string, error)
}

// Options are what a keeper works with. All but Learned are required.
type Options struct {
	Store        Store
	Metrics      map[string]gather.Ranger // metric stores by name
	DefaultStore string                   // the metric store of rules that name none
	Catalogue    Catalogue
	Rules        func() []rules.Rule                    // the rules in force
	Learned      func(took time.Duration, failed error) // counts one attempt to learn a profile
	Log          *slog.Logger
	Now          func() time.Time
}

// Keeper learns profiles and stores them: on schedule and when a rule changes
// (pass.go), and for a change that found none (learn.go). A change never waits for
// a profile: its watch is judged with what is there, the evidence says so, and a
// fresh profile is used from the first look after it is learned.
type Keeper struct {
	Options
	requests chan Request
	changed  chan struct{} // rules may have changed
	passing  sync.Mutex    // one pass over all rules at a time

	byHash  cache[detector.Profile] // what watches are judged with
	byName  cache[named]            // what watches without a fresh profile find
	shapes  cache[bool]             // which services have shapes of their own; see ownShape
	retryAt cache[struct{}]         // names that were requested not long ago

	turn      chan struct{} // held by whoever learns
	restUntil time.Time     // of whoever has the turn
	scheduled *pass         // of Relearn, until it has learned everything

	mu           sync.Mutex
	requested    map[string]bool      // by name: in requests, or under way
	learnedRules map[string]bool      // by hash: rules whose profiles were learned ahead
	learnedAt    map[string]time.Time // by name, of the profiles that rules want; zero: never
}

// New returns a keeper that learns nothing until Run is called.
func New(o Options) *Keeper {
	return &Keeper{
		Options: o, requests: make(chan Request, 256), changed: make(chan struct{}, 1),
		byHash: cache[detector.Profile]{keep: unusedFor, renew: true, room: maxCached},
		byName: cache[named]{keep: lookUpAfter}, shapes: cache[bool]{keep: lookUpAfter}, retryAt: cache[struct{}]{keep: requestRetry},
		turn: make(chan struct{}, 1), requested: map[string]bool{},
		learnedRules: map[string]bool{}, learnedAt: map[string]time.Time{},
	}
}

// Of returns the profiles of a watch's signals by signal name, and how they are stored, so
// that the look can be judged again. It notes in w which ones the watch uses from now on,
// because a watch judges every look by the same profile. A profile that is missing or
// stale is requested.
func (k *Keeper) Of(ctx context.Context, w *watch.Watch, c store.Change, r rules.Rule) (detector.Profiles, replay.Profiles) {
	ps, stored, fresh := detector.Profiles{}, replay.Profiles{}, map[string]found{}
	for i, s := range w.Plan.Signals {
		if i >= len(w.Inputs) {
			break // not resolved yet, so there is no query to learn from
		}
		if !s.Learns() {
			continue
		}
		p, err := k.current(ctx, w, Request{
			plan: w.Plan.On(s), signal: s, input: w.Inputs[i],
			span: r.History, end: w.BaseAt, rollout: r.Rollout, service: c.Service, environment: c.Environment,
		})
		switch {
		case err == nil:
			ps[s.Name] = p.Profile
			stored.Use(s.Name, p.hash, p.withoutShape)
			if p.pin != "" {
				fresh[s.Name] = p
			}
		case !errors.Is(err, store.ErrNotFound):
			k.Log.Warn("cannot read a profile; judging this look without it", "watch", w.ID, "signal", s.Name, "error", err)
		}
	}
	if err := k.pin(ctx, w, fresh); err != nil {
		k.Log.Warn("cannot fix the profiles of a watch; its next look tries it again", "watch", w.ID, "error", err)
	}
	return ps, stored
}

// current returns the profile that a watch has begun to use, or else the newest.
// Only a fresh one is to be pinned to the watch: in place of a stale one, a newer one is
// requested.
func (k *Keeper) current(ctx context.Context, w *watch.Watch, l Request) (found, error) {
	if hash := w.Profiles[l.signal.Name]; hash != "" {
		p, err := k.Read(ctx, hash)
		return found{Profile: p, named: named{hash: hash}}, err
	}
	l, err := k.choose(ctx, l)
	if err != nil {
		return found{}, err
	}
	p, err := k.newest(ctx, l)
	fits := err == nil && !p.End.After(w.BaseAt.Add(w.Plan.Tick))
	if fits && !p.withoutShape && w.BaseAt.Sub(p.End) < freshFor(p.Profile) {
		outdated, err := k.outdated(ctx, l, p.learned)
		if err != nil {
			return p, err
		}
		if !outdated {
			p.pin = l.name
			return p, nil
		}
	}
	k.enqueue(l)
	if err == nil && !fits {
		return found{}, store.ErrNotFound
	}
	return p, err
}

// pin fixes profiles, by signal, for the rest of a watch. Where a newer one has just replaced
// one, the next look takes that one.
func (k *Keeper) pin(ctx context.Context, w *watch.Watch, fresh map[string]found) error {
	if len(fresh) == 0 {
		return nil
	}
	var hashes []string
	for _, p := range fresh {
		hashes = append(hashes, p.hash)
	}
	kept, err := k.Store.UseProfiles(ctx, hashes)
	pinned := maps.Clone(w.Profiles)
	if pinned == nil {
		pinned = map[string]string{}
	}
	for signal, p := range fresh {
		if slices.Contains(kept, p.hash) {
			pinned[signal] = p.hash
		} else {
			k.byName.drop(p.pin) // another replica has replaced it
		}
	}
	w.Profiles = pinned
	return err
}

// Read returns a profile by its hash. It caches, because a hash names one content.
func (k *Keeper) Read(ctx context.Context, hash string) (detector.Profile, error) {
	if p, ok := k.byHash.get(hash, k.Now()); ok {
		return p, nil
	}
	p, err := k.Store.ProfileByHash(ctx, hash)
	if err == nil {
		k.byHash.put(hash, p, p.Size(), k.Now())
	}
	return p, err
}

const (
	// maxCached is how many bytes of profiles are kept. One that was learned from some hours
	// takes 2 KiB and one with the curves of its day 20: thirty thousand of the former, or three
	// thousand of the latter. The watches that find no room read theirs at every look.
	maxCached = 64 << 20
	// unusedFor is how long after its last look a profile is kept.
	unusedFor = 10 * time.Minute
	// lookUpAfter is how soon a look learns what another replica has learned, and that a service
	// has a shape of its own.
	lookUpAfter = time.Minute
)
