package store

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
)

// ReplicaLease is how long a replica that does not renew its lease keeps the rows
// that it works on. After that, it counts as dead.
const ReplicaLease = 15 * time.Second

// forgetReplica is how long a dead replica is listed.
const forgetReplica = 24 * time.Hour

// Replica is one run of a process that works with the database.
type Replica struct {
	Name      string // as its configuration calls it; two runs may have the same
	Holder    string // unique: names the run in the rows that it holds
	StartedAt time.Time
	SeenAt    time.Time // when it last renewed its lease
	Alive     bool      // its lease is in force
	Looking   bool      // has a share of the watches
	Watches   int       // how many it looked at when it last renewed its lease; 0 on SQLite
}

// Join registers this process as a replica. What the Store writes from then on is in
// its name. Call it once, before the Store is used by several goroutines.
func (s *Store) Join(ctx context.Context, name string) error {
	now, err := s.Now(ctx)
	if err != nil {
		return wrap(err, "register replica %s", name)
	}
	s.holder = name + holderSeparator + rand.Text()[:8]
	_, err = s.write.ExecContext(ctx, `DELETE FROM replicas WHERE leased_until <= $1 OR (name = $2 AND leased_until <= $3)`,
		micros(now.Add(-forgetReplica)), name, micros(now))
	if err != nil {
		return wrap(err, "forget dead replicas")
	}
	return s.Renew(ctx, false, 0)
}

// holderSeparator is between the name of a replica and the name of its run.
const holderSeparator = "/"

// ReplicaOf returns the name of the replica that a holder is a run of.
func ReplicaOf(holder string) string {
	if i := strings.LastIndex(holder, holderSeparator); i >= 0 {
		return holder[:i]
	}
	return holder
}

// Holder is the name of this run in the rows that it holds; "" before Join.
func (s *Store) Holder() string { return s.holder }

// Renew renews this replica's lease, and says whether it takes a share of the watches and
// how many it looks at.
func (s *Store) Renew(ctx context.Context, looking bool, watches int) error {
	_, err := s.write.ExecContext(ctx, strings.ReplaceAll(`
		INSERT INTO replicas (holder, name, started_at, seen_at, leased_until, looking, watches)
		VALUES ($1, $2, CLOCK, CLOCK, CLOCK + CAST($3 AS BIGINT), $4, $5)
		ON CONFLICT (holder) DO UPDATE SET
			seen_at = excluded.seen_at, leased_until = excluded.leased_until, looking = excluded.looking, watches = excluded.watches`, "CLOCK", s.clock()),
		s.holder, ReplicaOf(s.holder), ReplicaLease.Microseconds(), looking, watches)
	return wrap(err, "renew the lease of this replica")
}

// Looking lists the holders that take a share of the watches and have renewed their leases
// within d, in order.
func (s *Store) Looking(ctx context.Context, d time.Duration) ([]string, error) {
	holders, err := collect(ctx, s.read, scanText, strings.ReplaceAll(`
		SELECT holder FROM replicas WHERE looking AND seen_at > CLOCK - CAST($1 AS BIGINT) ORDER BY holder`, "CLOCK", s.clock()), d.Microseconds())
	return holders, wrap(err, "list the replicas that look at watches")
}

// Leave ends this replica's lease, so that others need not wait for its rows.
func (s *Store) Leave(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM replicas WHERE holder = $1`, s.holder)
	return wrap(err, "end the lease of this replica")
}

// Replicas lists the replicas that have joined and not left, by name, the newest run
// of a name first. On SQLite there is one, whose lease needs no renewal.
func (s *Store) Replicas(ctx context.Context) ([]Replica, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, wrap(err, "list replicas")
	}
	scan := func(r row) (Replica, error) {
		var p Replica
		var at [3]int64
		err := r.Scan(&p.Name, &p.Holder, &at[0], &at[1], &at[2], &p.Looking, &p.Watches)
		p.StartedAt, p.SeenAt = fromMicros(at[0]), fromMicros(at[1])
		p.Alive = fromMicros(at[2]).After(now)
		if !s.Shared() && p.Holder == s.holder {
			p.SeenAt, p.Alive = now, true
		}
		return p, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT name, holder, started_at, seen_at, leased_until, looking, watches FROM replicas ORDER BY name, started_at DESC, holder`)
	return all, wrap(err, "list replicas")
}
