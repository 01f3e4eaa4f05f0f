package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/internal/replay"
)

// markNamedProfiles is migration 13: it marks the profiles that the entries written so far
// name. It is Go and not SQL, because the two databases read JSON in different ways. One that was
// deleted already stays so, and whoever judges again is told.
func markNamedProfiles(ctx context.Context, tx *sql.Tx) error {
	for next := int64(0); ; {
		page, err := collect(ctx, tx, scanNaming, `SELECT seq, action, detail FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2`, next, auditPage)
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, e := range page {
			for _, hash := range replay.Named(e.Action, e.Detail) {
				if _, err := tx.ExecContext(ctx, `UPDATE profiles SET journaled = TRUE WHERE hash = $1`, hash); err != nil {
					return fmt.Errorf("keep profile %s: %w", hash, err)
				}
			}
		}
		next = page[len(page)-1].Seq
	}
}

// scanNaming reads what an entry of that time says of profiles.
func scanNaming(r row) (e Entry, err error) {
	var detail string
	err = r.Scan(&e.Seq, &e.Action, &detail)
	e.Detail = json.RawMessage(detail)
	return e, err
}
