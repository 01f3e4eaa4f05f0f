-- People say of a change that it was bad, and that a watch did not find it.

-- +goose Up
ALTER TABLE outcomes ADD COLUMN missed BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE outcomes DROP COLUMN missed;
