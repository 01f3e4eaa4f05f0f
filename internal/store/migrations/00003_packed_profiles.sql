-- Profiles are stored packed. The stored ones are deleted and learned again.

-- +goose Up
DELETE FROM profile_names;
DROP TABLE profiles;
CREATE TABLE profiles (
    hash TEXT PRIMARY KEY,
    body BYTEA NOT NULL,
    used BOOLEAN NOT NULL,
    at   BIGINT NOT NULL
);

-- +goose Down
DELETE FROM profile_names;
DROP TABLE profiles;
CREATE TABLE profiles (
    hash TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    used BOOLEAN NOT NULL,
    at   BIGINT NOT NULL
);
