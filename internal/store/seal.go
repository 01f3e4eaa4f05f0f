package store

import (
	"context"
	"fmt"
)

// The two databases write triggers each in its own words; these are the only
// statements that are not the same for both. They are repeated at every start,
// so that a journal whose triggers somebody dropped is sealed again.

// sealSQLite refuses to alter the journal. INSERT OR REPLACE would remove a
// row without asking the trigger on DELETE, hence the third.
var sealSQLite = []string{
	`CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal
		BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END`,
	`CREATE TRIGGER IF NOT EXISTS journal_no_delete BEFORE DELETE ON journal
		BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END`,
	`CREATE TRIGGER IF NOT EXISTS journal_no_replace BEFORE INSERT ON journal
		WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
		BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END`,
}

var sealPostgres = []string{
	`CREATE OR REPLACE FUNCTION pushback_journal_sealed() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'the journal is only added to'; END $$`,
	`CREATE OR REPLACE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
		FOR EACH STATEMENT EXECUTE FUNCTION pushback_journal_sealed()`,
}

// seal has the database itself refuse every change of the journal but adding.
// Whoever owns the database can take the triggers away; the chain of hashes
// shows what they did then.
func (s *Store) seal(ctx context.Context) error {
	statements := sealSQLite
	if s.dialect == Postgres {
		statements = sealPostgres
	}
	for _, statement := range statements {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("seal the journal: %w", err)
		}
	}
	return nil
}
