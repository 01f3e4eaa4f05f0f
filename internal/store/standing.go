package store

import (
	"context"
	"database/sql"
	"slices"
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

// This file and clearing.go alone decide which versions are bad:
//
//	marked bad     the end of a watch that may act       StandingAfter, markJudged
//	marked bad     a person says that it was missed      putOutcome
//	never marked   by an echo, a site rule, a recovery   StandingAfter
//	cleared        rolling it back did not help          markRecovered
//	cleared        it turned bad in an outage elsewhere  outageAt, clearOutage
//	cleared        a person says so                      ClearChange, clearFalseAlarm
//	marked again   rolling it back helped after all      blameSaved
//	marked again   the incident is withdrawn             restoreCleared
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
	clearedByPerson     = "person" // and not the person's name, which may be "incident i3"
)

// markJudged marks the version of a watch that has moved, and returns the journal
// entries to append. What an outage elsewhere explains is cleared at once.
func markJudged(ctx context.Context, tx executor, from, to watch.Watch) ([]Entry, error) {
	if from.State != to.State && !to.After.IsZero() {
		return markRecovered(ctx, tx, to)
	}
	standing, by := StandingAfter(from, to), ""
	switch standing {
	case Unjudged:
		return nil, nil
	case Bad:
		outage, err := outageAt(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		if outage != "" {
			standing, by = Cleared, outage
		}
	}
	return nil, setStanding(ctx, tx, to.ChangeKey, standing, by)
}

// markRecovered takes what a recovery watch found about the version that was rolled
// back. A rule that had found nothing before the rollback cannot tell whether it helped.
func markRecovered(ctx context.Context, tx executor, to watch.Watch) ([]Entry, error) {
	if to.State != watch.Healthy && to.State != watch.Regressed {
		return nil, nil
	}
	ws, err := watchesOf(ctx, tx, to.ChangeKey)
	if err != nil {
		return nil, err
	}
	found := func(w watch.Watch) bool { return w.After.IsZero() && w.Rule == to.Rule && !w.LikelyAt.IsZero() }
	if !slices.ContainsFunc(ws, found) {
		return nil, nil
	}
	if to.State == watch.Healthy {
		return nil, blameSaved(ctx, tx, to.ChangeKey)
	}
	if err := setStanding(ctx, tx, to.ChangeKey, standingBy(to), clearedByRecovery); err != nil {
		return nil, err
	}
	return clearSameBaseline(ctx, tx, to)
}

// blameSaved marks a change bad again that an outage had cleared: rolling it back
// helped, so that it was the cause after all.
func blameSaved(ctx context.Context, tx executor, key string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE changes SET standing = $2, cleared_by = '' WHERE key = $1 AND standing = 'cleared'
		  AND (cleared_by IN (SELECT 'incident ' || id FROM incidents) OR cleared_by IN (SELECT 'hold ' || id FROM holds))`,
		key, Bad)
	return wrap(err, "mark change %s bad again", key)
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
		entries, err := clearChanges(ctx, tx, []string{key}, cause{by: clearedByPerson, actor: actor, why: why, at: now})
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
