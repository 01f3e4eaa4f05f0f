package store

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/watch"
)

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
		SELECT COALESCE((SELECT 'incident ' || MIN(id) FROM incidents WHERE (service = '' OR service = $1) AND (environment = '' OR environment = $2)
				AND began_at <= $3 AND ended_at >= $3 AND removed_at = 0),
			(SELECT 'hold ' || MIN(id) FROM holds WHERE kind = $4 AND held_at <= $3 AND (held_until = 0 OR held_until > $3)
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
	var in conditions
	in.add("started_at >= ", micros(s.from.Add(-maxWatched)))
	in.add("started_at <= ", micros(s.to))
	in.addUnlessEmpty("service = ", s.service)
	in.addUnlessEmpty(environmentBeside(s.service), s.environment)
	fired, err := collect(ctx, tx, scanSlotAndKey, `SELECT slot, key FROM changes `+in.where()+`
		  AND standing <> 'cleared'
		  AND EXISTS (SELECT 1 FROM outcomes o WHERE o.change_key = changes.key AND o.fired)
		  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.change_key = changes.key AND o.saved)
		ORDER BY slot, key`, in.args...)
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
