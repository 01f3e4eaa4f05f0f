-- A deployment that its tool holds back until Pushback answers. answered_at is 0 until the
-- tool has the answer, or is asked no more.

-- +goose Up
CREATE TABLE protections (
    id           TEXT PRIMARY KEY,
    adapter      TEXT NOT NULL,
    asked_at     BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    last_error   TEXT NOT NULL,
    body         TEXT NOT NULL,
    answer       TEXT NOT NULL,
    holder       TEXT NOT NULL DEFAULT '',
    leased_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX protections_open ON protections (asked_at, id) WHERE answered_at = 0;
CREATE INDEX protections_by_age ON protections (answered_at);
CREATE INDEX protections_held ON protections (id) WHERE holder <> '';

-- +goose Down
DROP TABLE protections;
