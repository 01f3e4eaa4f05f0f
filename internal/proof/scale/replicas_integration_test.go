//go:build integration

package scale

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/store"
)

const (
	sharedWatches = 300
	sharedEvery   = 10 * time.Second // between two looks at a watch
	joinLimit     = time.Minute      // until a replica that joins has its share
	lossLimit     = 15 * time.Second // until the share of a lost one is taken over
	busyLimit     = 15 * time.Second // that a busy machine may add until its first look is stored
)

// TestReplicasShareTheWatches runs the built program as two replicas on PostgreSQL, then three. One
// is killed, one is stopped with SIGSTOP and goes on, and one ends by SIGTERM. docs/replicas.md has
// its figures.
func TestReplicasShareTheWatches(t *testing.T) {
	g := newGroup(t)
	a, b := g.start("a"), g.start("b")
	g.deploy(a)
	g.wantShares("two replicas", joinLimit, a, b)
	g.observe(3 * sharedEvery)
	c := g.start("c")
	g.wantShares("a third joined", joinLimit, a, b, c)
	g.observe(3 * sharedEvery)
	b.Kill()
	g.wantShares("one was killed", lossLimit, a, c)
	g.observe(2 * sharedEvery)
	g.signal(a, syscall.SIGSTOP)
	g.wantShares("one was frozen", lossLimit, c)
	g.observe(sharedEvery)
	g.signal(a, syscall.SIGCONT)
	g.wantShares("it goes on", lossLimit, a, c)
	g.observe(2 * sharedEvery)
	g.signal(a, syscall.SIGTERM)
	g.wantShares("one stopped", lossLimit, c)
	g.observe(2 * sharedEvery)
	t.Logf("the longest time between a look that was due and one that was stored: %s", g.latest.Round(time.Second/10))
	t.Logf("%.0f looks, of which %d moved a watch", g.looks, g.moved)
}

// group is some replicas on one database, and what was seen of them.
type group struct {
	*testing.T
	metrics  *metricstore.Store
	outlets  *outlets
	database string
	reader   *store.Store
	binary   string
	replicas []*groupMember
	began    time.Time
	latest   time.Duration    // most that a look came after it was due
	moves    map[string]int64 // by watch: its revision
	moved    int64
	looks    float64
}

type groupMember struct {
	*program.Program
	name    string
	silent  bool // killed or frozen: not asked
	watches int
	looks   float64
}

func newGroup(t *testing.T) *group {
	t.Helper()
	g := &group{T: t, database: servertest.PostgreSQL(t).URL, binary: filepath.Join(t.TempDir(), "pushback"), moves: map[string]int64{}}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", g.binary, "../../../cmd/pushback")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, output)
	}
	var err error
	if g.metrics, err = metricstore.Start(metricstore.Options{Services: sharedWatches + spare, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.metrics.Close() })
	if g.outlets, err = newOutlets(g.metrics); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.outlets.close)
	return g
}

// start adds a replica.
func (g *group) start(name string) *groupMember {
	g.Helper()
	all := files(g.metrics.URL(), g.outlets.url())
	all["pushback.yml"] += "replica: " + name + "\n"
	all["rules/red.yml"] = strings.ReplaceAll(all["rules/red.yml"], "every: "+every.String(), "every: "+sharedEvery.String())
	dir := filepath.Join(g.TempDir(), name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		g.Fatal(err)
	}
	p, err := program.New(program.Options{Binary: g.binary, Dir: dir, Database: g.database, Files: all})
	if err != nil {
		g.Fatal(err)
	}
	ctx := context.WithoutCancel(g.Context())
	if err := p.Start(ctx); err != nil {
		log, _ := os.ReadFile(p.Log())
		g.Fatalf("%v\n%s", err, log)
	}
	g.Cleanup(p.Kill)
	m := &groupMember{Program: p, name: name}
	g.replicas = append(g.replicas, m)
	return m
}

func (g *group) signal(m *groupMember, s syscall.Signal) {
	g.Helper()
	m.silent = s != syscall.SIGCONT
	if err := m.Signal(s); err != nil {
		g.Fatal(err)
	}
}

// deploy reports a change of each service to one of the replicas.
func (g *group) deploy(to *groupMember) {
	g.Helper()
	w := &world{Program: to.Program}
	if _, err := to.AwaitReady(g.Context()); err != nil {
		g.Fatal(err)
	}
	if err := w.deploy(g.Context(), 0, sharedWatches, 100, time.Minute); err != nil {
		g.Fatal(err)
	}
	var err error
	if g.reader, err = store.OpenReadOnly(g.Context(), g.database); err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() { _ = g.reader.Close() })
	g.began = time.Now()
}

// wantShares waits until the replicas look at all watches between them, each at between half and one
// and a half times as many as if they were shared evenly, and says how long that took.
func (g *group) wantShares(what string, limit time.Duration, all ...*groupMember) {
	g.Helper()
	for _, m := range g.replicas {
		m.silent = true
	}
	for _, m := range all {
		m.silent = false
	}
	began := time.Now()
	for ; !even(all); g.look() {
		if time.Since(began) > limit {
			g.Fatalf("%s: after %s the shares are %s", what, limit, g.shares())
		}
	}
	g.Logf("%s: after %.1f s the shares are %s", what, time.Since(began).Seconds(), g.shares())
}

func even(all []*groupMember) bool {
	sum, equal := 0, sharedWatches/len(all)
	for _, m := range all {
		if sum += m.watches; m.watches < equal/2 || m.watches > equal*3/2 {
			return false
		}
	}
	return sum == sharedWatches
}

func (g *group) shares() string {
	var all []string
	for _, m := range g.replicas {
		if !m.silent {
			all = append(all, fmt.Sprintf("%s %d", m.name, m.watches))
		}
	}
	return strings.Join(all, ", ")
}

// observe looks for a while, and says how many looks each replica took.
func (g *group) observe(d time.Duration) {
	g.Helper()
	before := map[string]float64{}
	for _, m := range g.replicas {
		before[m.name] = m.looks
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		g.look()
	}
	said := ""
	for _, m := range g.replicas {
		if !m.silent {
			said += fmt.Sprintf(" %s %.0f", m.name, m.looks-before[m.name])
		}
	}
	g.Logf("    looks in %s:%s", d, said)
}

// look asks, after half a second, the replicas what they do and the database how late looks are.
func (g *group) look() {
	g.Helper()
	time.Sleep(time.Second / 2)
	for _, m := range g.replicas {
		if m.silent {
			continue
		}
		all, err := m.Metrics(g.Context())
		if err != nil {
			g.Fatal(err)
		}
		looks := all.Sum("pushback_looks_total")
		g.looks += looks - m.looks
		m.watches, m.looks = int(all["pushback_watches_open"]), looks
	}
	ids, err := g.reader.OpenWatchIDs(g.Context(), nil)
	if err != nil {
		g.Fatal(err)
	}
	ws, err := g.reader.WatchesByID(g.Context(), ids)
	if err != nil {
		g.Fatal(err)
	}
	for _, w := range ws {
		late := time.Since(w.Next)
		g.latest = max(g.latest, late)
		if late > lossLimit+busyLimit {
			g.Fatalf("%s: the look at %s is %s late; the shares are %s", time.Since(g.began).Round(time.Second), w.ID, late.Round(time.Second), g.shares())
		}
		g.moved += w.Revision - g.moves[w.ID]
		g.moves[w.ID] = w.Revision
	}
}
