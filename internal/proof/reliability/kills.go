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

// moment is when a daemon is killed: a named point, or one of these.
type moment = crashpoint.Point

const (
	anyTime    moment = "at a random moment" // of its first seconds, starting up included
	duringCall moment = "while the hook is called"
	inVain     moment = "after waiting in vain for a point"
)

// moments are chosen from evenly but for anyTime, which is as likely as all
// the others together.
var moments = append(slices.Clone(crashpoint.Points), duringCall)

const (
	opening = 2500 * time.Millisecond // anyTime lies in these
	vain    = 12 * time.Second        // a point that is not reached by then is given up
)

// lane is one daemon that is killed again and again, with its driver.
type lane struct {
	driver
	receiver *receiver
	say      func(format string, args ...any)
	only     []moment // the moments to kill at; empty: all
	patience time.Duration

	mu     sync.Mutex
	killed map[moment]int
	calls  map[string]bool // keys of rollbacks asked for
	strike bool            // kill during the next call
}

// killSuite kills daemons and holds what is left to the invariants.
type killSuite struct {
	World
	kills, lanes int
	only         []moment
	patience     time.Duration // for everything to end after the last kill
	shipped      string        // binary killed at random moments and while it calls
	armed        string        // binary with the named points
}

func (s *killSuite) run(ctx context.Context) (map[moment]int, []string, error) {
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
	killed := map[moment]int{}
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

// lane runs one daemon through its kills, lets it come to rest, and gives what
// it violates.
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
			name: name, daemon: d, shop: s.Shop, ledger: book,
			chance: rand.New(rand.NewPCG(s.Seed, uint64(n))),
		},
		receiver: s.Receiver, say: s.say, only: s.only, patience: s.patience, killed: map[moment]int{}, calls: map[string]bool{},
	}
	s.Receiver.onCall(name, l.answer)
	for range kills {
		if err := l.round(ctx, s); err != nil {
			return l, nil, err
		}
		tick()
	}
	d.binary = s.shipped
	if err := l.rest(ctx); err != nil {
		return l, nil, err
	}
	found, err := l.verify(ctx)
	return l, found, err
}

// choose picks when the next kill comes.
func (l *lane) choose() moment {
	if len(l.only) > 0 {
		return l.only[l.chance.IntN(len(l.only))]
	}
	if l.chance.IntN(2) == 0 {
		return anyTime
	}
	return moments[l.chance.IntN(len(moments))]
}

// load chooses the binary for a moment, and what arms it.
func (l *lane) load(s *killSuite, when moment) (env []string) {
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

// round starts the daemon, gives it work, and sees it die.
func (l *lane) round(ctx context.Context, s *killSuite) error {
	when := l.choose()
	env, limit := l.load(s, when), vain
	if when == anyTime {
		limit = time.Duration(l.chance.Int64N(int64(opening)))
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
			when = inVain
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

// work is what a round has the daemon do, until it dies.
func (l *lane) work(ctx context.Context, when moment) {
	if _, err := l.daemon.url(ctx); err != nil {
		return // killed while starting up
	}
	l.again(ctx)
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
		l.deploy(ctx, hook, true)
	}
	var together sync.WaitGroup
	for range 1 + l.chance.IntN(2) {
		c := l.service(onceHook)
		together.Go(func() { l.quiet(ctx, c) })
	}
	together.Wait()
	for ctx.Err() == nil {
		l.decide(ctx)
		pause(ctx, 400*time.Millisecond)
	}
}

// quiet makes a good change; several at once share one commit.
func (l *lane) quiet(ctx context.Context, service string) {
	c := &change{service: service, version: "v2", previous: "v1", hook: onceHook}
	l.add(c)
	l.tell(ctx, c, "succeeded", time.Now().Add(-lately))
}

func (l *lane) arm(strike bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.strike = strike
}

// answer is what the deploy tool says to a rollback request: mostly yes, and
// to one that may be repeated now and then "not now".
func (l *lane) answer(c call) int {
	l.mu.Lock()
	known, strike := l.calls[c.Key], l.strike
	l.calls[c.Key], l.strike = true, false
	l.mu.Unlock()
	if strike {
		l.daemon.kill()
		return http.StatusNoContent
	}
	l.shop.heals(c.Service, time.Now())
	if c.To == againHook && !known && c.Key != "" && c.Key[len(c.Key)-1]%2 == 0 {
		return http.StatusServiceUnavailable
	}
	return http.StatusNoContent
}

// rest lets everything come to its end.
func (l *lane) rest(ctx context.Context) error {
	if err := l.daemon.start(); err != nil {
		return err
	}
	if _, err := l.daemon.url(ctx); err != nil {
		return fmt.Errorf("%s does not start after the last kill: %w", l.name, err)
	}
	l.again(ctx)
	l.decide(ctx)
	l.finish(ctx)
	return nil
}
