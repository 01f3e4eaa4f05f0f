-- The same SQL runs on SQLite and PostgreSQL; the package comment says what both
-- support. Times are microseconds since 1970, 0 for none.

-- +goose Up
CREATE TABLE slots (
    slot  TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL
);

CREATE TABLE changes (
    key             TEXT PRIMARY KEY,
    slot            TEXT NOT NULL,
    id              TEXT NOT NULL,
    service         TEXT NOT NULL,
    environment     TEXT NOT NULL,
    version         TEXT NOT NULL,
    status          TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL,
    sequence        BIGINT NOT NULL,
    epoch           BIGINT NOT NULL,
    superseded_by   TEXT NOT NULL,
    suspended_by    TEXT NOT NULL,
    suspended_until BIGINT NOT NULL,
    standing        TEXT NOT NULL,
    planned         BOOLEAN NOT NULL,
    received_at     BIGINT NOT NULL,
    body            TEXT NOT NULL
);
CREATE INDEX changes_by_slot ON changes (slot, started_at);
CREATE INDEX changes_standing ON changes (slot) WHERE superseded_by = '';
CREATE INDEX changes_by_service ON changes (service, environment, started_at);
CREATE INDEX changes_by_time ON changes (started_at);
CREATE INDEX changes_by_version ON changes (version);
CREATE INDEX changes_unplanned ON changes (started_at) WHERE NOT planned;

-- Every tool's own id of a change, to find the change by it.
CREATE TABLE names (
    slot TEXT NOT NULL,
    name TEXT NOT NULL,
    key  TEXT NOT NULL,
    PRIMARY KEY (slot, name)
);
CREATE INDEX names_by_name ON names (name);

CREATE TABLE events (
    source      TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    change_key  TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    raw         BYTEA,
    PRIMARY KEY (source, event_id)
);
CREATE INDEX events_with_raw ON events (received_at) WHERE raw IS NOT NULL;

CREATE TABLE watches (
    id           TEXT PRIMARY KEY,
    change_key   TEXT NOT NULL,
    state        TEXT NOT NULL,
    running      BOOLEAN NOT NULL,
    revision     BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX watches_by_change ON watches (change_key);
CREATE INDEX watches_running ON watches (id) WHERE running;

CREATE TABLE records (
    watch_id    TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    tick        BIGINT NOT NULL,
    grade       BIGINT NOT NULL,
    outcome     BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    observation TEXT NOT NULL,
    PRIMARY KEY (watch_id, seq)
);

CREATE TABLE profiles (
    hash TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
CREATE TABLE profile_names (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    at   BIGINT NOT NULL
);

CREATE TABLE orders (
    key             TEXT PRIMARY KEY,
    service         TEXT NOT NULL,
    environment     TEXT NOT NULL,
    region          TEXT NOT NULL,
    automatic       BOOLEAN NOT NULL,
    state           TEXT NOT NULL,
    epoch           BIGINT NOT NULL,
    claim           BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    decided_at      BIGINT NOT NULL,
    sent_at         BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL,
    suspended_until BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    why             TEXT NOT NULL,
    receipt         TEXT NOT NULL,
    body            TEXT NOT NULL
);
CREATE INDEX orders_by_state ON orders (state, created_at);
CREATE INDEX orders_sent ON orders (service, environment, region, sent_at) WHERE sent_at > 0;

CREATE TABLE outgoing (
    id         TEXT PRIMARY KEY,
    change_key TEXT NOT NULL,
    receiver   TEXT NOT NULL,
    state      TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at    BIGINT NOT NULL,
    message    TEXT NOT NULL
);
CREATE INDEX outgoing_by_change ON outgoing (change_key, created_at);
CREATE INDEX outgoing_pending ON outgoing (created_at) WHERE state = 'pending';

CREATE TABLE annotations (
    change_key TEXT PRIMARY KEY,
    remote_id  BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    posted     BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    body       TEXT NOT NULL
);
CREATE INDEX annotations_pending ON annotations (change_key) WHERE posted < revision;

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE journal (
    seq        BIGINT PRIMARY KEY,
    at         BIGINT NOT NULL,
    change_key TEXT NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    detail     TEXT NOT NULL
);
CREATE INDEX journal_by_change ON journal (change_key, seq);

-- +goose Down
DROP TABLE journal;
DROP TABLE counters;
DROP TABLE annotations;
DROP TABLE outgoing;
DROP TABLE orders;
DROP TABLE profile_names;
DROP TABLE profiles;
DROP TABLE records;
DROP TABLE watches;
DROP TABLE events;
DROP TABLE names;
DROP TABLE changes;
DROP TABLE slots;
