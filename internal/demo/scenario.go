package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/demo/shop"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// Daemon is Pushback's HTTP API, as far as the scenario uses it.
type Daemon interface {
	Send(ctx context.Context, e sources.Event) (api.Accepted, error)
	Explain(ctx context.Context, key string) (api.Explanation, error)
}

// Scenario ships three releases and checks what Pushback does.
type Scenario struct {
	Shop      *shop.Shop
	Rollbacks <-chan string // versions the hook switched back to
	Daemon    Daemon
	Page      string    // address of the pages
	Out       io.Writer // where the scenario prints
	began     time.Time
}

// stepTimeout is how long a step may take: more than settle and bake on a busy
// machine.
const stepTimeout = 45 * time.Second

// Play ships the releases one after the other. It returns an error if Pushback does
// not do as it should.
func (s *Scenario) Play(ctx context.Context) error {
	s.began = time.Now()
	s.print("The page: %s", s.Page)
	for _, step := range []func(context.Context) error{s.warmUp, s.good, s.worse, s.recovered, s.broken, s.recovered} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.print("")
	s.print("A good release stayed; a slightly worse one and a broken one were rolled back.")
	s.print("Everything that was observed and decided is stored: %s", s.Page)
	return nil
}

// warmUp lets the daemon scrape the live shop for most of the thirty seconds of the
// before window. Between the simulated past and the first scrape there is a gap, as
// long as storing the past took; a before window with too many missing seconds would
// be unusable.
func (s *Scenario) warmUp(ctx context.Context) error {
	s.print("The shop runs for a while first, to have measurements from before the first release.")
	return pause(ctx, 26*time.Second)
}

// recovered lets the shop run on the version it was rolled back to.
func (s *Scenario) recovered(ctx context.Context) error {
	s.print("    %s is live again", s.Shop.Live().Version)
	return pause(ctx, 8*time.Second)
}

func (s *Scenario) good(ctx context.Context) error {
	s.print("")
	s.print("1. %s: a good release.", "v2")
	key, err := s.ship(ctx, "v2", "")
	if err != nil {
		return err
	}
	e, err := s.await(ctx, key, "its watch to end", func(e api.Explanation) bool { return ended(e.Change.State) })
	if err != nil {
		return err
	}
	s.printEvidence(e)
	if e.Change.State != "healthy" || e.Order != nil {
		return fmt.Errorf("v2 is a good release, but was judged %s", e.Change.State)
	}
	if capped(e) {
		return errors.New("v2 was judged without the simulated past")
	}
	s.print("    healthy: nothing to do")
	return nil
}

func (s *Scenario) worse(ctx context.Context) error {
	s.print("")
	s.print("2. v3: five times the errors, 0.5 %% to 2.5 %%. The rule's limit of 10 %% does not catch that.")
	e, err := s.rolledBack(ctx, "v3")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(certainTests(e), func(t detector.Test) bool { return t == detector.ByLimit }) {
		return fmt.Errorf("v3 stays below the limit, but was judged by it")
	}
	return nil
}

func (s *Scenario) broken(ctx context.Context) error {
	s.print("")
	s.print("3. v4: broken, three requests in ten fail.")
	_, err := s.rolledBack(ctx, "v4")
	return err
}

// rolledBack ships a bad release and waits until it is rolled back.
func (s *Scenario) rolledBack(ctx context.Context, version string) (api.Explanation, error) {
	shipped := time.Now()
	key, err := s.ship(ctx, version, "")
	if err != nil {
		return api.Explanation{}, err
	}
	e, err := s.await(ctx, key, "its rollback", func(e api.Explanation) bool {
		return e.Order != nil && e.Order.State == "done" || ended(e.Change.State) && e.Order == nil
	})
	if err != nil {
		return e, err
	}
	s.printEvidence(e)
	if e.Order == nil || s.Shop.Live().Version != "v2" {
		return e, fmt.Errorf("%s is a bad release, but was judged %s and left live", version, e.Change.State)
	}
	s.print("    rolled back to %s %.0f s after it was shipped: the hook answered %s", e.Order.Target,
		time.Since(shipped).Seconds(), e.Order.Receipt.Status)
	return e, s.reportRollback(ctx, e.Order)
}

// reportRollback does what a deploy tool does after a rollback: it reports the old
// version as a deploy like any other.
func (s *Scenario) reportRollback(ctx context.Context, o *api.Order) error {
	select {
	case version := <-s.Rollbacks:
		_, err := s.ship(ctx, version, o.Key)
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ship makes a version live and reports it to Pushback, as a deploy tool does. It
// returns the key of the change.
func (s *Scenario) ship(ctx context.Context, version, rollbackOf string) (string, error) {
	id := fmt.Sprintf("%s-%d", version, time.Now().UnixMilli())
	event := sources.Event{
		ChangeID: id, EventID: id + ":started", Status: sources.Started, At: time.Now().UTC(),
		Service: "shop", Environment: "demo", Kind: sources.Deploy, Version: version,
		Actor: "demo", RollbackOf: rollbackOf,
	}
	if _, err := s.Daemon.Send(ctx, event); err != nil {
		return "", err
	}
	if _, err := s.Shop.Switch(version); err != nil {
		return "", err
	}
	event.EventID, event.Status, event.At = id+":succeeded", sources.Succeeded, time.Now().UTC()
	accepted, err := s.Daemon.Send(ctx, event)
	return accepted.Key, err
}

// await reads a change until wanted is true of it.
func (s *Scenario) await(ctx context.Context, key, what string, wanted func(api.Explanation) bool) (api.Explanation, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("waited %s for %s", stepTimeout, what))
	defer cancel()
	for {
		e, err := s.Daemon.Explain(ctx, key)
		if err == nil && wanted(e) {
			return e, nil
		}
		if pause(ctx, 300*time.Millisecond) != nil {
			return e, errors.Join(fmt.Errorf("%s %s is %s: %w", e.Change.Service, e.Change.Version, e.Change.State, context.Cause(ctx)), err)
		}
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// print prints one line, after the seconds since Play began.
func (s *Scenario) print(format string, args ...any) {
	if format == "" {
		fmt.Fprintln(s.Out)
		return
	}
	fmt.Fprintf(s.Out, "%5.0fs  "+format+"\n", append([]any{time.Since(s.began).Seconds()}, args...)...)
}
