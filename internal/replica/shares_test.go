package replica

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// Every service is looked at by one replica, each replica has about as many as the others, and
// one that joins or is lost moves none between the others.
func TestSharesAreEven(t *testing.T) {
	all := []string{"host-1:9600/AAAAAAAA", "host-1:9601/BBBBBBBB", "host-2:9600/CCCCCCCC", "host-2:9600/DDDDDDDD", "host-3:9600/EEEEEEEE"}
	var before map[string]string
	for n := 1; n <= len(all); n++ {
		owners := owners(t, all[:n])
		count := map[string]int{}
		for share, owner := range owners {
			count[owner]++
			if before != nil && owner != before[share] && owner != all[n-1] {
				t.Errorf("when %s joins, share %s moves from %s to %s", all[n-1], share, before[share], owner)
			}
		}
		for _, holder := range all[:n] {
			if equal := len(owners) / n; count[holder] < equal*85/100 || count[holder] > equal*115/100 {
				t.Errorf("of %d replicas, %s has %d of %d shares", n, holder, count[holder], len(owners))
			}
		}
		before = owners
	}
}

// owners are the owners of all shares, as every replica computes its own.
func owners(t *testing.T, looking []string) map[string]string {
	t.Helper()
	owners := map[string]string{}
	for _, self := range looking {
		s := newShares(func() string { return self })
		s.divide(looking)
		names := s.Names()
		if names == nil {
			names = store.Shares()
		}
		for _, name := range names {
			if owners[name] != "" {
				t.Errorf("share %s is %s's and %s's", name, owners[name], self)
			}
			owners[name] = self
		}
	}
	if len(owners) != len(store.Shares()) {
		t.Errorf("of %d replicas, nobody has %d shares", len(looking), len(store.Shares())-len(owners))
	}
	return owners
}

// common is a database that replicas share, by the clock of the test.
type common struct {
	mu   sync.Mutex
	rows map[string]row
}

type row struct {
	looking bool
	seen    time.Time
	watches int
}

// member is one replica's view of it.
type member struct {
	*common
	name   string
	frozen bool // it renews and reads nothing
}

func (m *member) Shared() bool { return true }

func (m *member) Holder() string { return m.name }

func (m *member) Renew(_ context.Context, looking bool, watches int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.frozen {
		return context.DeadlineExceeded
	}
	m.rows[m.name] = row{looking, time.Now(), watches}
	return nil
}

func (m *member) Leave(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, m.name)
	return nil
}

func (m *member) Looking(_ context.Context, within time.Duration) (names []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, r := range m.rows {
		if r.looking && time.Since(r.seen) < within {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// cluster runs replicas on one database.
type cluster struct {
	*testing.T
	common  *common
	members map[string]*member
	keepers map[string]*Keeper
}

// join starts a replica; the returned function stops it, as SIGTERM does.
func (c *cluster) join(name string) (stop func()) {
	c.Helper()
	m := &member{common: c.common, name: name}
	k := New(m, slog.New(slog.DiscardHandler), time.Now)
	ctx, cancel := context.WithCancel(c.Context())
	done := make(chan struct{})
	go func() { k.Run(ctx); close(done) }()
	if err := k.Look(ctx, func() int { return len(name) }); err != nil {
		c.Fatal(err)
	}
	c.members[name], c.keepers[name] = m, k
	return func() {
		k.StopLooking(ctx)
		cancel()
		<-done
	}
}

// freeze has a replica renew and read nothing, as one that is stopped, killed or cut off.
func (c *cluster) freeze(name string, frozen bool) {
	c.common.mu.Lock()
	defer c.common.mu.Unlock()
	c.members[name].frozen = frozen
}

// wantAfter checks that, after some time, the replicas share all services between them.
func (c *cluster) wantAfter(d time.Duration, names ...string) {
	c.Helper()
	time.Sleep(d)
	synctest.Wait()
	for i := range 500 {
		service, looks := fmt.Sprint("service-", i), 0
		for _, name := range names {
			if c.keepers[name].Mine(service) {
				looks++
			}
		}
		if looks != 1 {
			c.Fatalf("%d of the replicas %v look at %s", looks, names, service)
		}
	}
}

func TestSharesFollowTheReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t, &common{rows: map[string]row{}}, map[string]*member{}, map[string]*Keeper{}}
		defer c.join("a")()
		c.wantAfter(0, "a")
		if c.keepers["a"].Names() != nil {
			t.Error("one replica names its shares, which are all")
		}
		time.Sleep(1700 * time.Millisecond)
		defer c.join("b")()
		c.wantAfter(renewEvery, "a", "b")
		time.Sleep(900 * time.Millisecond)
		stop := c.join("c")
		if c.keepers["c"].Names() == nil || len(c.keepers["c"].Names()) == 0 {
			t.Error("a replica that joins does not begin at once")
		}
		c.wantAfter(renewEvery, "a", "b", "c")
		c.freeze("b", true)
		c.wantAfter(absentAfter+renewEvery, "a", "c")
		c.freeze("b", false)
		c.wantAfter(2*renewEvery, "a", "b", "c")
		c.keepers["c"].StopLooking(t.Context()) // it goes on with its orders
		c.wantAfter(renewEvery, "a", "b")
		stop()
		c.wantAfter(renewEvery, "a", "b")
		if got := c.common.rows["a"]; !got.looking || got.watches != 1 {
			t.Errorf("a is recorded as %+v", got)
		}
	})
}

// A share is taken over in less time than a lease takes, which is what docs/replicas.md promises.
func TestSharesAreTakenOverInTime(t *testing.T) {
	if absentAfter+renewEvery > store.ReplicaLease-5*time.Second || renewTimeout+renewEvery >= absentAfter {
		t.Errorf("a lost replica is known after %s, and one whose renewal takes long after %s", absentAfter+renewEvery, absentAfter)
	}
}

// A replica that has not begun to look has no share, so that nobody leaves it watches.
func TestJoinedIsNotLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t, &common{rows: map[string]row{}}, map[string]*member{}, map[string]*Keeper{}}
		defer c.join("a")()
		idle := New(&member{common: c.common, name: "b"}, slog.New(slog.DiscardHandler), time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { idle.Run(ctx); close(done) }()
		c.wantAfter(time.Minute, "a")
		cancel()
		<-done
	})
}
