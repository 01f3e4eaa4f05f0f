-- Looks are stored packed, several in a row, and each as what differs from the one
-- before; the details of journal entries are stored packed where they are long. Rows that
-- are there already stay as they are, and are read as before: packed is NULL in them.

-- +goose Up
ALTER TABLE records ADD COLUMN looks BIGINT NOT NULL DEFAULT 1;
ALTER TABLE records ADD COLUMN packed BYTEA;
ALTER TABLE journal ADD COLUMN packed BYTEA;

-- Going down loses what is packed: it is for the tests of this migration alone.

-- +goose Down
DELETE FROM records WHERE packed IS NOT NULL;
ALTER TABLE journal DROP COLUMN packed;
ALTER TABLE records DROP COLUMN packed;
ALTER TABLE records DROP COLUMN looks;
