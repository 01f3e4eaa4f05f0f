package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Unwatched is the state of a planned change that no rule watches.
const Unwatched = "unwatched"

// maxSearched is how many changes one search looks through. It bounds what a search costs; the next
// one goes on where it ended.
//
// See adr/0132.
const maxSearched = 2500

// Found is what a search came to.
type Found struct {
	Changes []Change  // newest first
	Before  time.Time // where the next search goes on: ChangeFilter.Before; zero: all was looked through
}

// SearchChanges lists the changes that meet every condition of a filter, newest first. It reads the
// newest changes by the index of one condition and looks through those for the others, maxSearched at
// most: it may find fewer than the limit, or none, although there are more.
func (s *Store) SearchChanges(ctx context.Context, f ChangeFilter) (Found, error) {
	c, rest := f.indexed()
	walked := c.where() + ` ORDER BY started_at DESC, sequence DESC`
	last := conditions{args: append([]any(nil), c.args...)}
	query := selectChange + `WHERE key IN (SELECT key FROM (SELECT key, started_at, sequence` + rest.columns() + ` FROM changes ` +
		walked + ` LIMIT ` + c.mark(maxSearched) + `) AS walked ` + rest.after(&c) + ` ORDER BY started_at DESC, sequence DESC LIMIT ` + c.mark(f.Limit) +
		`) ORDER BY +started_at DESC, sequence DESC`
	found, err := collect(ctx, s.read, scanChange, query, c.args...)
	if err != nil {
		return Found{}, wrap(err, "search changes")
	}
	if len(found) == f.Limit && f.Limit > 0 {
		return Found{Changes: found, Before: found[len(found)-1].StartedAt}, nil
	}
	ends, err := collect(ctx, s.read, scanMicros, `SELECT started_at FROM changes `+walked+` LIMIT 1 OFFSET `+last.mark(maxSearched-1), last.args...)
	if err != nil || len(ends) == 0 {
		return Found{Changes: found}, wrap(err, "find where a search ended")
	}
	return Found{Changes: found, Before: ends[0]}, nil
}

func scanMicros(r row) (time.Time, error) {
	var at int64
	err := r.Scan(&at)
	return fromMicros(at), err
}

// indexed returns the conditions by which the changes are read, which one index serves, and those
// for which they are looked through.
func (f ChangeFilter) indexed() (by conditions, rest residual) {
	by.add("started_at < ", f.before())
	if !f.Since.IsZero() {
		by.add("started_at >= ", micros(f.Since))
	}
	rest = residual{service: f.Service, environment: f.Environment, kind: string(f.Kind), state: f.State, services: f.Services, words: f.Words}
	switch {
	case f.Service != "":
		by.add("service = ", f.Service)
		rest.service = ""
	case f.State != "":
		by.add("state = ", f.State)
		rest.state = ""
	case f.Kind != "" && f.Kind != sources.Deploy:
		by.all = append(by.all, "kind <> 'deploy'") // the condition of the index
		by.add("kind = ", f.Kind)
		rest.kind = ""
	case f.Environment != "":
		by.add("environment = ", f.Environment)
		rest.environment = ""
	}
	return by, rest
}

// residual are conditions that no index serves together with that by which changes are read.
type residual struct {
	service, environment, kind, state string
	services                          []string // one of these; nil: any
	words                             []string // each is in the text that is searched
}

// columns are those that the conditions read, always in one order: a statement is prepared once.
func (r residual) columns() (names string) {
	for _, c := range []struct {
		name string
		read bool
	}{
		{"service", r.service != "" || r.services != nil}, {"environment", r.environment != ""}, {"kind", r.kind != ""}, {"state", r.state != ""}, {"words", len(r.words) > 0},
	} {
		if c.read {
			names += ", " + c.name
		}
	}
	return names
}

// after is the WHERE of the conditions, with their values after those of c; "" where there is none.
func (r residual) after(c *conditions) string {
	more := conditions{args: c.args}
	more.addUnlessEmpty("service = ", r.service)
	more.addUnlessEmpty("environment = ", r.environment)
	more.addUnlessEmpty("kind = ", r.kind)
	more.addUnlessEmpty("state = ", r.state)
	if r.services != nil {
		marks := make([]string, 0, len(r.services)+1)
		for _, one := range append([]string{""}, r.services...) { // no service has this name: an empty list is no SQL
			marks = append(marks, more.mark(one))
		}
		more.all = append(more.all, "service IN ("+strings.Join(marks, ", ")+")")
	}
	for _, word := range r.words {
		more.all = append(more.all, "words LIKE "+more.mark("%"+likeEscaped.Replace(strings.ToLower(word))+"%")+` ESCAPE '\'`)
	}
	c.args = more.args
	if len(more.all) == 0 {
		return ""
	}
	return more.where()
}

// likeEscaped writes a text for LIKE, so that it means itself.
var likeEscaped = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// searchedWords is the text in which a search looks for words: the service, what was set to which
// version, and the people.
func searchedWords(c sources.Change) string {
	return strings.ToLower(strings.Join(append([]string{c.Service, c.Group, c.Version, c.Actor}, c.Riders...), "\n"))
}

// Mark is a change as a line in a graph.
type Mark struct {
	Key, Service, Environment, Kind, Version string
	At                                       time.Time
	State                                    string // as ChangeFilter.State
	Grade                                    detector.Grade
}

// MarksSince lists the newest changes that began at a time or later, newest first. It reads no more of them than a graph shows.
func (s *Store) MarksSince(ctx context.Context, since time.Time, limit int) ([]Mark, error) {
	all, err := collect(ctx, s.read, func(r row) (m Mark, err error) {
		var at int64
		err = r.Scan(&m.Key, &m.Service, &m.Environment, &m.Kind, &m.Version, &at, &m.State, &m.Grade)
		m.At = fromMicros(at)
		return m, err
	}, `SELECT key, service, environment, kind, version, started_at, state, grade FROM changes
		WHERE started_at >= $1 ORDER BY started_at DESC, sequence DESC LIMIT $2`, micros(since), limit)
	return all, wrap(err, "list the changes of a graph")
}

// ChangedServices lists the services that have changes, up to limit, and ChangedEnvironments the environments. They read
// one row for each.
func (s *Store) ChangedServices(ctx context.Context, limit int) ([]string, error) {
	return s.different(ctx, "service", limit)
}

// ChangedEnvironments lists the environments that have changes, up to limit.
func (s *Store) ChangedEnvironments(ctx context.Context, limit int) ([]string, error) {
	return s.different(ctx, "environment", limit)
}

// different lists the values of a column that an index begins with: the least, and again the least above the last.
func (s *Store) different(ctx context.Context, column string, limit int) ([]string, error) {
	all, err := collect(ctx, s.read, scanText, `
		WITH RECURSIVE found (name) AS (
			SELECT (SELECT MIN(`+column+`) FROM changes WHERE `+column+` > '')
			UNION ALL SELECT (SELECT MIN(`+column+`) FROM changes WHERE `+column+` > found.name) FROM found WHERE found.name IS NOT NULL
		) SELECT name FROM found WHERE name IS NOT NULL LIMIT $1`, limit)
	return all, wrap(err, "list the different names of changes")
}

// noteState stores what the watches of a change come to, by which changes are searched. On PostgreSQL
// it locks the change first: of two watches that move at once, the later one must see the other.
func (s *Store) noteState(ctx context.Context, tx *sql.Tx, key string) error {
	if s.dialect == Postgres {
		if _, err := tx.ExecContext(ctx, `SELECT 1 FROM changes WHERE key = $1 FOR UPDATE`, key); err != nil {
			return wrap(err, "lock change %s", key)
		}
	}
	all, err := watchesOf(ctx, tx, key)
	if err != nil || len(all) == 0 {
		return err
	}
	state, grade := watch.Fold(all)
	_, err = tx.ExecContext(ctx, `UPDATE changes SET state = $2, grade = $3 WHERE key = $1 AND (state <> $2 OR grade <> $3)`, key, string(state), int64(grade))
	return wrap(err, "note the state of change %s", key)
}

// stateOfPlan is the state of a change with the first of its watches.
func stateOfPlan(watches []watch.Watch) (state string, grade detector.Grade) {
	if len(watches) == 0 {
		return Unwatched, grade
	}
	worst, grade := watch.Fold(watches)
	return string(worst), grade
}

// stateAtIntake is the state of a change that was just reported.
func stateAtIntake(planned bool) string {
	if planned {
		return Unwatched
	}
	return string(watch.Waiting)
}
