-- Replicas share the open watches by service. A replica that has not begun to look, or
-- stops, has no share. Replicas of an older version look at all watches, and write neither.

-- +goose Up
ALTER TABLE replicas ADD COLUMN looking BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE replicas ADD COLUMN watches BIGINT NOT NULL DEFAULT 0;
ALTER TABLE watches ADD COLUMN service TEXT NOT NULL DEFAULT '';
UPDATE watches SET service = COALESCE((SELECT c.service FROM changes c WHERE c.key = watches.change_key), '') WHERE running;

-- +goose Down
ALTER TABLE watches DROP COLUMN service;
ALTER TABLE replicas DROP COLUMN watches;
ALTER TABLE replicas DROP COLUMN looking;
