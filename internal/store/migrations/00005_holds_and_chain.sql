-- Holds stop deploys (the gate) or all automatic rollbacks (the fleet). The
-- journal's entries are chained by hash; those written before stay unchained.

-- +goose Up
CREATE TABLE holds (
    id             TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    why            TEXT NOT NULL,
    actor          TEXT NOT NULL,
    held_at        BIGINT NOT NULL,
    held_until     BIGINT NOT NULL,
    released_at    BIGINT NOT NULL,
    released_by    TEXT NOT NULL
);
CREATE INDEX holds_in_force ON holds (held_until) WHERE released_at = 0;

-- What this installation alone knows, by name.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

ALTER TABLE journal ADD COLUMN hash TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE journal DROP COLUMN hash;
DROP TABLE secrets;
DROP TABLE holds;
