package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/watch"
)

// Standing is what the watches of a change found about its version.
type Standing string

// A good version may be rolled back to, a bad one never. A cleared one was marked
// bad or suspected, and is no longer: what was found had another cause.
const (
	Unjudged Standing = ""
	Good     Standing = "good"
	Bad      Standing = "bad"
	Cleared  Standing = "cleared"
)

// This file alone decides which versions are bad:
//
//	marked bad     the end of a watch that may act       StandingAfter, markJudged
//	never marked   by an echo, a site rule, a recovery   StandingAfter
//	cleared        rolling it back did not help          markJudged
//	cleared        it turned bad in an outage elsewhere  outageAt, clearOutage
//	cleared        a person says so                      ClearChange, clearFalseAlarm
//
// Of two marks the stronger stays: cleared, then bad, then good. See adr/0081.

// goodAfter is how long a superseded change must have been watched without suspicion to
// count as good.
const goodAfter = 10 * time.Minute

// StandingAfter returns what the move of a watch says about the version of its
// change. Most moves say nothing: Unjudged.
func StandingAfter(from, to watch.Watch) Standing {
	if from.State == to.State {
		return Unjudged
	}
	return standingBy(to)
}

// standingBy returns what one watch says about the version of its change. A watch
// that may not act is that of an echo or of the whole site: what it finds may have
// been there before, and is no reason never to go back to this version.
func standingBy(w watch.Watch) Standing {
	switch {
	case !w.After.IsZero():
		if w.State == watch.Regressed {
			return Cleared // rolling it back did not help, so it was not the cause
		}
	case w.State == watch.Regressed && w.Acts:
		return Bad
	case w.State == watch.Healthy:
		return Good
	case w.State == watch.Superseded && w.Grade < detector.Suspect && !w.From.IsZero() && w.EndedAt.Sub(w.From) >= goodAfter:
		return Good
	}
	return Unjudged
}

// clearedByRecovery is what cleared a change whose rollback did not help, and
// clearedByFalseAlarm one at which every rule that fired was wrong.
const (
	clearedByRecovery   = "recovery"
	clearedByFalseAlarm = "false alarm"
)

// markJudged marks the version of a watch that has moved, and returns the journal
// entries to append. What an outage elsewhere explains is cleared at once.
func markJudged(ctx context.Context, tx executor, from, to watch.Watch) ([]Entry, error) {
	standing, by := StandingAfter(from, to), ""
	switch standing {
	case Unjudged:
		return nil, nil
	case Cleared:
		by = clearedByRecovery
	case Bad:
		outage, err := outageAt(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		if outage != "" {
			standing, by = Cleared, outage
		}
	}
	if err := setStanding(ctx, tx, to.ChangeKey, standing, by); err != nil || StandingAfter(from, to) != Cleared {
		return nil, err
	}
	return clearSameBaseline(ctx, tx, to)
}

// SetStanding sets the standing of a change, unless it has a stronger one.
func (s *Store) SetStanding(ctx context.Context, key string, st Standing) error {
	return wrap(setStanding(ctx, s.write, key, st, ""), "mark change %s %s", key, st)
}

// setStanding sets a standing, unless the change has a stronger one: a good watch of
// one rule does not answer what another rule found, and no later watch marks a
// cleared change bad again.
func setStanding(ctx context.Context, db executor, key string, st Standing, by string) error {
	ok, err := affected(ctx, db, `
		UPDATE changes SET
			cleared_by = CASE WHEN standing = 'cleared' THEN cleared_by ELSE $3 END,
			standing = CASE WHEN standing = 'cleared' OR (standing = 'bad' AND $2 <> 'cleared') THEN standing ELSE $2 END
		WHERE key = $1`, key, st, by)
	if err == nil && !ok {
		err = ErrNotFound
	}
	return err
}

// ClearChange marks a change as cleared, in the name of actor. False if there
// is no such change, or it is cleared already.
func (s *Store) ClearChange(ctx context.Context, key, actor, why string, now time.Time) (cleared bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		entries, err := clearChanges(ctx, tx, []string{key}, cause{by: actor, actor: actor, why: why, at: now})
		cleared = len(entries) > 0
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, entries...)
	})
	return cleared && err == nil, wrap(err, "clear change %s", key)
}

// cause is what clears changes, for the row and for the journal.
type cause struct {
	by, actor, why string
	at             time.Time
}

// clearChanges clears changes and returns the journal entries to append. The caller
// appends them last, because the first entry locks the journal for everybody else.
func clearChanges(ctx context.Context, tx executor, keys []string, c cause) (entries []Entry, err error) {
	detail, err := encode(map[string]string{"why": c.why})
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		cleared, err := affected(ctx, tx, `UPDATE changes SET standing = $2, cleared_by = $3 WHERE key = $1 AND standing <> $2`, key, Cleared, c.by)
		if err != nil {
			return nil, wrap(err, "clear change %s", key)
		}
		if cleared {
			entries = append(entries, Entry{At: c.at, ChangeKey: key, Actor: c.actor, Action: "clear", Detail: []byte(detail)})
		}
	}
	return entries, nil
}

// clearFalseAlarm clears a change once people called every rule that fired at it a
// false alarm.
func clearFalseAlarm(ctx context.Context, tx executor, key string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE changes SET standing = $2, cleared_by = $3 WHERE key = $1 AND standing <> $2
		  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.change_key = $1 AND o.fired AND NOT o.false_alarm)`,
		key, Cleared, clearedByFalseAlarm)
	return wrap(err, "clear change %s", key)
}

// scope is where and when something was broken that no change of these services
// caused: an incident, or the outage of a fleet hold.
type scope struct {
	service, environment string // "" for all
	from, to             time.Time
}

// maxWatched is how long after the start of a change a watch may find something: two
// hours of rollout and a week of bake at the most.
const maxWatched = 8 * 24 * time.Hour

// outageAt returns the name of the outage elsewhere in which a watch turned bad, ""
// for none: an incident that people noted, a fleet hold, or what was left after the
// rollback of an earlier change did not help.
func outageAt(ctx context.Context, tx executor, w watch.Watch) (string, error) {
	if w.LikelyAt.IsZero() {
		return "", nil
	}
	c, err := changeByKey(ctx, tx, w.ChangeKey)
	if err != nil {
		return "", err
	}
	var by string
	err = tx.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT MIN(id) FROM incidents WHERE (service = '' OR service = $1) AND (environment = '' OR environment = $2)
				AND began_at <= $3 AND ended_at >= $3 AND removed_at = 0),
			(SELECT MIN(id) FROM holds WHERE kind = $4 AND held_at <= $3 AND (held_until = 0 OR held_until > $3)
				AND (released_at = 0 OR released_at > $3)), '')`,
		c.Service, c.Environment, micros(w.LikelyAt), FleetHold).Scan(&by)
	if err != nil || by != "" {
		return by, err
	}
	same, err := sameBaseline(ctx, tx, c, w, `standing = 'cleared' AND cleared_by = 'recovery'`)
	if err != nil || len(same) == 0 {
		return "", err
	}
	return clearedByRecovery, nil
}

// clearOutage clears the changes that turned bad in an outage elsewhere, and returns
// the journal entries to append. A change whose rollback helped was the cause, whatever
// else was broken.
func clearOutage(ctx context.Context, tx executor, s scope, c cause) ([]Entry, error) {
	fired, err := collect(ctx, tx, scanSlotAndKey, `
		SELECT slot, key FROM changes
		WHERE started_at >= $1 AND started_at <= $2 AND (CAST($3 AS TEXT) = '' OR service = $3)
		  AND (CAST($4 AS TEXT) = '' OR environment = $4) AND standing <> 'cleared'
		  AND EXISTS (SELECT 1 FROM outcomes o WHERE o.change_key = changes.key AND o.fired)
		  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.change_key = changes.key AND o.saved)
		ORDER BY slot, key`, micros(s.from.Add(-maxWatched)), micros(s.to), s.service, s.environment)
	if err != nil {
		return nil, wrap(err, "find the changes of an outage")
	}
	var keys []string
	for _, f := range fired {
		if err := lockSlot(ctx, tx, f.slot); err != nil {
			return nil, err
		}
		ws, err := watchesOf(ctx, tx, f.key)
		if err != nil {
			return nil, err
		}
		if s.explains(ws) {
			keys = append(keys, f.key)
		}
	}
	return clearChanges(ctx, tx, keys, c)
}

type slotAndKey struct{ slot, key string }

func scanSlotAndKey(r row) (s slotAndKey, err error) { return s, r.Scan(&s.slot, &s.key) }

// explains reports whether every watch that found something did so within the scope.
func (s scope) explains(ws []watch.Watch) bool {
	explained := false
	for _, w := range ws {
		if !w.After.IsZero() || w.LikelyAt.IsZero() {
			continue
		}
		if w.LikelyAt.Before(s.from) || w.LikelyAt.After(s.to) {
			return false
		}
		explained = true
	}
	return explained
}

// clearSameBaseline clears what newer changes of the slot were marked for by the same
// before window as a change whose rollback did not help: they have found the same
// outage again.
func clearSameBaseline(ctx context.Context, tx executor, w watch.Watch) ([]Entry, error) {
	if err := lockSlotOfChange(ctx, tx, w.ChangeKey); err != nil {
		return nil, err
	}
	c, err := changeByKey(ctx, tx, w.ChangeKey)
	if err != nil {
		return nil, err
	}
	keys, err := sameBaseline(ctx, tx, c, w, `standing = 'bad'`)
	if err != nil {
		return nil, err
	}
	why := fmt.Sprintf("it was compared with the time before %s, whose rollback did not help", c.Version)
	return clearChanges(ctx, tx, keys, cause{by: clearedByRecovery, actor: "rule " + w.Rule, why: why, at: w.EndedAt})
}

// sameBaseline returns the other changes of a slot, of those that condition selects,
// which the same rule compared with the same before window.
func sameBaseline(ctx context.Context, tx executor, c Change, w watch.Watch, condition string) ([]string, error) {
	others, err := collect(ctx, tx, scanText,
		`SELECT key FROM changes WHERE slot = $1 AND started_at >= $2 AND key <> $3 AND `+condition+` ORDER BY key`,
		slotKey(c.Slot()), micros(w.BaseAt), c.Key)
	if err != nil {
		return nil, wrap(err, "find the changes of one baseline")
	}
	var same []string
	for _, key := range others {
		ws, err := watchesOf(ctx, tx, key)
		if err != nil {
			return nil, err
		}
		for _, o := range ws {
			if o.Rule == w.Rule && o.After.IsZero() && o.BaseAt.Equal(w.BaseAt) {
				same = append(same, key)
			}
		}
	}
	return same, nil
}

// restoreCleared gives the changes that by cleared the standing that their watches
// gave them: the incident was withdrawn.
func restoreCleared(ctx context.Context, tx executor, by string) error {
	keys, err := collect(ctx, tx, scanText, `SELECT key FROM changes WHERE standing = 'cleared' AND cleared_by = $1 ORDER BY slot, key`, by)
	if err != nil {
		return wrap(err, "find what %s cleared", by)
	}
	for _, key := range keys {
		if _, err := tx.ExecContext(ctx, `UPDATE changes SET standing = '', cleared_by = '' WHERE key = $1`, key); err != nil {
			return err
		}
		ws, err := watchesOf(ctx, tx, key)
		if err != nil {
			return err
		}
		for _, w := range ws {
			if _, err := markJudged(ctx, tx, watch.Watch{}, w); err != nil {
				return err
			}
		}
	}
	return nil
}
