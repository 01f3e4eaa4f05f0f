package silences

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// world is the orders of a database and the silences of a receiver.
type world struct {
	notify.Sender
	sync.Mutex
	orders   map[string]rollback.State
	silences map[string]notify.Silence // by id
	asked    int
	next     int
	broken   error
}

func (w *world) Orders(context.Context, []rollback.State, int) (all []rollback.Order, err error) {
	w.Lock()
	defer w.Unlock()
	for key, state := range w.orders {
		if state == rollback.Sending {
			all = append(all, rollback.Order{Key: key, State: state, Target: "v1", Change: sources.Change{Service: "cart", Environment: "production", Version: "v2"}})
		}
	}
	return all, nil
}

func (w *world) Order(_ context.Context, key string) (rollback.Order, error) {
	w.Lock()
	defer w.Unlock()
	if _, known := w.orders[key]; !known {
		return rollback.Order{}, fmt.Errorf("order %s: %w", key, store.ErrNotFound)
	}
	return rollback.Order{Key: key}, nil
}

func (w *world) Silences() bool { return true }

func (w *world) OpenSilences(context.Context) (open []notify.Silence, err error) {
	w.Lock()
	defer w.Unlock()
	w.asked++
	for id, s := range w.silences {
		if time.Now().Before(s.EndsAt) {
			s.ID = id
			open = append(open, s)
		}
	}
	return open, w.broken
}

func (w *world) PutSilence(_ context.Context, s notify.Silence) error {
	w.Lock()
	defer w.Unlock()
	if s.ID == "" {
		w.next++
		s.ID = fmt.Sprint("s", w.next)
	}
	w.silences[s.ID] = s
	return nil
}

func (w *world) EndSilence(_ context.Context, id string) error {
	w.Lock()
	defer w.Unlock()
	delete(w.silences, id)
	return nil
}

// one is the only silence, in force now.
func (w *world) one(t *testing.T) notify.Silence {
	t.Helper()
	w.Lock()
	defer w.Unlock()
	if len(w.silences) != 1 {
		t.Fatalf("%d silences: %v", len(w.silences), w.silences)
	}
	for _, s := range w.silences {
		if now := time.Now(); now.Before(s.StartsAt) || !now.Before(s.EndsAt) {
			t.Errorf("not in force: %+v", s)
		}
		return s
	}
	return notify.Silence{}
}

// set moves an order.
func (w *world) set(key string, state rollback.State) {
	w.Lock()
	defer w.Unlock()
	w.orders[key] = state
}

// counts are how many silences there are, and how often that was asked.
func (w *world) counts() (silences, asked int) {
	w.Lock()
	defer w.Unlock()
	return len(w.silences), w.asked
}

func (w *world) breaks(err error) {
	w.Lock()
	defer w.Unlock()
	w.broken = err
}

// run has a keeper run until it is stopped.
func run(t *testing.T, w *world, log *slog.Logger) (moved chan string, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	moved = make(chan string)
	ended := make(chan struct{})
	k := Keeper{Store: w, Receiver: w, Moved: moved, Log: log, Now: time.Now}
	go func() {
		defer close(ended)
		k.Run(ctx)
	}()
	return moved, func() { cancel(); <-ended }
}

var quiet = slog.New(slog.DiscardHandler)

// A silence begins as soon as the rollback is sent, lasts as long as that, however long, and ends with it.
func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{orders: map[string]rollback.State{"a": rollback.Decided}, silences: map[string]notify.Silence{}}
		moved, stop := run(t, w, quiet)
		defer stop()
		time.Sleep(time.Minute)
		if n, asked := w.counts(); n != 0 || asked != 1 {
			t.Errorf("%d silences, asked %d times while nothing runs", n, asked)
		}
		w.set("a", rollback.Sending)
		moved <- "a"
		synctest.Wait()
		first := w.one(t)
		if first.Service != "cart" || first.Environment != "production" || first.Comment != "cart v2 is being rolled back to v1" {
			t.Errorf("silence %+v", first)
		}
		for range 30 {
			time.Sleep(time.Minute)
			if s := w.one(t); s.ID != first.ID {
				t.Fatalf("another silence: %+v", s)
			}
		}
		w.set("a", rollback.Done)
		time.Sleep(6 * time.Second)
		n, asked := w.counts()
		if n != 0 {
			t.Errorf("%d silences after the rollback", n)
		}
		time.Sleep(time.Hour)
		if _, again := w.counts(); again != asked {
			t.Errorf("asked %d times while nothing runs", again-asked)
		}
	})
}

// After a crash the next process finds the silence and ends it, if the rollback has ended; and if nobody comes back,
// it ends by itself.
func TestCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{orders: map[string]rollback.State{"a": rollback.Sending}, silences: map[string]notify.Silence{}}
		_, stop := run(t, w, quiet)
		synctest.Wait()
		if s := w.one(t); s.EndsAt.After(time.Now().Add(lasts)) {
			t.Errorf("it would last until %s", s.EndsAt)
		}
		stop()
		w.set("a", rollback.Unknown)
		w.silences["other"] = notify.Silence{Order: "of another installation", EndsAt: time.Now().Add(time.Hour)}
		_, stop = run(t, w, quiet)
		defer stop()
		synctest.Wait()
		if _, there := w.silences["other"]; !there || len(w.silences) != 1 {
			t.Errorf("silences %v: ours must end, and that of others stay", w.silences)
		}
	})
}

// What goes wrong is logged once, and tried again.
func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		w := &world{orders: map[string]rollback.State{"a": rollback.Sending}, silences: map[string]notify.Silence{}, broken: errors.New("away")}
		_, stop := run(t, w, slog.New(slog.NewTextHandler(&logged, nil)))
		time.Sleep(time.Minute)
		w.breaks(nil)
		time.Sleep(6 * time.Second)
		stop()
		if n := strings.Count(logged.String(), "away"); n != 1 {
			t.Errorf("logged %d times: %s", n, logged.String())
		}
		w.one(t)
	})
}
