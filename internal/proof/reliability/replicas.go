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
	"github.com/pushback/pushback/internal/store"
)

// What happens to a replica.
type injury string

const (
	killing     injury = "kill"
	freezing    injury = "freeze"    // for twice the lease of a replica
	terminating injury = "terminate" // its connections to the database
	sparing     injury = "spare"     // nothing: both work
)

// frozenFor is how long a replica is frozen: until others have long taken it for dead.
const frozenFor = 2 * store.ReplicaLease

// sparedFor is how long both replicas work in a round in which nothing happens to them:
// longer than a sweep.
const sparedFor = 12 * time.Second

// messagesTake is how long a receiver takes for a message: long enough that the sweeps of
// the other replica find it pending now and then.
const messagesTake = 2500 * time.Millisecond

// replicaSuite does something to one replica of each pair, again and again, and checks the
// invariants at the end.
type replicaSuite struct {
	World
	injury       injury
	times, lanes int
	only         []killPoint
	patience     time.Duration
	shipped      string
	armed        string
}

// replicaLane is one pair with its driver.
type replicaLane struct {
	*lane
	*pair
	injury   injury
	rounds   map[killPoint]int // how many there were
	struck   chan int          // the replica that called the hook when it was to be injured
	armed    [2]bool           // has a crash point that it has not reached
	mu       sync.Mutex
	injuries []injured
}

// injured is one injury: when it began and ended, and to which replica.
type injured struct {
	replica  string
	at, over time.Time
	when     killPoint
}

func (s *replicaSuite) run(ctx context.Context) (map[killPoint]int, []string, error) {
	var all sync.WaitGroup
	lanes, found, errs := make([]*replicaLane, s.lanes), make([][]string, s.lanes), make([]error, s.lanes)
	for i := range lanes {
		share := s.times / s.lanes
		if i < s.times%s.lanes {
			share++
		}
		all.Go(func() { lanes[i], found[i], errs[i] = s.lane(ctx, i, share) })
	}
	all.Wait()
	rounds := map[killPoint]int{}
	for _, l := range lanes {
		if l == nil {
			continue
		}
		l.kill()
		for when, n := range l.rounds {
			rounds[when] += n
		}
	}
	return rounds, slices.Concat(found...), errors.Join(errs...)
}

// lane injures the replicas of one pair, lets them finish, and returns its violations.
func (s *replicaSuite) lane(ctx context.Context, n, times int) (*replicaLane, []string, error) {
	name := fmt.Sprintf("%s%d", s.Name, n)
	chance := rand.New(rand.NewPCG(s.Seed, uint64(n)))
	p, err := s.pair(ctx, name, s.shipped, times*8+10, rand.New(rand.NewPCG(s.Seed, uint64(n)+1000)))
	if err != nil {
		return nil, nil, err
	}
	book, err := openLedger(p.both[0].dir + "/ledger")
	if err != nil {
		return nil, nil, err
	}
	l := &replicaLane{
		lane: &lane{
			driver:   driver{name: name, front: p, shop: s.Shop, ledger: book, chance: chance},
			receiver: s.Receiver, say: s.say, only: s.only, patience: s.patience, killed: map[killPoint]int{}, calls: map[string]bool{},
		},
		pair: p, injury: s.injury, rounds: map[killPoint]int{}, struck: make(chan int, 1),
	}
	s.Receiver.onCall(name, l.answer)
	s.Receiver.delay(name, messagesTake)
	for i := range times {
		if err := l.round(ctx, s); err != nil {
			return l, nil, err
		}
		if (i+1)%5 == 0 {
			s.say("%s: %d of %d", name, i+1, times)
		}
	}
	if err := l.runToEnd(ctx); err != nil {
		return l, nil, err
	}
	found, err := l.check(ctx, s.injury)
	return l, found, err
}

// round starts what does not run, gives work, and injures one replica.
func (l *replicaLane) round(ctx context.Context, s *replicaSuite) error {
	victim, when := l.lane.chance.IntN(2), l.chooseKillPoint()
	if err := l.prepare(ctx, s, victim, when); err != nil {
		return err
	}
	select {
	case <-l.struck: // too late for the last round
	default:
	}
	l.arm(when == duringCall)
	work, stop := context.WithCancel(ctx)
	var worked sync.WaitGroup
	worked.Go(func() { l.work(work, when) })
	victim, when = l.awaitMoment(ctx, victim, when)
	l.armed[victim] = l.armed[victim] && when == notReached
	l.injure(ctx, victim, when)
	l.rounds[when]++
	stop()
	worked.Wait()
	l.arm(false)
	return ctx.Err()
}

// prepare has both replicas run, the victim with its crash point.
func (l *replicaLane) prepare(ctx context.Context, s *replicaSuite, victim int, when killPoint) error {
	pointed := slices.Contains(crashpoint.Points, when)
	for i, d := range l.both {
		mine := pointed && i == victim
		if d.cmd != nil && !d.died() && !mine && !l.armed[i] {
			continue
		}
		if l.armed[i] = mine; d.cmd != nil {
			l.thaw(i) // it may have reached its point since
			d.stop()
		}
		d.binary = s.shipped
		var env []string
		if mine {
			d.binary = s.armed
			env = []string{fmt.Sprintf("%s=%s:1%s", crashpoint.EnvVariable, when, map[bool]string{true: ":stop"}[s.injury != killing])}
		}
		if err := d.start(env...); err != nil {
			return err
		}
	}
	for i, d := range l.both {
		// One with a crash point may reach it before it serves.
		if !within(ctx, startLimit, func() bool { return d.died() || d.isFrozen() || len(d.served) > 0 }) {
			return fmt.Errorf("%s does not start: see %s", l.names[i], d.logFile())
		}
	}
	return nil
}

// awaitMoment waits until the victim is to be injured: at its crash point, when a replica
// calls the hook, or at a random moment.
func (l *replicaLane) awaitMoment(ctx context.Context, victim int, when killPoint) (int, killPoint) {
	if when == anyTime {
		pause(ctx, time.Duration(l.lane.chance.Int64N(int64(startWindow))))
		return victim, when
	}
	at := victim
	reached := within(ctx, reachLimit, func() bool {
		if when != duringCall {
			return l.both[victim].died() || l.both[victim].isFrozen()
		}
		select {
		case at = <-l.struck:
			return true
		default:
			return false
		}
	})
	if !reached {
		return victim, notReached
	}
	return at, when
}

// injure does to a replica what the suite does, and undoes it.
func (l *replicaLane) injure(ctx context.Context, victim int, when killPoint) {
	if l.injury == sparing {
		pause(ctx, sparedFor)
		return
	}
	i := injured{replica: l.names[victim], at: time.Now(), when: when}
	switch l.injury {
	case killing:
		l.both[victim].kill()
	case freezing:
		l.freeze(victim)
		l.checkOther(ctx, 1-victim, when)
		pause(ctx, time.Until(i.at.Add(frozenFor)))
	case terminating:
		l.note(l.terminate(ctx, victim))
	}
	for n := range l.both {
		l.thaw(n)
	}
	i.over = time.Now()
	l.mu.Lock()
	l.injuries = append(l.injuries, i)
	l.mu.Unlock()
	pause(ctx, time.Second)
}

// work gives the replicas work until ctx ends.
func (l *replicaLane) work(ctx context.Context, when killPoint) {
	l.resend(ctx)
	l.finish(ctx)
	hooks := []string{onceHook, againHook}
	if l.lane.chance.IntN(4) == 0 {
		l.overtake(ctx, hooks[l.lane.chance.IntN(2)])
	}
	if when != anyTime || l.injury == sparing || l.lane.chance.IntN(2) == 0 {
		l.deploy(ctx, hooks[l.lane.chance.IntN(2)], true)
	}
	l.deployGood(ctx, l.service(onceHook))
	for ctx.Err() == nil {
		l.decide(ctx)
		pause(ctx, time.Second)
	}
}

// answer is the deploy tool's answer to a rollback request. Where the caller is to be
// injured during the call, the answer comes when it has been: a frozen one finds it later.
func (l *replicaLane) answer(c call) int {
	l.lane.mu.Lock()
	known, strike := l.calls[c.Key], l.killDuringCall
	l.calls[c.Key], l.killDuringCall = true, false
	l.lane.mu.Unlock()
	if i := l.index(c.Replica); strike && i >= 0 {
		switch l.injury {
		case killing:
			l.both[i].kill()
		case freezing:
			l.freeze(i)
		case terminating:
			l.note(l.terminate(context.Background(), i))
		}
		l.struck <- i
	}
	l.shop.setGood(c.Service, time.Now())
	if c.To == againHook && !known && c.Key != "" && c.Key[len(c.Key)-1]%2 == 0 {
		return http.StatusServiceUnavailable
	}
	return http.StatusNoContent
}

// runToEnd has both replicas run, and sends the last events.
func (l *replicaLane) runToEnd(ctx context.Context) error {
	for i, d := range l.both {
		if d.cmd == nil || d.died() {
			if err := d.start(); err != nil {
				return err
			}
		}
		if _, err := d.url(ctx); err != nil {
			return fmt.Errorf("%s does not start after the last injury: %w", l.names[i], err)
		}
	}
	l.resend(ctx)
	l.decide(ctx)
	l.finish(ctx)
	return nil
}
