-- The last good rules, for a run that finds the folder broken; and what each
-- way of judging has shown and earned, service by service.

-- +goose Up
CREATE TABLE good_rules (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL,
    body TEXT NOT NULL
);

-- A row a watch that ended.
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

-- Who let a way of judging go how far. service '*' is every one.
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

-- What a replay of the past said of a way of judging.
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
