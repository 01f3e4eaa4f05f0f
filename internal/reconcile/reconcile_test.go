package reconcile_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/reconcile"
	"github.com/pushback/pushback/sources/changes"
)

func TestLostDeliveriesAreFilledOnce(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, r *reconcile.Reconciler, log *strings.Builder) {
		l.wait(1)
		l.deploys("started", "succeeded")
		l.deploys("delivered")
		l.set(func() { l.known["delivered"] = true })
		l.wait(10)
		if want := []string{"started", "succeeded"}; !reflect.DeepEqual(l.filled, want) || l.counted != 1 || len(l.told) != 1 {
			t.Fatalf("filled %q, counted %d, told %+v", l.filled, l.counted, l.told)
		}
		if f := l.told[0]; f.Source != "github" || len(f.Events) != 2 || f.Events[1].ChangeKey != "key of succeeded" {
			t.Errorf("told %+v", f)
		}
		if !strings.Contains(log.String(), "event=succeeded") {
			t.Errorf("logged %s", log)
		}
		l.wait(30)
		if l.counted != 1 || len(l.filled) != 2 {
			t.Errorf("filled again: %q, counted %d", l.filled, l.counted)
		}
		if g := r.Gaps()["github"]; g.Missed != 1 || g.Last.IsZero() || g.Asked.IsZero() || g.Trouble != "" {
			t.Errorf("gaps: %+v", g)
		}
	})
}

// What was deployed before Pushback knew of the source was not lost.
func TestTheFirstRunFillsNothing(t *testing.T) {
	l := newTool()
	synctest.Test(t, func(t *testing.T) {
		l.deploys("before")
		time.Sleep(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		go l.reconciler(&strings.Builder{}).Run(ctx) //nolint:errcheck // it returns nil
		l.wait(25)
		cancel()
		if len(l.filled) != 0 || len(l.asked) < 3 {
			t.Errorf("filled %q, asked since %v", l.filled, l.asked)
		}
	})
}

// A delivery may still be on its way, and is looked for by the next run.
func TestYoungDeliveriesWait(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		l.wait(9)
		l.deploys("young") // a minute before the run
		l.wait(2)
		if len(l.filled) != 0 {
			t.Errorf("filled %q", l.filled)
		}
		l.wait(10)
		if !slices.Equal(l.filled, []string{"young"}) {
			t.Errorf("filled %q", l.filled)
		}
	})
}

func TestSinceIsRememberedAndBounded(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		l.wait(21)
		if n := len(l.asked); n != 3 {
			t.Fatalf("asked %d times", n)
		}
		if since := l.asked[2]; time.Since(since) > 20*time.Minute {
			t.Errorf("asked since %s", since)
		}
	})
	for schedule, last := range l.last { // each bubble of synctest begins on the same day
		l.last[schedule] = last.Add(-72 * time.Hour)
	}
	l.asked = nil
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		l.wait(1)
		if len(l.asked) != 1 || time.Since(l.asked[0]) > 24*time.Hour+2*time.Minute || time.Since(l.asked[0]) < 23*time.Hour {
			t.Errorf("after three days: asked since %v", l.asked)
		}
	})
}

// A tool that limits its requests is left alone for as long as it says, and nothing is lost by it.
func TestRateLimit(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, r *reconcile.Reconciler, _ *strings.Builder) {
		l.wait(1)
		l.deploys("lost")
		l.set(func() { l.did, l.err = nil, &changes.RateLimited{Tool: "GitHub", After: 45 * time.Minute} })
		l.wait(10)
		n := len(l.asked)
		l.deploys("lost later")
		l.wait(40)
		if len(l.asked) != n {
			t.Errorf("asked %d times within the limit", len(l.asked)-n)
		}
		if !strings.Contains(r.Gaps()["github"].Trouble, "rate limit") {
			t.Errorf("gaps: %+v", r.Gaps())
		}
		l.set(func() { l.err = nil })
		l.wait(10)
		if !slices.Equal(l.filled, []string{"lost later"}) || r.Gaps()["github"].Trouble != "" {
			t.Errorf("filled %q, gaps %+v", l.filled, r.Gaps())
		}
	})
}

// What was found before an error is stored, and the rest by the next run.
func TestErrorsAreTriedAgain(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, log *strings.Builder) {
		l.wait(1)
		l.deploys("a")
		l.set(func() { l.err = errors.New("the connection broke") })
		l.wait(10)
		if !slices.Equal(l.filled, []string{"a"}) || !strings.Contains(log.String(), "the connection broke") {
			t.Errorf("filled %q, logged %s", l.filled, log)
		}
		l.set(func() { l.err, l.storeErr = nil, errors.New("the disk is full") })
		l.deploys("b")
		l.wait(10)
		l.set(func() { l.storeErr = nil })
		l.wait(6)
		if !slices.Equal(l.filled, []string{"a", "b"}) || l.counted != 2 {
			t.Errorf("filled %q, counted %d", l.filled, l.counted)
		}
	})
}

// A delivery that can never be stored keeps no other back, and is not asked for again and again by errors.
func TestRefusedDeliveriesAreLeftOut(t *testing.T) {
	l := newTool()
	l.refuses = "bad"
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, log *strings.Builder) {
		l.wait(1)
		l.deploys("bad")
		l.deploys("good")
		l.wait(10)
		if !slices.Equal(l.filled, []string{"good"}) || l.counted != 1 || !strings.Contains(log.String(), "would have been refused") {
			t.Errorf("filled %q, counted %d, logged %s", l.filled, l.counted, log)
		}
	})
}

// A source whose settings name no token is asked once, and says nothing.
func TestSourcesWithoutAPI(t *testing.T) {
	l := newTool()
	l.err = changes.ErrNoAPI
	running(t, l, func(t *testing.T, r *reconcile.Reconciler, log *strings.Builder) {
		l.wait(60)
		if len(l.asked) != 1 || log.Len() > 0 || len(r.Gaps()) != 0 {
			t.Errorf("asked %d times, logged %s, gaps %+v", len(l.asked), log, r.Gaps())
		}
	})
}

// Two replicas that share a database ask one after the other, and tell it once.
func TestTwoReplicas(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.reconciler(&strings.Builder{}).Run(ctx) }()
		l.wait(1)
		l.deploys("lost")
		l.wait(30)
		cancel()
		<-done
		if l.counted != 1 || len(l.told) != 1 || len(l.asked) != 4 {
			t.Errorf("counted %d, told %d, asked %d times", l.counted, len(l.told), len(l.asked))
		}
	})
}
