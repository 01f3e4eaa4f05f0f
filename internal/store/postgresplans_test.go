//go:build integration

package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// recordPostgres records what stores on PostgreSQL run that are opened from now on.
func recordPostgres(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{statements: map[string]recorded{}, methods: map[string]bool{}}
	tracer = recordingTracer{r}
	t.Cleanup(func() { tracer = nil })
	return r
}

type recordingTracer struct{ r *recorder }

func (t recordingTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.r.add(data.SQL, data.Args)
	return ctx
}

func (t recordingTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (t recordingTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, q := range data.Batch.QueuedQueries {
		t.r.add(q.SQL, q.Arguments)
	}
	return ctx
}

func (t recordingTracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (t recordingTracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// fill makes every growing table so large that PostgreSQL prefers an index wherever one
// helps, and has it count what is there.
const fill = `
INSERT INTO slots (slot, epoch) SELECT md5('slot' || i), 5 FROM generate_series(1, 20000) i;
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence,
	epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, kind, state, words)
SELECT md5('key' || i), md5('slot' || i % 20000), 'c' || i, 'service-' || i % 5000, 'environment-' || i % 10, 'v' || i % 50000, 'succeeded',
	1000000 * i::bigint, 1000000 * i::bigint + 1, 0, 1, CASE WHEN i % 10 = 0 THEN '' ELSE 'newer' END, '', 0,
	CASE WHEN i % 1000 = 0 THEN 'bad' WHEN i % 1001 = 0 THEN 'cleared' ELSE 'good' END, i % 5000 > 0, 1, '{}',
	CASE WHEN i % 100 = 0 THEN 'flag' ELSE 'deploy' END, CASE WHEN i % 1000 = 0 THEN 'regressed' ELSE 'healthy' END, 'service-' || i % 5000 FROM generate_series(1, 100000) i;
INSERT INTO names (slot, name, key) SELECT slot, id, key FROM changes;
INSERT INTO events (source, event_id, change_key, received_at, raw) SELECT 'ci', id, key, started_at, CASE WHEN planned THEN NULL ELSE 'x'::bytea END FROM changes;
INSERT INTO watches (id, change_key, state, running, revision, holder, leased_until, suspected, body)
SELECT key || '.red', key, 'healthy', id LIKE '%00', 1, '', 0, id LIKE '%000', '{}' FROM changes;
INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation)
SELECT key || '.red', i, started_at, 1, 0, 0, '', '', '' FROM changes, generate_series(1, 2) i WHERE id LIKE '%1';
INSERT INTO profiles (hash, body, used, at) SELECT key, 'x', TRUE, 1 FROM changes WHERE id LIKE '%2';
INSERT INTO profile_names (name, hash, at) SELECT id, key, 1 FROM changes WHERE id LIKE '%2';
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at,
	suspended_until, actor, why, receipt, body)
SELECT key, service, environment, '', TRUE, CASE WHEN id LIKE '%3000' THEN 'proposed' WHEN id LIKE '%03' THEN 'cancelled' ELSE 'done' END,
	1, 1, started_at, 0, 0, started_at, started_at, 0, '', '', '', '{}' FROM changes WHERE id LIKE '%3';
INSERT INTO outgoing (id, change_key, receiver, state, attempts, last_error, created_at, sent_at, message)
SELECT id, key, 'r' || length(id), CASE WHEN id LIKE '%000' THEN 'pending' ELSE 'sent' END, 1, '', started_at, 1, '{}' FROM changes WHERE id LIKE '%4' OR id LIKE '%000';
INSERT INTO reports (id, change_key, adapter, remote, revision, posted, attempts, last_error, body) SELECT key || '/-', key, '-', '1', 2, CASE WHEN id LIKE '%500' THEN 1 ELSE 2 END, 0, '', '{}' FROM changes;
INSERT INTO protections (id, adapter, asked_at, answered_at, attempts, last_error, body, answer) SELECT key, 'hub', started_at, CASE WHEN id LIKE '%500' THEN 0 ELSE started_at END, 0, '', '{}', '' FROM changes;
INSERT INTO journal (seq, at, change_key, actor, action, detail) SELECT epoch + row_number() OVER (), started_at, key, 'a', 'b', '' FROM changes;
INSERT INTO outcomes (watch_id, change_key, rule, rule_hash, service, ended_at, fired, clean, saved, false_alarm)
SELECT key || '.red', key, 'r' || length(id), 'h' || id, service, started_at, FALSE, TRUE, FALSE, FALSE FROM changes;
ANALYZE`

// checkPostgres explains every statement on large tables.
func (r *recorder) checkPostgres(t *testing.T, s *Store) {
	t.Helper()
	for statement := range strings.SplitSeq(fill, ";\n") {
		if _, err := s.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v: %s", err, statement)
		}
	}
	partial, err := collect(t.Context(), s.read, scanText, `SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %'`)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.read.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// Where an index serves, it is taken even if a whole table is read faster: the tables of
	// this test are small beside those of a year.
	if _, err := conn.ExecContext(t.Context(), `SET enable_seqscan = off`); err != nil {
		t.Fatal(err)
	}
	for query, of := range r.statements {
		if !explainable(query) || of.readsAll() {
			continue
		}
		var text string
		if err := conn.QueryRowContext(t.Context(), `EXPLAIN (FORMAT JSON) `+query, of.args...).Scan(&text); err != nil {
			t.Errorf("explain %s: %v", query, err)
			continue
		}
		var plans []struct{ Plan planNode }
		if err := json.Unmarshal([]byte(text), &plans); err != nil {
			t.Fatal(err)
		}
		for _, table := range plans[0].Plan.scanned(partial, false) {
			t.Errorf("Store.%s reads the whole of %s:\n%s\n%s", of.methods[0], table, query, text)
		}
	}
}

// planNode is a step of a plan.
type planNode struct {
	Type      string     `json:"Node Type"`
	Table     string     `json:"Relation Name"`
	Index     string     `json:"Index Name"`
	IndexCond string     `json:"Index Cond"`
	Plans     []planNode `json:"Plans"`
}

// scanned are the growing tables that a plan reads from end to end, or by an index from
// end to end. Under a limit an index is read in its order only until enough is found.
func (p planNode) scanned(partial []string, limited bool) (tables []string) {
	byIndex := p.Index != "" && p.IndexCond == "" && !slices.Contains(partial, p.Index)
	if slices.Contains(growing, p.Table) && (p.Type == "Seq Scan" || byIndex && !limited) {
		tables = append(tables, p.Table)
	}
	limited = p.Type == "Limit" || limited && p.Type != "Sort"
	for _, sub := range p.Plans {
		tables = append(tables, sub.scanned(partial, limited)...)
	}
	return tables
}

// BenchmarkAcceptPostgres is BenchmarkAccept on PostgreSQL, whose own computing is not
// counted. The servers of tests do not sync.
func BenchmarkAcceptPostgres(b *testing.B) {
	server := servertest.PostgreSQL(b).URL
	benchmarkIntake(b, func(b *testing.B) *Store { return openDatabase(b, database(b, server)) })
}
