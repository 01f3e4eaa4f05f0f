package store

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// toUs are the columns of a row that is leased to this replica, $2, for $3; leasable is
// the condition under which it may be: the row is held by nobody, by this replica, or by
// a run whose lease has run out. CLOCK stands for Store.clock.
const (
	toUs     = ` SET holder = $2, leased_until = CLOCK + CAST($3 AS BIGINT) `
	leasable = `(holder = $2 OR holder = '' OR leased_until <= CLOCK
		OR holder NOT IN (SELECT r.holder FROM replicas r WHERE r.leased_until > CLOCK))`
)

// LeaseOrder leases an order to this replica for d, measured by the database's clock.
// False if another replica works on it. ClaimOrder, FinishOrder and VerifyOrder store
// nothing for a replica that does not hold the order any more.
//
// See adr/0082.
func (s *Store) LeaseOrder(ctx context.Context, key string, d time.Duration) (bool, error) {
	return s.lease(ctx, `UPDATE orders`+toUs+`WHERE key = $1 AND `+leasable, key, d)
}

// LeaseOutgoing is LeaseOrder for a message that is pending, collects others or waits, or may
// be sent again as a reminder; see FinishOutgoing.
func (s *Store) LeaseOutgoing(ctx context.Context, id string, d time.Duration) (bool, error) {
	return s.lease(ctx, `UPDATE outgoing`+toUs+`WHERE id = $1 AND state IN ('pending', 'collecting', 'waiting', 'sent') AND `+leasable, id, d)
}

// LeaseReport is LeaseOrder for a report; see FinishReport.
func (s *Store) LeaseReport(ctx context.Context, id string, d time.Duration) (bool, error) {
	return s.lease(ctx, `UPDATE reports`+toUs+`WHERE id = $1 AND `+leasable, id, d)
}

func (s *Store) lease(ctx context.Context, statement, key string, d time.Duration) (bool, error) {
	ok, err := affected(ctx, s.write, strings.ReplaceAll(statement, "CLOCK", s.clock()), key, s.holder, d.Microseconds())
	return ok, wrap(err, "lease %s", key)
}

// clock is Now as an expression, for a statement that must take one trip.
func (s *Store) clock() string {
	if s.dialect == SQLite {
		return strconv.FormatInt(time.Now().UnixMicro(), 10)
	}
	return postgresClock
}

const postgresClock = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`

// clearLeases ends the leases of the process that used the file before this one.
// The file lock proves that it has ended.
func (s *Store) clearLeases(ctx context.Context) error {
	for _, statement := range []string{
		`DELETE FROM replicas`,
		`UPDATE watches SET holder = '', leased_until = 0 WHERE running AND holder <> ''`,
		`UPDATE schedules SET holder = '', leased_until = 0`,
		`UPDATE orders SET holder = '', leased_until = 0 WHERE holder <> ''`,
		`UPDATE outgoing SET holder = '', leased_until = 0 WHERE holder <> ''`,
		`UPDATE reports SET holder = '', leased_until = 0 WHERE holder <> ''`,
		`UPDATE protections SET holder = '', leased_until = 0 WHERE holder <> ''`,
	} {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return wrap(err, "end the leases of the last process")
		}
	}
	return nil
}

// ClaimedOrder reports whether this replica, and this run of it, has claimed the order
// last.
func (s *Store) ClaimedOrder(ctx context.Context, key string) (ours bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT sent_by = $2 FROM orders WHERE key = $1`, key, s.holder).Scan(&ours)
	return ours, wrap(err, "read who claimed order %s", key)
}
