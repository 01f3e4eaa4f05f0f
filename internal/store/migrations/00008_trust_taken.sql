-- taken: the mode was lowered, and only later outcomes count towards the next
-- step.

-- +goose Up
ALTER TABLE trust ADD COLUMN taken BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE trust DROP COLUMN taken;
