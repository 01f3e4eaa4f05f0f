package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Change is a change with its state in its slot.
type Change struct {
	sources.Change
	Key            string    // fixed by the first event of the change, whatever merges later
	Epoch          int64     // the slot's generation that this change began
	SupersededBy   string    // key of the newer change that succeeded; "" while there is none
	SuspendedBy    string    // key of a newer change that has started and not ended; "" for none
	SuspendedUntil time.Time // when the suspension ends, because the end of the newer change may never be reported
	Standing       Standing
	Planned        bool // whether its watches are stored
	ReceivedAt     time.Time
}

// SuspendedAt returns the key of the newer change that suspends this one at now,
// "" for none. A suspension ends by time; nothing clears SuspendedBy then.
func (c Change) SuspendedAt(now time.Time) string {
	if !now.Before(c.SuspendedUntil) {
		return ""
	}
	return c.SuspendedBy
}

const (
	changeColumns = `changes.key, changes.epoch, changes.superseded_by, changes.suspended_by, changes.suspended_until,
		changes.standing, changes.planned, changes.received_at, changes.body`
	selectChange = `SELECT ` + changeColumns + ` FROM changes `
)

func scanChange(r row) (Change, error) { return scanChangeWith(r) }

// scanChangeWith is scanChange for a query that selects more columns.
func scanChangeWith(r row, further ...any) (Change, error) {
	c, body, err := scanColumns(r, further...)
	if err != nil {
		return Change{}, err
	}
	return c, decode(body, &c.Change)
}

// scanColumns scans a row of selectChange whose body is yet to be decoded, and the
// columns that a query selects after those.
func scanColumns(r row, further ...any) (c Change, body string, err error) {
	var suspended, received int64
	columns := []any{&c.Key, &c.Epoch, &c.SupersededBy, &c.SuspendedBy, &suspended, &c.Standing, &c.Planned, &received, &body}
	err = r.Scan(append(columns, further...)...)
	c.SuspendedUntil, c.ReceivedAt = fromMicros(suspended), fromMicros(received)
	return c, body, err
}

// Change returns the change called key, or ErrNotFound.
func (s *Store) Change(ctx context.Context, key string) (Change, error) {
	c, err := changeByKey(ctx, s.read, key)
	return c, wrap(err, "read change %s", key)
}

func changeByKey(ctx context.Context, db executor, key string) (Change, error) {
	return scanChange(db.QueryRowContext(ctx, selectChange+`WHERE key = $1`, key))
}

// ChangeFilter selects changes. A zero field selects all.
type ChangeFilter struct {
	Service     string
	Environment string
	Before      time.Time // StartedAt before this: the page after one that ended there
	Limit       int       // 0: 50

	// Of SearchChanges alone.
	Since    time.Time    // StartedAt at or after this
	Kind     sources.Kind // "" for all
	State    string       // what the watches come to: a watch.State, or Unwatched
	Services []string     // one of these; nil: all
	Words    []string     // each a part of the service, version, flag or people, whatever the case
}

// Changes lists changes, newest first.
func (s *Store) Changes(ctx context.Context, f ChangeFilter) ([]Change, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	var c conditions
	c.add("started_at < ", f.before())
	c.addUnlessEmpty("service = ", f.Service)
	c.addUnlessEmpty(environmentBeside(f.Service), f.Environment)
	query := selectChange + c.where() + ` ORDER BY started_at DESC, sequence DESC LIMIT ` + c.mark(f.Limit)
	found, err := collect(ctx, s.read, scanChange, query, c.args...)
	return found, wrap(err, "list changes")
}

// environmentIs compares the environment where the service is known: nearly all changes are
// of production, so the index of the service is the one to use.
const environmentIs = `environment || '' = `

// environmentBeside is what stands before the environment in a condition.
func environmentBeside(service string) string {
	if service == "" {
		return "environment = "
	}
	return environmentIs
}

// before is the stored form of f.Before, later than all changes for none.
func (f ChangeFilter) before() int64 {
	if f.Before.IsZero() {
		return math.MaxInt64
	}
	return micros(f.Before)
}

// LiveChanges lists the changes that no newer one has superseded and that
// started at since or later, by slot.
func (s *Store) LiveChanges(ctx context.Context, since time.Time) ([]Change, error) {
	found, err := collect(ctx, s.read, scanChange, selectChange+`
		WHERE superseded_by = '' AND started_at >= $1`, micros(since))
	// Sorted here: SQLite would read all changes by slot, to spare itself the sorting.
	slices.SortStableFunc(found, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slotKey(a.Slot()), slotKey(b.Slot())), a.StartedAt.Compare(b.StartedAt))
	})
	return found, wrap(err, "list live changes")
}

// predecessorCandidates is how many changes Predecessor compares. Only
// those that started at the very microsecond of the change can be newer than it.
const predecessorCandidates = 16

// Predecessor returns the change that was live in the slot just before c
// started: the newest older one that succeeded, or of which a hook was called to go
// back while it was still rolling out. False if there is none.
func (s *Store) Predecessor(ctx context.Context, c Change) (Change, bool, error) {
	older, err := collect(ctx, s.read, scanChange, selectChange+`
		WHERE slot = $1 AND started_at <= $3 AND key <> $4
		  AND (status = $2 OR EXISTS (SELECT 1 FROM orders o WHERE o.key = changes.key AND o.sent_at > 0))
		ORDER BY started_at DESC, sequence DESC LIMIT $5`,
		slotKey(c.Slot()), sources.Succeeded, micros(c.StartedAt), c.Key, predecessorCandidates)
	if err != nil {
		return Change{}, false, wrap(err, "find the predecessor of change %s", c.Key)
	}
	newest := -1
	for i, o := range older {
		if sources.Newer(c.Change, o.Change) && (newest < 0 || sources.Newer(o.Change, older[newest].Change)) {
			newest = i
		}
	}
	if newest < 0 {
		return Change{}, false, nil
	}
	return older[newest], true, nil
}

// EarlierOfVersion returns the changes of c's slot that brought a version before c
// came, newest first.
func (s *Store) EarlierOfVersion(ctx context.Context, c Change, version string, limit int) ([]Change, error) {
	found, err := collect(ctx, s.read, scanChange, selectChange+`
		WHERE slot = $1 AND version = $2 AND started_at <= $3 AND key <> $4
		ORDER BY started_at DESC, sequence DESC LIMIT $5`,
		slotKey(c.Slot()), version, micros(c.StartedAt), c.Key, limit)
	return found, wrap(err, "find what brought version %s before %s", version, c.Key)
}

// OverlappingChanges returns the other changes of the given services in c's
// environment, of any kind and region, that were rolling at some time between
// from and to, newest first. A change without a reported end counts as rolling for
// watch.MaxRolling.
func (s *Store) OverlappingChanges(ctx context.Context, c Change, services []string, from, to time.Time) ([]Change, error) {
	args := []any{c.Environment, c.Key, micros(to), micros(from), micros(from) - watch.MaxRolling.Microseconds(), maxFound}
	first := len(args) + 1
	for _, service := range services {
		args = append(args, service)
	}
	// Two look-ups, each by its index: of what ended at from or later, and of what has not ended.
	marks := placeholders(first, len(services))
	found, err := collect(ctx, s.read, scanChange, selectChange+`WHERE key IN (
			SELECT key FROM changes WHERE service IN (`+marks+`) AND finished_at >= $4 AND finished_at > 0 AND started_at <= $3 AND `+environmentIs+`$1
			UNION ALL
			SELECT key FROM changes WHERE service IN (`+marks+`) AND finished_at = 0 AND started_at <= $3 AND started_at >= $5 AND `+environmentIs+`$1)
		  AND key <> $2
		ORDER BY started_at DESC, sequence DESC LIMIT $6`, args...)
	return found, wrap(err, "find changes that overlap %s", c.Key)
}

// BadWindows returns the windows between from and to in which a bad change of
// the service and environment was live: from its start until our own rollback of it
// took place, or the change that superseded it had finished, or until to where neither
// did.
func (s *Store) BadWindows(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Window, error) {
	all, err := collect(ctx, s.read, scanBadWindow, `
		SELECT bad.started_at, COALESCE(cure.finished_at, $3), COALESCE(o.state, ''), COALESCE(o.ended_at, 0), COALESCE(o.verification, '')
		FROM changes bad LEFT JOIN changes cure ON cure.key = bad.superseded_by LEFT JOIN orders o ON o.key = bad.key
		WHERE bad.service = $1 AND bad.environment || '' = $2 AND bad.standing = 'bad' AND bad.started_at <= $3
		  AND COALESCE(cure.finished_at, $3) >= $4
		ORDER BY bad.started_at`, service, environment, micros(to), micros(from))
	ws := slices.DeleteFunc(all, func(w sources.Window) bool { return w.To.Before(from) })
	return ws, wrap(err, "find bad changes of %s", service)
}

// scanBadWindow reads when a bad change began, when it was superseded, and its order.
func scanBadWindow(r row) (sources.Window, error) {
	var from, to, ended int64
	var o rollback.Order
	var verification string
	if err := r.Scan(&from, &to, &o.State, &ended, &verification); err != nil {
		return sources.Window{}, err
	}
	w := sources.Window{From: fromMicros(from), To: fromMicros(to)}
	o.EndedAt = fromMicros(ended)
	if verification != "" {
		if err := decode(verification, &o.Verification); err != nil {
			return w, err
		}
	}
	if undone := o.TookPlaceAt(); !undone.IsZero() && undone.Before(w.To) {
		w.To = undone
	}
	return w, nil
}

// saveChanges are the statements that insert changes, or replace what events and newer
// changes say of them. Key, epoch, standing and planned stay as they are stored.
func saveChanges(changes []*staged) ([]statement, error) {
	var all rows
	for _, c := range changes {
		body, err := encode(c.Change.Change)
		if err != nil {
			return nil, err
		}
		all.add(c.Key, c.slot.key, c.ID, c.Service, c.Environment, c.Version, string(c.Status),
			micros(c.StartedAt), micros(c.FinishedAt), c.Sequence, c.Epoch, c.Planned, micros(c.ReceivedAt), body,
			c.SupersededBy, c.SuspendedBy, micros(c.SuspendedUntil), literal("''"), string(c.Kind), searchedWords(c.Change.Change), stateAtIntake(c.Planned))
	}
	return all.statements(`INSERT INTO changes (key, slot, id, service, environment, version, status,
			started_at, finished_at, sequence, epoch, planned, received_at, body, superseded_by, suspended_by, suspended_until, standing, kind, words, state) VALUES `, `
		ON CONFLICT (key) DO UPDATE SET version = excluded.version, status = excluded.status,
			started_at = excluded.started_at, finished_at = excluded.finished_at, sequence = excluded.sequence, body = excluded.body, words = excluded.words,
			superseded_by = excluded.superseded_by, suspended_by = excluded.suspended_by, suspended_until = excluded.suspended_until`, nil), nil
}
