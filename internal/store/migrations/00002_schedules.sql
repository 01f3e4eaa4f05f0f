-- What is done by the clock, when it was last done, and who does it now.

-- +goose Up
CREATE TABLE schedules (
    name         TEXT PRIMARY KEY,
    last_run     BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);

-- A profile no watch was judged by goes when a newer one takes its name; one
-- that was used stays for as long as what it was used for.
ALTER TABLE profiles ADD COLUMN used BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE profiles ADD COLUMN at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE profiles DROP COLUMN at;
ALTER TABLE profiles DROP COLUMN used;
DROP TABLE schedules;
