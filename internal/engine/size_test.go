package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// noisyShop is a shop whose numbers have noise in every digit, as measured ones do.
type noisyShop struct{ *shop }

func (s noisyShop) Range(_ context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	var line sources.Series
	for at := w.From; !at.After(w.To) && !at.After(s.newest()); at = at.Add(q.Step) {
		line.Samples = append(line.Samples, sources.Sample{T: at.UnixMilli(), V: noisy(q.Expr, at)})
	}
	if len(line.Samples) == 0 {
		return nil, nil
	}
	return []sources.Series{line}, nil
}

func (s noisyShop) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	return s.Range(ctx, sources.Query{Expr: expr, Step: time.Minute}, sources.Window{From: at, To: at})
}

// noisy is the value of an expression at a moment: a counter of 50 requests a second of
// which one in 200 fails, or a gauge around 100.
func noisy(expr string, at time.Time) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, expr, at.Unix())
	noise := float64(h.Sum64()>>11) / (1 << 53)
	seconds := at.Sub(began.AddDate(0, 0, -60)).Seconds()
	switch {
	case strings.Contains(expr, "code=~"):
		return math.Floor(seconds*0.25 + 3*noise)
	case strings.Contains(expr, "_total"):
		return math.Floor(seconds*50 + 200*noise)
	}
	return 100 + 5*noise + 3*math.Sin(seconds/86400*2*math.Pi)
}

// sizeRule is a rule of n signals, counters and gauges.
func sizeRule(n int, head string) string {
	var b strings.Builder
	b.WriteString("team: shop\nrules:\n  - name: red\n    watch: {service: \"*\", environment: production}\n" + head + "    signals:\n")
	for i := range n {
		if i%5 < 2 {
			fmt.Fprintf(&b, "      - {name: errors%d, counter: 'http%d_requests_total{$match}', bad: 'code=~\"5..\"', min_effect: 0.5 points, min_events: 200}\n", i, i)
			continue
		}
		fmt.Fprintf(&b, "      - {name: load%d, query: 'avg by () (load%d{$match})', worse: higher, min_effect: 5%%}\n", i, i)
	}
	b.WriteString("    respond:\n      - {at_least: suspect, tell: chat}\n      - {at_least: likely, tell: pager}\n      - {on: healthy, tell: chat}\n")
	return b.String()
}

// TestBytesOfAChange holds everything that is stored of a change with 5 signals, in all tables
// and indexes, to 30 KB; internal/store holds a long watch to its budget.
func TestBytesOfAChange(t *testing.T) {
	t.Parallel()
	b := newBench(t, sizeRule(5, "    settle: 1m\n    bake: 30m\n    every: 15s\n"), func(o *Options) {
		scheduled(o)
		var n noisyShop
		n.shop, _ = o.Metrics["prod"].(*shop)
		o.Metrics = map[string]MetricStore{"": n, "prod": n}
	})
	b.must(b.keep("profiles"))
	const changes = 6
	b.deploy("v1", nil) // the tables have their first pages
	b.pass(33 * time.Minute)
	before := b.bytes()
	for i := range changes {
		b.deploy(fmt.Sprint("v", i+2), nil)
		b.pass(33 * time.Minute)
	}
	after := b.bytes()
	for table, n := range after {
		t.Logf("%6d bytes a change: %s", (n-before[table])/changes, table)
	}
	if n := (after[""] - before[""]) / changes; n > 30_000 || n < 5_000 {
		t.Errorf("%d bytes a change", n)
	}
	rows := 0
	b.must(b.Store.DB().QueryRow(`SELECT SUM(looks) FROM records`).Scan(&rows))
	if rows < 30*changes {
		t.Errorf("%d looks are stored of %d changes", rows, changes)
	}
}

// bytes is the size of every table and index with its free space; "" is all of them.
func (b *bench) bytes() map[string]int64 {
	b.t.Helper()
	_, err := b.Store.DB().Exec(`VACUUM`)
	b.must(err)
	rows, err := b.Store.DB().Query(`SELECT name, SUM(pgsize) FROM dbstat GROUP BY name`)
	b.must(err)
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		b.must(rows.Scan(&name, &n))
		all[name], all[""] = n, all[""]+n
	}
	b.must(rows.Err())
	return all
}
