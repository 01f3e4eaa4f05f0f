-- What the pages of orders, holds, incidents and the audit look up. An incident that goes on has
-- ended_at 0. journal_checks is what the last check of the journal's chain found: one row for the
-- checks of what is new, one for the last check of everything.

-- +goose Up
CREATE INDEX orders_by_service ON orders (service, created_at);
CREATE INDEX holds_by_time ON holds (held_at);
CREATE INDEX incidents_by_begin ON incidents (began_at);
CREATE INDEX journal_by_actor ON journal (actor, seq);
CREATE INDEX journal_by_action ON journal (action, seq);
CREATE INDEX outcomes_fired ON outcomes (rule_hash, ended_at) WHERE fired;

CREATE TABLE journal_checks (
    kind     TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    replica  TEXT NOT NULL,
    first    BIGINT NOT NULL,
    through  BIGINT NOT NULL,
    hash     TEXT NOT NULL,
    fault    TEXT NOT NULL,
    fault_at BIGINT NOT NULL
);

-- Older versions know no incident that goes on: it ends when it was noted.

-- +goose Down
DROP TABLE journal_checks;
UPDATE incidents SET ended_at = CASE WHEN noted_at > began_at THEN noted_at ELSE began_at + 1 END WHERE ended_at = 0;
DROP INDEX outcomes_fired;
DROP INDEX journal_by_action;
DROP INDEX journal_by_actor;
DROP INDEX incidents_by_begin;
DROP INDEX holds_by_time;
DROP INDEX orders_by_service;
