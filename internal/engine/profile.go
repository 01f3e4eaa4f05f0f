package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/watch"
	"github.com/pushback/pushback/sources"
)

const (
	// profileAge is how long a profile serves: its last period reaches a day
	// beyond its end, so that the season forecaster finds its yesterday.
	profileAge = 24 * time.Hour
	// profileRetry keeps a store that cannot serve history from being asked
	// for it at every look.
	profileRetry = time.Minute
	// profileTicks bounds one history: over two weeks of minutes, and seven
	// hours of seconds, which is more than a scan needs.
	profileTicks = 7 * 60 * 60
	learners     = 2
)

// profileKeeper learns how signals move and keeps what it learned. A change
// never waits for it: a watch judges with what is there and the evidence says
// so; the profile serves from the look after it is done.
type profileKeeper struct {
	engine   *Engine
	requests chan lesson
	mu       sync.Mutex
	asked    map[string]time.Time // by name: under way, or not to be tried before
	byHash   map[string]detector.Profile
}

// lesson is one profile to be learned.
type lesson struct {
	name   string
	plan   detector.Plan
	signal detector.Signal
	input  watch.Input
	span   time.Duration
	end    time.Time

	service, environment string // whose bad stretches to leave out
}

func newProfileKeeper(e *Engine) *profileKeeper {
	return &profileKeeper{
		engine: e, requests: make(chan lesson, 256),
		asked: map[string]time.Time{}, byHash: map[string]detector.Profile{},
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
		p, err := k.profile(ctx, w, lesson{
			name: profileName(w.Plan, s, w.Inputs[i]), plan: w.Plan, signal: s, input: w.Inputs[i],
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

func (k *profileKeeper) profile(ctx context.Context, w *watch.Watch, l lesson) (detector.Profile, error) {
	if hash := w.Profiles[l.signal.Name]; hash != "" {
		return k.read(ctx, hash)
	}
	p, hash, _, err := k.engine.Store.NewestProfile(ctx, l.name)
	if err == nil && !p.End.After(w.BaseAt.Add(w.Plan.Tick)) && w.BaseAt.Sub(p.End) < profileAge {
		if w.Profiles == nil {
			w.Profiles = map[string]string{}
		}
		w.Profiles[l.signal.Name] = hash
		return p, nil
	}
	k.ask(l)
	if err == nil {
		err = store.ErrNotFound
	}
	return detector.Profile{}, err
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

// ask queues a lesson unless it is under way or has just failed. A full queue
// drops it: the next look asks again.
func (k *profileKeeper) ask(l lesson) {
	now := k.engine.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.asked[l.name]) {
		return
	}
	select {
	case k.requests <- l:
		k.asked[l.name] = now.Add(profileRetry)
	default:
	}
}

// run learns until ctx ends.
func (k *profileKeeper) run(ctx context.Context) error {
	var under sync.WaitGroup
	defer under.Wait()
	for range learners {
		under.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case l := <-k.requests:
					k.learn(ctx, l)
				}
			}
		})
	}
	return nil
}

func (k *profileKeeper) learn(ctx context.Context, l lesson) {
	began := k.engine.Now()
	history, err := k.engine.history(ctx, l)
	if err == nil {
		p := detector.Learn(l.plan, l.signal, history)
		_, err = k.engine.Store.PutProfile(ctx, l.name, p, began)
	}
	if err != nil && ctx.Err() == nil {
		k.engine.Log.Warn("profile not learned", "rule", l.plan.Rule, "signal", l.signal.Name, "error", err)
	}
}

// history fetches the ticks that end with a change's before window.
func (e *Engine) history(ctx context.Context, l lesson) (detector.History, error) {
	ranger, err := e.storeOf(l.input)
	if err != nil {
		return detector.History{}, fmt.Errorf("fetching history: %w", err)
	}
	h, err := gather.History(ctx, ranger, l.plan, l.input, l.span, l.end)
	if err != nil {
		return h, err
	}
	h.Mask, err = e.mask(ctx, l, h.Start)
	return h, err
}

// mask are the stretches of a history that a change judged bad has touched,
// from its start until the change that put it right was through.
func (e *Engine) mask(ctx context.Context, l lesson, from time.Time) ([]sources.Window, error) {
	bad, err := e.Store.Condemned(ctx, l.service, l.environment, from, l.end)
	if err != nil {
		return nil, fmt.Errorf("finding bad stretches: %w", err)
	}
	return bad, nil
}

// profileName says what a profile belongs to: where its numbers come from,
// the grid, and the direction.
func profileName(p detector.Plan, s detector.Signal, in watch.Input) string {
	in.Signal = ""
	in.Value.Step, in.Part.Step = 0, 0
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
