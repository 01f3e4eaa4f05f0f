-- Trust that was taken back is earned anew by what comes after.

-- +goose Up
ALTER TABLE trust ADD COLUMN taken BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE trust DROP COLUMN taken;
