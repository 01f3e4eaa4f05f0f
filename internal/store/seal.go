package store

import (
	"context"
	"fmt"
)

// The two databases have different syntax for triggers: these are the only
// statements that differ. They run at every start, so that triggers which somebody
// dropped come back.

// sealSQLite makes SQLite refuse changes of the journal. The third trigger is
// needed because INSERT OR REPLACE removes a row without firing the second.
var sealSQLite = []string{
	`CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal
		BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END`,
	`CREATE TRIGGER IF NOT EXISTS journal_no_delete BEFORE DELETE ON journal
		BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END`,
	`CREATE TRIGGER IF NOT EXISTS journal_no_replace BEFORE INSERT ON journal
		WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
		BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END`,
}

var sealPostgres = []string{
	`CREATE OR REPLACE FUNCTION pushback_journal_sealed() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$`,
	`CREATE OR REPLACE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
		FOR EACH STATEMENT EXECUTE FUNCTION pushback_journal_sealed()`,
}

// seal makes the database refuse to update or delete journal entries. The owner
// of the database can drop the triggers; the chain of hashes shows what was changed
// then.
//
// See adr/0041.
func (s *Store) seal(ctx context.Context) error {
	statements := sealSQLite
	if s.dialect == Postgres {
		statements = sealPostgres
	}
	for _, statement := range statements {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make the journal append-only: %w", err)
		}
	}
	return nil
}
