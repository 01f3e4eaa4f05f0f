-- A report is what an adapter shows of a change. The annotations on Grafana were the first;
-- their adapter is '-'. An old body begins with {"tag":, and is composed anew when it is
-- posted. A version before this one posts no new one. attempts counts failures in a row.

-- +goose Up
CREATE TABLE reports (
    id           TEXT PRIMARY KEY,
    change_key   TEXT NOT NULL,
    adapter      TEXT NOT NULL,
    remote       TEXT NOT NULL,
    revision     BIGINT NOT NULL,
    posted       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    last_error   TEXT NOT NULL,
    body         TEXT NOT NULL,
    holder       TEXT NOT NULL DEFAULT '',
    leased_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX reports_by_change ON reports (change_key);
CREATE INDEX reports_pending ON reports (id) WHERE posted < revision;
CREATE INDEX reports_held ON reports (id) WHERE holder <> '';
INSERT INTO reports (id, change_key, adapter, remote, revision, posted, attempts, last_error, body)
    SELECT change_key || '/-', change_key, '-', CASE WHEN remote_id = 0 THEN '' ELSE CAST(remote_id AS TEXT) END,
        revision, posted, 0, last_error, body FROM annotations;
DROP TABLE annotations;

-- +goose Down
CREATE TABLE annotations (
    change_key   TEXT PRIMARY KEY,
    remote_id    BIGINT NOT NULL,
    revision     BIGINT NOT NULL,
    posted       BIGINT NOT NULL,
    last_error   TEXT NOT NULL,
    body         TEXT NOT NULL,
    holder       TEXT NOT NULL DEFAULT '',
    leased_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX annotations_pending ON annotations (change_key) WHERE posted < revision;
CREATE INDEX annotations_held ON annotations (change_key) WHERE holder <> '';
INSERT INTO annotations (change_key, remote_id, revision, posted, last_error, body)
    SELECT change_key, CASE WHEN remote = '' THEN 0 ELSE CAST(remote AS BIGINT) END, 
        revision, CASE WHEN body LIKE '{"tag":%' THEN posted ELSE revision END, last_error, body
    FROM reports WHERE adapter = '-';
DROP TABLE reports;
