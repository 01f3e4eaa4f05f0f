-- The last good rules, for a start that finds a mistake in the folder; and the
-- outcomes and the trust of each rule hash, by service.

-- +goose Up
CREATE TABLE good_rules (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL,
    body TEXT NOT NULL
);

-- One row for each watch that ended.
CREATE TABLE outcomes (
    watch_id    TEXT PRIMARY KEY,
    change_key  TEXT NOT NULL,
    rule        TEXT NOT NULL,
    rule_hash   TEXT NOT NULL,
    service     TEXT NOT NULL,
    ended_at    BIGINT NOT NULL,
    fired       BOOLEAN NOT NULL,
    clean       BOOLEAN NOT NULL,
    saved       BOOLEAN NOT NULL,
    false_alarm BOOLEAN NOT NULL
);
CREATE INDEX outcomes_by_hash ON outcomes (rule_hash, service, ended_at);
CREATE INDEX outcomes_by_change ON outcomes (change_key);

-- The mode that a rule hash may use, and who set it. service '*' means all.
CREATE TABLE trust (
    rule_hash TEXT NOT NULL,
    service   TEXT NOT NULL,
    rule      TEXT NOT NULL,
    mode      TEXT NOT NULL,
    actor     TEXT NOT NULL,
    why       TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (rule_hash, service)
);

-- The newest backtest of a rule hash.
CREATE TABLE backtests (
    rule_hash    TEXT PRIMARY KEY,
    rule         TEXT NOT NULL,
    mode         TEXT NOT NULL,
    judged       BIGINT NOT NULL,
    false_alarms BIGINT NOT NULL,
    why          TEXT NOT NULL,
    actor        TEXT NOT NULL,
    at           BIGINT NOT NULL
);

-- +goose Down
DROP TABLE backtests;
DROP TABLE trust;
DROP TABLE outcomes;
DROP TABLE good_rules;
