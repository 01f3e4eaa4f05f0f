-- journaled: an entry of the journal names the profile, which is therefore kept as
-- long as the entry. Migration 13 sets it for the entries that are there already.

-- +goose Up
ALTER TABLE profiles ADD COLUMN journaled BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE profiles DROP COLUMN journaled;
