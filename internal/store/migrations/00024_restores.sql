-- When the database was restored from a backup. What happened between known_to, the newest
-- thing that the backup knows, and at is not in it.

-- +goose Up
CREATE TABLE restores (
    at       BIGINT PRIMARY KEY,
    known_to BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    source   TEXT NOT NULL
);

-- +goose Down
DROP TABLE restores;
