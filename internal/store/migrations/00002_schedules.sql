-- Work that runs on a schedule: when it last ran, and who runs it now.

-- +goose Up
CREATE TABLE schedules (
    name         TEXT PRIMARY KEY,
    last_run     BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);

-- A profile that no watch was judged with is deleted when a newer one takes its
-- name. A used one stays as long as the records of these watches.
ALTER TABLE profiles ADD COLUMN used BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE profiles ADD COLUMN at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE profiles DROP COLUMN at;
ALTER TABLE profiles DROP COLUMN used;
DROP TABLE schedules;
