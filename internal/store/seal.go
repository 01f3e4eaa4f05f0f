package store

import (
	"context"
	"fmt"
)

// The two databases have different syntax for triggers: these are the only
// statements that differ. They run at every start, so that triggers which somebody
// dropped come back.

// sealSQLite makes SQLite refuse changes of the journal. Entries up to a checkpoint may be
// deleted, and a checkpoint must have the hash of its entry. The trigger about replacing is
// needed because INSERT OR REPLACE removes a row without firing the one about deleting.
var sealSQLite = []string{
	`CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal
		BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END`,
	`DROP TRIGGER IF EXISTS journal_no_delete`, // of older versions, which deleted nothing
	`CREATE TRIGGER IF NOT EXISTS journal_delete_by_age BEFORE DELETE ON journal
		WHEN OLD.seq > (SELECT COALESCE(MAX(through), 0) FROM journal_checkpoints)
		BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END`,
	`CREATE TRIGGER IF NOT EXISTS journal_no_replace BEFORE INSERT ON journal
		WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
		BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END`,
	`CREATE TRIGGER IF NOT EXISTS checkpoints_no_update BEFORE UPDATE ON journal_checkpoints
		BEGIN SELECT RAISE(ABORT, 'checkpoints of the journal stay'); END`,
	`CREATE TRIGGER IF NOT EXISTS checkpoints_no_delete BEFORE DELETE ON journal_checkpoints
		BEGIN SELECT RAISE(ABORT, 'checkpoints of the journal stay'); END`,
	`CREATE TRIGGER IF NOT EXISTS checkpoints_are_true BEFORE INSERT ON journal_checkpoints
		WHEN NOT EXISTS (SELECT 1 FROM journal WHERE seq = NEW.through AND hash = NEW.hash)
		BEGIN SELECT RAISE(ABORT, 'the journal has no such entry'); END`,
}

var sealPostgres = []string{
	`CREATE OR REPLACE FUNCTION pushback_journal_sealed() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$`,
	`CREATE OR REPLACE TRIGGER journal_no_change BEFORE UPDATE OR TRUNCATE ON journal
		FOR EACH STATEMENT EXECUTE FUNCTION pushback_journal_sealed()`,
	`CREATE OR REPLACE FUNCTION pushback_journal_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF OLD.seq > (SELECT COALESCE(MAX(through), 0) FROM journal_checkpoints) THEN RAISE EXCEPTION 'the journal is append-only'; END IF;
		RETURN OLD; END $$`,
	`CREATE OR REPLACE TRIGGER journal_delete_by_age BEFORE DELETE ON journal
		FOR EACH ROW EXECUTE FUNCTION pushback_journal_delete()`,
	`CREATE OR REPLACE FUNCTION pushback_checkpoints_sealed() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'checkpoints of the journal stay'; END $$`,
	`CREATE OR REPLACE TRIGGER checkpoints_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_checkpoints
		FOR EACH STATEMENT EXECUTE FUNCTION pushback_checkpoints_sealed()`,
	`CREATE OR REPLACE FUNCTION pushback_checkpoint_is_true() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NOT EXISTS (SELECT 1 FROM journal WHERE seq = NEW.through AND hash = NEW.hash) THEN RAISE EXCEPTION 'the journal has no such entry'; END IF;
		RETURN NEW; END $$`,
	`CREATE OR REPLACE TRIGGER checkpoints_are_true BEFORE INSERT ON journal_checkpoints
		FOR EACH ROW EXECUTE FUNCTION pushback_checkpoint_is_true()`,
}

// seal makes the database refuse to update journal entries, and to delete any that no
// checkpoint covers. The owner
// of the database can drop the triggers; the chain of hashes shows what was changed
// then.
//
// See adr/0041 and adr/0101.
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
