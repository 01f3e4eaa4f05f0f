package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
)

// Protection is a deployment, or a merge request, that its tool holds back until Pushback answers.
type Protection struct {
	ID         string    // ProtectionID
	Adapter    string    // the report that answers, by its name in pushback.yml
	AskedAt    time.Time // when it was asked about last; an answer to a question before is none to this one
	AnsweredAt time.Time // when the tool had the answer, or was given up; zero: not yet
	Attempts   int       // to tell the tool that failed
	LastError  string    // of the last attempt
	Held
	Answer *notify.Answer // nil: not decided yet. It changes only where the tool asks again.
}

// Held is the deployment or merge request, and what it waits for.
type Held struct {
	Source      string      `json:"source"`
	Service     string      `json:"service"`
	Environment string      `json:"environment"`
	Version     string      `json:"version"`
	Wait        notify.Wait `json:"wait"`
	// Approved says that the tool may still show the approval of a question before this one.
	Approved bool `json:"approved,omitempty"`
}

// changed reports whether it waits for something else now than before.
func (h Held) changed(before Held) bool {
	h.Approved = before.Approved
	return h != before
}

// showsApproval reports whether the tool may show an approval.
func (p Protection) showsApproval() bool {
	given := p.Answer != nil && p.Answer.Approved
	took := p.Answer != nil && !p.AnsweredAt.IsZero() && p.LastError == ""
	return given || p.Approved && !took
}

// Until is when it is rejected at the latest.
func (p Protection) Until() time.Time { return p.AskedAt.Add(p.Wait.AtMost) }

// ProtectionID names a held deployment by what its adapter calls it.
func ProtectionID(adapter string, w notify.Wait) string { return adapter + w.ID }

const selectProtection = `SELECT id, adapter, asked_at, answered_at, attempts, last_error, body, answer FROM protections `

func scanProtection(r row) (p Protection, err error) {
	var asked, answered int64
	var body, answer string
	if err := r.Scan(&p.ID, &p.Adapter, &asked, &answered, &p.Attempts, &p.LastError, &body, &answer); err != nil {
		return p, err
	}
	p.AskedAt, p.AnsweredAt = fromMicros(asked), fromMicros(answered)
	if answer != "" {
		p.Answer = &notify.Answer{}
		if err := decode(answer, p.Answer); err != nil {
			return p, err
		}
	}
	return p, decode(body, &p.Held)
}

// AddProtection stores a deployment that waits from now on, with an entry in the journal. One that is stored
// already stays as it is, and added is false.
func (s *Store) AddProtection(ctx context.Context, p Protection) (added bool, err error) {
	body, err := encode(p.Held)
	if err != nil {
		return false, wrap(err, "store the held deployment %s", p.ID)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		added, err = affected(ctx, tx, `
			INSERT INTO protections (id, adapter, asked_at, answered_at, attempts, last_error, body, answer)
			VALUES ($1, $2, $3, 0, 0, '', $4, '') ON CONFLICT (id) DO NOTHING`, p.ID, p.Adapter, micros(p.AskedAt), body)
		if err != nil || !added {
			return err
		}
		return appendEntries(ctx, tx, Entry{At: p.AskedAt, Actor: "report " + p.Adapter, Action: "hold deployment", Detail: json.RawMessage(body)})
	})
	return added && err == nil, wrap(err, "store the held deployment %s", p.ID)
}

// ReopenProtection takes a question of the tool into what is stored of one before: it waits from p.AskedAt on, and is
// decided anew. That is so where there is an answer, which the tool may not have yet, or where it waits for something
// else now. Any other that waits stays as it is, and reopened is false. Who holds the row goes on holding it: an
// answer that is on its way arrives before the next one.
func (s *Store) ReopenProtection(ctx context.Context, p Protection) (reopened bool, err error) {
	const tries = 3 // another replica may decide, or take a question in, between reading and writing
	for range tries {
		before, err := s.Protection(ctx, p.ID)
		if err != nil {
			return false, err
		}
		if before.Answer == nil && before.AnsweredAt.IsZero() && !p.changed(before.Held) {
			return false, nil
		}
		p.Approved = before.showsApproval()
		if reopened, err = s.reopenAs(ctx, p, before); err != nil || reopened {
			return reopened, err
		}
	}
	return false, fmt.Errorf("reopen the held deployment %s: others change it all the time", p.ID)
}

// reopenAs stores the question unless what is stored of the one before has changed.
func (s *Store) reopenAs(ctx context.Context, p, before Protection) (reopened bool, err error) {
	body, err := encode(p.Held)
	if err != nil {
		return false, wrap(err, "reopen the held deployment %s", p.ID)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		reopened, err = affected(ctx, tx, `
			UPDATE protections SET asked_at = $2, answered_at = 0, attempts = 0, last_error = '', body = $3, answer = ''
			WHERE id = $1 AND asked_at = $4 AND (answer <> '') = $5`, p.ID, micros(p.AskedAt), body, micros(before.AskedAt), before.Answer != nil)
		if err != nil || !reopened {
			return err
		}
		return appendEntries(ctx, tx, Entry{At: p.AskedAt, Actor: "report " + p.Adapter, Action: "hold deployment", Detail: json.RawMessage(body)})
	})
	return reopened && err == nil, wrap(err, "reopen the held deployment %s", p.ID)
}

// WithdrawProtection stores that the tool does not show an approval of before any more. False, and nothing stored, if
// it has asked again meanwhile, or another replica holds the row.
func (s *Store) WithdrawProtection(ctx context.Context, p Protection) (bool, error) {
	p.Approved = false
	body, err := encode(p.Held)
	if err != nil {
		return false, wrap(err, "withdraw the approval of the held deployment %s", p.ID)
	}
	ok, err := affected(ctx, s.write, `UPDATE protections SET body = $2, attempts = 0, last_error = '' WHERE id = $1 AND answer = '' AND asked_at = $3 AND holder = $4`,
		p.ID, body, micros(p.AskedAt), s.holder)
	return ok, wrap(err, "withdraw the approval of the held deployment %s", p.ID)
}

// Protection returns a held deployment by its ID, or ErrNotFound.
func (s *Store) Protection(ctx context.Context, id string) (Protection, error) {
	p, err := scanProtection(s.read.QueryRowContext(ctx, selectProtection+`WHERE id = $1`, id))
	return p, wrap(err, "read the held deployment %s", id)
}

// OpenProtections lists the deployments whose tool has no answer yet, the oldest first.
func (s *Store) OpenProtections(ctx context.Context) ([]Protection, error) {
	all, err := collect(ctx, s.read, scanProtection, selectProtection+`WHERE answered_at = 0 ORDER BY asked_at, id`)
	return all, wrap(err, "list held deployments")
}

// LeaseProtection is LeaseOrder for a held deployment; see DecideProtection.
func (s *Store) LeaseProtection(ctx context.Context, id string, d time.Duration) (bool, error) {
	return s.lease(ctx, `UPDATE protections`+toUs+`WHERE id = $1 AND answered_at = 0 AND `+leasable, id, d)
}

// DecideProtection stores the answer to a deployment, with an entry in the journal, before the tool is told. False,
// and nothing stored, if there is an answer already, the tool has asked again, or another replica holds the row.
func (s *Store) DecideProtection(ctx context.Context, p Protection, changeKey string, at time.Time) (decided bool, err error) {
	answer, err := encode(p.Answer)
	if err != nil {
		return false, wrap(err, "decide on the held deployment %s", p.ID)
	}
	detail, err := encode(map[string]any{"held": p.Held, "answer": p.Answer})
	if err != nil {
		return false, wrap(err, "decide on the held deployment %s", p.ID)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		decided, err = affected(ctx, tx, `UPDATE protections SET answer = $2 WHERE id = $1 AND answer = '' AND asked_at = $3 AND holder = $4`, p.ID, answer, micros(p.AskedAt), s.holder)
		if err != nil || !decided {
			return err
		}
		return appendEntries(ctx, tx, Entry{At: at, ChangeKey: changeKey, Actor: "report " + p.Adapter, Action: "answer deployment", Detail: json.RawMessage(detail)})
	})
	return decided && err == nil, wrap(err, "decide on the held deployment %s", p.ID)
}

// FinishProtection stores the result of an attempt to tell the tool: answered at at, or not yet where at is zero. False,
// and nothing stored, if the tool has asked again since p, or another replica holds the row.
func (s *Store) FinishProtection(ctx context.Context, p Protection, at time.Time, problem string) (bool, error) {
	ok, err := affected(ctx, s.write, `
		UPDATE protections SET answered_at = $2, attempts = attempts + CASE WHEN CAST($3 AS TEXT) = '' THEN 0 ELSE 1 END, last_error = $3
		WHERE id = $1 AND asked_at = $4 AND holder = $5`, p.ID, micros(at), problem, micros(p.AskedAt), s.holder)
	return ok, wrap(err, "finish the held deployment %s", p.ID)
}

func (s *Store) pruneProtections(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM protections WHERE answered_at > 0 AND answered_at < $1`, micros(before))
	return wrap(err, "delete old held deployments")
}
