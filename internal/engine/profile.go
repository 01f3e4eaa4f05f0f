package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// profileAge is how long a profile is the newest there need be. One that is
// older serves until a fresh one is there, and the evidence says how old it is.
const profileAge = 24 * time.Hour

// profileKeeper learns how signals move and keeps what it learned: by the
// clock and when a rule changes (ahead.go), and for a change that found
// nothing (learn.go). A change never waits for it: a watch judges with what is
// there and the evidence says so; a fresh profile serves from the look after
// it is done.
type profileKeeper struct {
	engine   *Engine
	requests chan lesson
	edited   chan struct{} // rules may have changed
	passing  sync.Mutex    // one pass over all rules at a time
	mu       sync.Mutex
	asked    map[string]time.Time // by name: under way, or not to be tried before
	byHash   map[string]detector.Profile
	taught   map[string]bool      // by hash: rules whose profiles were learned ahead
	wanted   map[string]time.Time // by name: when it was learned; zero: it could not be
}

func newProfileKeeper(e *Engine) *profileKeeper {
	return &profileKeeper{
		engine: e, requests: make(chan lesson, 256), edited: make(chan struct{}, 1),
		asked: map[string]time.Time{}, byHash: map[string]detector.Profile{},
		taught: map[string]bool{}, wanted: map[string]time.Time{},
	}
}

// of gives the profiles of a watch's signals, fixing in w the ones it starts
// to use: a watch judges every look by the same profile.
func (k *profileKeeper) of(ctx context.Context, w *watch.Watch, c store.Change, span time.Duration) detector.Profiles {
	ps := detector.Profiles{}
	for i, s := range w.Plan.Signals {
		if i >= len(w.Inputs) {
			break // not resolved: nothing is asked in its name
		}
		if !s.Learns() {
			continue
		}
		p, err := k.profile(ctx, w, lesson{
			name: profileName(w.Plan.On(s), s, w.Inputs[i]), plan: w.Plan.On(s), signal: s, input: w.Inputs[i],
			span: span, end: w.BaseAt, service: c.Service, environment: c.Environment,
		})
		switch {
		case err == nil:
			ps[s.Name] = p
		case !errors.Is(err, store.ErrNotFound):
			k.engine.Log.Warn("profile not read", "watch", w.ID, "signal", s.Name, "error", err)
		}
	}
	return ps
}

// profile is the one a watch has begun to use, or else the newest. Only a fresh
// one is held on to: for a stale or a missing one a better is on its way.
func (k *profileKeeper) profile(ctx context.Context, w *watch.Watch, l lesson) (detector.Profile, error) {
	if hash := w.Profiles[l.signal.Name]; hash != "" {
		return k.read(ctx, hash)
	}
	p, hash, learned, err := k.engine.Store.NewestProfile(ctx, l.name)
	fits := err == nil && !p.End.After(w.BaseAt.Add(w.Plan.Tick))
	if fits && w.BaseAt.Sub(p.End) < profileAge {
		outdated, err := k.outdated(ctx, l, learned)
		if err != nil {
			return p, err
		}
		if !outdated {
			return p, k.hold(ctx, w, l, hash)
		}
	}
	k.ask(l)
	if err == nil && !fits {
		return detector.Profile{}, store.ErrNotFound
	}
	return p, err
}

// hold fixes a profile for the rest of a watch. Where a newer one has just
// taken its place, the next look takes that.
func (k *profileKeeper) hold(ctx context.Context, w *watch.Watch, l lesson, hash string) error {
	kept, err := k.engine.Store.UseProfile(ctx, hash)
	if err != nil || !kept {
		return err
	}
	w.Profiles = maps.Clone(w.Profiles)
	if w.Profiles == nil {
		w.Profiles = map[string]string{}
	}
	w.Profiles[l.signal.Name] = hash
	return nil
}

// read keeps profiles by their hash: they never change.
func (k *profileKeeper) read(ctx context.Context, hash string) (detector.Profile, error) {
	k.mu.Lock()
	p, ok := k.byHash[hash]
	k.mu.Unlock()
	if ok {
		return p, nil
	}
	p, err := k.engine.Store.ProfileByHash(ctx, hash)
	if err == nil {
		k.mu.Lock()
		if len(k.byHash) >= profilesKept {
			clear(k.byHash)
		}
		k.byHash[hash] = p
		k.mu.Unlock()
	}
	return p, err
}

// profilesKept bounds the memory of read; beyond it, it starts afresh.
const profilesKept = 1000

// profileName says what a profile belongs to: where its numbers come from,
// the grid, and the direction.
func profileName(p detector.Plan, s detector.Signal, in watch.Input) string {
	in.Signal = ""
	in.Value.Step, in.Part.Step, in.OnlyIf.Step, in.Buckets = 0, 0, 0, ""
	if in.Control != nil {
		in.Control = &watch.Arm{Value: sources.Query{Expr: in.Control.Value.Expr}, Part: sources.Query{Expr: in.Control.Part.Expr}}
	}
	b, err := json.Marshal(struct {
		Input         watch.Input
		Tick, Season  time.Duration
		Before, After int
		Kind          detector.Kind
		Worse         detector.Worse
	}{in, p.Tick, p.Season, p.Before, p.After, s.Kind, s.Worse})
	if err != nil {
		panic(err) // plain values: cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
