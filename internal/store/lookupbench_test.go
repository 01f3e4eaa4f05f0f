package store

import (
	"context"
	"testing"

	"github.com/pushback/pushback/internal/store/storetest"
)

// manyChanges are 100,000 changes of 5,000 services, each with a watch that has ended.
const manyChanges = `
	WITH RECURSIVE counted (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < 100000)
	INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence,
		epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, kind, state, words)
	SELECT substr('abcdefghijklmnopqrstuvwxyz', 1 + (i % 20), 6) || substr('aaaaaaaaaaaaaaaaaaaa' || replace(replace(replace(replace(i, '0', 'x'), '1', 'y'), '8', 'z'), '9', 'w'), -20), 'slot' || (i % 5000), 'c' || i,
		'service-' || (i % 5000), 'environment-' || (i % 10), 'v' || i, 'succeeded', $1 + 1000000 * i, $1 + 1000000 * i + 1, 0, 1,
		CASE WHEN i > 95000 THEN '' ELSE 'newer' END, '', 0, 'good', TRUE, $1, replace('{"id":"c#","service":"s","environment":"production","kind":"deploy","version":"v#","status":"succeeded","started_at":"2026-01-01T00:00:00Z"}', '#', i),
		CASE WHEN i % 1000 = 0 THEN 'flag' ELSE 'deploy' END, CASE WHEN i % 1001 = 0 THEN 'regressed' ELSE 'healthy' END, 'service-' || (i % 5000) || char(10) || char(10) || 'v' || i || char(10) || 'ada'
	FROM counted`

// BenchmarkLookups reads what the API reads, of 100,000 changes.
func BenchmarkLookups(b *testing.B) {
	s := storetest.Open(b, Open)
	if _, err := s.write.ExecContext(b.Context(), manyChanges, micros(at(0))); err != nil {
		b.Fatal(err)
	}
	if _, err := s.write.ExecContext(b.Context(), `INSERT INTO watches (id, change_key, state, running, revision, holder, leased_until, body)
		SELECT key || '.red', key, 'healthy', id LIKE '%7', 1, '', 0, '{"change_key":"' || key || '"}' FROM changes`); err != nil {
		b.Fatal(err)
	}
	if _, err := s.write.ExecContext(b.Context(), `INSERT INTO names (slot, name, key) SELECT slot, id, key FROM changes`); err != nil {
		b.Fatal(err)
	}
	var key string
	if err := s.read.QueryRowContext(b.Context(), `SELECT key FROM changes WHERE id = 'c50000'`).Scan(&key); err != nil {
		b.Fatal(err)
	}
	changes := func(f ChangeFilter) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			found, err := s.Changes(ctx, f)
			return len(found), err
		}
	}
	find := func(reference string) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			found, err := s.FindChanges(ctx, reference)
			return len(found), err
		}
	}
	search := func(f ChangeFilter) func(context.Context) (int, error) {
		f.Limit = 50
		return func(ctx context.Context) (int, error) {
			found, err := s.SearchChanges(ctx, f)
			return len(found.Changes), err
		}
	}
	for _, c := range []struct {
		name string
		look func(context.Context) (int, error)
		want int
	}{
		{"list", changes(ChangeFilter{}), 50},
		{"list/service", changes(ChangeFilter{Service: "service-7"}), 20},
		{"list/environment", changes(ChangeFilter{Environment: "environment-3"}), 50},
		{"list/both", changes(ChangeFilter{Service: "service-7", Environment: "environment-7"}), 20},
		{"list/none", changes(ChangeFilter{Service: "service-7", Environment: "environment-3"}), 0},
		{"find/key", find(key), 1},
		{"find/prefix", find(key[:24]), 5},
		{"find/version", find("v777"), 1},
		{"find/name", find("c777"), 1},
		{"find/nothing", find("nothing of the kind"), 0},
		{"open watches", s.CountOpenWatches, 10000},
		{"search/state", search(ChangeFilter{State: "regressed"}), 50},
		{"search/kind", search(ChangeFilter{Kind: "flag"}), 50},
		{"search/service and state", search(ChangeFilter{Service: "service-7", State: "healthy"}), 20},
		{"search/words", search(ChangeFilter{Words: []string{"service-4999"}}), 1},
		{"search/no words", search(ChangeFilter{Words: []string{"nothing of the kind"}}), 0},
		{"services", func(ctx context.Context) (int, error) {
			found, err := s.ChangedServices(ctx, 500)
			return len(found), err
		}, 500},
		{"marks", func(ctx context.Context) (int, error) {
			found, err := s.MarksSince(ctx, at(0), 300)
			return len(found), err
		}, 300},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if n, err := c.look(b.Context()); err != nil || n != c.want {
					b.Fatalf("%d, %v; want %d", n, err, c.want)
				}
			}
		})
	}
}
