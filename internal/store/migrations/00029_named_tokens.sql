-- Named tokens of the API. hash is SHA-256 of the token: whoever reads the table cannot use it. revoked_at is 0 while
-- a token is in force, and used_at until it is used. scopes and teams are JSON lists.
--
-- A session that was begun otherwise than with a token of the file says who has signed in. token is the hash of the
-- named token with which it ends.

-- +goose Up
CREATE TABLE tokens (
    hash       TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    teams      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    revoked_by TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX tokens_in_force ON tokens (name) WHERE revoked_at = 0;
CREATE INDEX tokens_by_age ON tokens (created_at);
ALTER TABLE sessions ADD COLUMN how TEXT NOT NULL DEFAULT 'token file';
ALTER TABLE sessions ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN member_of TEXT NOT NULL DEFAULT '[]';

-- +goose Down
DELETE FROM sessions WHERE how <> 'token file';
ALTER TABLE sessions DROP COLUMN member_of;
ALTER TABLE sessions DROP COLUMN name;
ALTER TABLE sessions DROP COLUMN subject;
ALTER TABLE sessions DROP COLUMN issuer;
ALTER TABLE sessions DROP COLUMN token;
ALTER TABLE sessions DROP COLUMN how;
DROP TABLE tokens;
