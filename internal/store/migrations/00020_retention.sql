-- Retention deletes by age. Events are found by when they were received, whether or not
-- their bodies are still there; messages by when they were created. A checkpoint says up to
-- where the journal was deleted, and the hash of its last deleted entry. Sizes are what the
-- tables took at the end of a day.

-- +goose Up
CREATE INDEX events_by_time ON events (received_at);
DROP INDEX events_with_raw;
CREATE INDEX outgoing_by_time ON outgoing (created_at);

CREATE TABLE IF NOT EXISTS journal_checkpoints (
    through BIGINT PRIMARY KEY,
    hash    TEXT NOT NULL,
    at      BIGINT NOT NULL
);

-- journaled_at is when an entry last named the profile; 0 for those that were named before
-- this column was there.
ALTER TABLE profiles ADD COLUMN journaled_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE sizes (
    at    BIGINT NOT NULL,
    kind  TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (at, kind)
);

-- journal_checkpoints stays, because the triggers of the journal read it.

-- +goose Down
DROP TABLE sizes;
ALTER TABLE profiles DROP COLUMN journaled_at;
DROP INDEX outgoing_by_time;
CREATE INDEX events_with_raw ON events (received_at) WHERE raw IS NOT NULL;
DROP INDEX events_by_time;
