-- Sessions of browsers that signed in, so that signing out ends them on every replica.
-- id is the hash of what the browser holds: whoever reads the table cannot use it.

-- +goose Up
CREATE TABLE sessions (
    id       TEXT PRIMARY KEY,
    begun_at BIGINT NOT NULL,
    used_at  BIGINT NOT NULL,
    ends_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- +goose Down
DROP TABLE sessions;
