-- What the deliveries of each source came to, counted over all replicas, and the bodies of those
-- that were refused while somebody wants to see them.

-- +goose Up
CREATE TABLE source_counts (
    source         TEXT PRIMARY KEY,
    since          BIGINT NOT NULL,
    accepted       BIGINT NOT NULL,
    ignored        BIGINT NOT NULL,
    refused        BIGINT NOT NULL,
    unsigned       BIGINT NOT NULL,
    accepted_at    BIGINT NOT NULL,
    ignored_at     BIGINT NOT NULL,
    ignored_reason TEXT NOT NULL,
    refused_at     BIGINT NOT NULL,
    refused_reason TEXT NOT NULL,
    unsigned_at    BIGINT NOT NULL
);

CREATE TABLE captures (
    source   TEXT PRIMARY KEY,
    begun_at BIGINT NOT NULL,
    ends_at  BIGINT NOT NULL,
    actor    TEXT NOT NULL
);

CREATE TABLE captured (
    id      TEXT PRIMARY KEY,
    source  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reason  TEXT NOT NULL,
    bytes   BIGINT NOT NULL,
    body    TEXT NOT NULL
);
CREATE INDEX captured_by_source ON captured (source, outcome, at);
CREATE INDEX captured_by_age ON captured (at);

-- +goose Down
DROP TABLE captured;
DROP TABLE captures;
DROP TABLE source_counts;
