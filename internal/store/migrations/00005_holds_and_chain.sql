-- Holds stop deploys (kind gate), and all automatic rollbacks as well (kind
-- fleet). Journal entries are chained by hash; older entries have no hash.

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

-- Secrets of this installation, by name.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

ALTER TABLE journal ADD COLUMN hash TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE journal DROP COLUMN hash;
DROP TABLE secrets;
DROP TABLE holds;
