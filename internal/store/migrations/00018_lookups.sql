-- Every look-up goes by an index, also one with a single filter. suspected marks the
-- watches that the fleet breaker reads; those that run are marked until their next look.

-- +goose Up
DROP INDEX changes_by_service;
CREATE INDEX changes_by_service ON changes (service, started_at, environment);
CREATE INDEX changes_by_environment ON changes (environment, started_at);
CREATE INDEX changes_by_end ON changes (service, finished_at);
DROP INDEX changes_by_version;
CREATE INDEX changes_by_version ON changes (version, started_at);
CREATE INDEX changes_bad ON changes (service, started_at) WHERE standing = 'bad';

CREATE INDEX orders_by_time ON orders (created_at);
CREATE INDEX outgoing_sent ON outgoing (receiver, created_at) WHERE state = 'sent';
CREATE INDEX journal_by_time ON journal (at, seq);
CREATE INDEX orders_held ON orders (key) WHERE holder <> '';
CREATE INDEX outgoing_held ON outgoing (id) WHERE holder <> '';
CREATE INDEX annotations_held ON annotations (change_key) WHERE holder <> '';

ALTER TABLE watches ADD COLUMN suspected BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX watches_suspected ON watches (id) WHERE running AND suspected;
UPDATE watches SET suspected = TRUE WHERE running;

-- +goose Down
DROP INDEX watches_suspected;
ALTER TABLE watches DROP COLUMN suspected;
DROP INDEX annotations_held;
DROP INDEX outgoing_held;
DROP INDEX orders_held;
DROP INDEX journal_by_time;
DROP INDEX outgoing_sent;
DROP INDEX orders_by_time;
DROP INDEX changes_bad;
DROP INDEX changes_by_version;
CREATE INDEX changes_by_version ON changes (version);
DROP INDEX changes_by_end;
DROP INDEX changes_by_environment;
DROP INDEX changes_by_service;
CREATE INDEX changes_by_service ON changes (service, environment, started_at);
