package reliability

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
)

// killPoint is when a daemon is killed: a crash point, or one of these.
type killPoint = crashpoint.Point

const (
	anyTime    killPoint = "at a random moment" // in its first seconds, the start included
	duringCall killPoint = "while the hook is called"
	notReached killPoint = "after a crash point that was not reached"
)

// killPoints are equally likely. anyTime is not among them; it is as likely as all of
// them together.
var killPoints = append(slices.Clone(crashpoint.Points), duringCall)

const (
	startWindow = 2500 * time.Millisecond // anyTime is within it
	reachLimit  = 12 * time.Second        // after it, the daemon is killed without the point
)

// lane is one daemon that is killed repeatedly, with its driver.
type lane struct {
	driver
	receiver *receiver
	say      func(format string, args ...any)
	only     []killPoint // the moments to kill at; empty: all
	patience time.Duration

	mu             sync.Mutex
	killed         map[killPoint]int
	calls          map[string]bool // keys of requested rollbacks
	killDuringCall bool            // kill during the next call
}

// killSuite kills daemons and checks the invariants at the end.
type killSuite struct {
	World
	kills, lanes int
	only         []killPoint
	patience     time.Duration // for everything to end after the last kill
	shipped      string        // binary for kills at random moments and during calls
	armed        string        // binary with crash points
}

func (s *killSuite) run(ctx context.Context) (map[killPoint]int, []string, error) {
	var all sync.WaitGroup
	lanes, found, errs := make([]*lane, s.lanes), make([][]string, s.lanes), make([]error, s.lanes)
	var mu sync.Mutex
	done := 0
	tick := func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; done%max(s.kills/10, 10) == 0 {
			s.say("%d of %d kills", done, s.kills)
		}
	}
	for i := range lanes {
		share := s.kills / s.lanes
		if i < s.kills%s.lanes {
			share++
		}
		all.Go(func() { lanes[i], found[i], errs[i] = s.lane(ctx, i, share, tick) })
	}
	all.Wait()
	killed := map[killPoint]int{}
	for _, l := range lanes {
		if l != nil {
			l.daemon.kill()
			for m, n := range l.killed {
				killed[m] += n
			}
		}
	}
	return killed, slices.Concat(found...), errors.Join(errs...)
}

// lane kills one daemon repeatedly, lets it finish, and returns its violations.
func (s *killSuite) lane(ctx context.Context, n, kills int, tick func()) (*lane, []string, error) {
	name := fmt.Sprintf("%s%d", s.Name, n)
	d, err := s.daemon(name, s.shipped, kills*5+10)
	if err != nil {
		return nil, nil, err
	}
	book, err := openLedger(d.dir + "/ledger")
	if err != nil {
		return nil, nil, err
	}
	l := &lane{
		driver: driver{
			name: name, front: d, daemon: d, shop: s.Shop, ledger: book,
			chance: rand.New(rand.NewPCG(s.Seed, uint64(n))),
		},
		receiver: s.Receiver, say: s.say, only: s.only, patience: s.patience, killed: map[killPoint]int{}, calls: map[string]bool{},
	}
	s.Receiver.onCall(name, l.answer)
	s.Receiver.refuseFirst(name)
	for range kills {
		if err := l.round(ctx, s); err != nil {
			return l, nil, err
		}
		tick()
	}
	d.binary = s.shipped
	if err := l.runToEnd(ctx); err != nil {
		return l, nil, err
	}
	found, err := l.verify(ctx)
	if err != nil {
		return l, found, err
	}
	calls, err := s.Receiver.received(name)
	return l, append(found, prefixed(name, checkThreads(calls))...), err
}

// chooseKillPoint picks when the next kill happens.
func (l *lane) chooseKillPoint() killPoint {
	if len(l.only) > 0 {
		return l.only[l.chance.IntN(len(l.only))]
	}
	if l.chance.IntN(2) == 0 {
		return anyTime
	}
	return killPoints[l.chance.IntN(len(killPoints))]
}

// chooseBinary chooses the binary for a kill, and the environment that sets its crash point.
func (l *lane) chooseBinary(s *killSuite, when killPoint) (env []string) {
	l.daemon.binary = s.shipped
	if !slices.Contains(crashpoint.Points, when) {
		return nil
	}
	l.daemon.binary = s.armed
	nth := 1
	if when == crashpoint.BeforeEvent || when == crashpoint.AfterEvent {
		nth += l.chance.IntN(3)
	}
	return []string{fmt.Sprintf("%s=%s:%d", crashpoint.EnvVariable, when, nth)}
}

// round starts the daemon, gives it work until it is killed, and kills it.
func (l *lane) round(ctx context.Context, s *killSuite) error {
	when := l.chooseKillPoint()
	env, limit := l.chooseBinary(s, when), reachLimit
	if when == anyTime {
		limit = time.Duration(l.chance.Int64N(int64(startWindow)))
	}
	l.arm(when == duringCall)
	if err := l.daemon.start(env...); err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	var worked sync.WaitGroup
	worked.Go(func() { l.work(work, when) })
	select {
	case <-l.daemon.ended:
	case <-time.After(limit):
		if when != anyTime {
			when = notReached
		}
		l.daemon.kill()
	case <-ctx.Done():
		l.daemon.kill()
	}
	stop()
	worked.Wait()
	l.arm(false)
	if !l.daemon.killed() {
		l.note(fmt.Errorf("the daemon ended by itself: %s", l.daemon.cmd.ProcessState))
	}
	l.mu.Lock()
	l.killed[when]++
	l.mu.Unlock()
	return ctx.Err()
}

// work gives the daemon work until it is killed.
func (l *lane) work(ctx context.Context, when killPoint) {
	if _, err := l.daemon.url(ctx); err != nil {
		return // killed during its start
	}
	l.resend(ctx)
	l.finish(ctx)
	hooks := []string{onceHook, againHook}
	hook := hooks[l.chance.IntN(2)]
	needsOrder := when != anyTime && when != crashpoint.BeforeEvent && when != crashpoint.AfterEvent
	l.mu.Lock()
	waiting := l.waiting(l.calls)
	l.mu.Unlock()
	if l.chance.IntN(3) == 0 || len(l.only) > 0 {
		l.overtake(ctx, hooks[l.chance.IntN(2)])
	}
	if needsOrder && !waiting || l.chance.IntN(2) == 0 {
		l.bringBad(ctx, hook)
	}
	var together sync.WaitGroup
	for range 1 + l.chance.IntN(2) {
		c := l.service(onceHook)
		together.Go(func() { l.deployGood(ctx, c) })
	}
	together.Wait()
	for ctx.Err() == nil {
		l.decide(ctx)
		pause(ctx, 400*time.Millisecond)
	}
}

// deployGood reports a good change. Several at once share one commit.
func (l *lane) deployGood(ctx context.Context, service string) {
	c := &change{service: service, version: "v2", previous: "v1", hook: onceHook}
	l.add(c)
	l.report(ctx, c, "succeeded", time.Now().Add(-changeAge))
}

func (l *lane) arm(strike bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killDuringCall = strike
}

// answer is the deploy tool's answer to a rollback request: mostly success, and for an
// idempotent hook sometimes 503.
func (l *lane) answer(c call) int {
	l.mu.Lock()
	known, strike := l.calls[c.Key], l.killDuringCall
	l.calls[c.Key], l.killDuringCall = true, false
	l.mu.Unlock()
	if strike {
		l.daemon.kill()
		return http.StatusNoContent
	}
	l.shop.setGood(c.Service, time.Now())
	if c.To == againHook && !known && c.Key != "" && c.Key[len(c.Key)-1]%2 == 0 {
		return http.StatusServiceUnavailable
	}
	return http.StatusNoContent
}

// runToEnd starts the daemon and sends the last events, so that everything can end.
func (l *lane) runToEnd(ctx context.Context) error {
	if err := l.daemon.start(); err != nil {
		return err
	}
	if _, err := l.daemon.url(ctx); err != nil {
		return fmt.Errorf("%s does not start after the last kill: %w", l.name, err)
	}
	l.resend(ctx)
	l.decide(ctx)
	l.finish(ctx)
	return nil
}
