-- A database of schema 23, written by: go test ./internal/store -run TestWriteRelease -update
CREATE TABLE annotations (
    change_key TEXT PRIMARY KEY,
    remote_id  BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    posted     BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    body       TEXT NOT NULL
, holder TEXT NOT NULL DEFAULT '', leased_until BIGINT NOT NULL DEFAULT 0);
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
, cleared_by TEXT NOT NULL DEFAULT '');
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
CREATE TABLE events (
    source      TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    change_key  TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    raw         BYTEA,
    PRIMARY KEY (source, event_id)
);
CREATE TABLE good_rules (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE holds (
    id             TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    why            TEXT NOT NULL,
    actor          TEXT NOT NULL,
    held_at        BIGINT NOT NULL,
    held_until     BIGINT NOT NULL,
    released_at    BIGINT NOT NULL,
    released_by    TEXT NOT NULL
);
CREATE TABLE incidents (
    id             TEXT PRIMARY KEY,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    began_at       BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL,
    why            TEXT NOT NULL,
    actor          TEXT NOT NULL,
    noted_at       BIGINT NOT NULL,
    removed_at     BIGINT NOT NULL
);
CREATE TABLE journal (
    seq        BIGINT PRIMARY KEY,
    at         BIGINT NOT NULL,
    change_key TEXT NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    detail     TEXT NOT NULL
, hash TEXT NOT NULL DEFAULT '', packed BYTEA);
CREATE TABLE journal_checkpoints (
    through BIGINT PRIMARY KEY,
    hash    TEXT NOT NULL,
    at      BIGINT NOT NULL
);
CREATE TABLE names (
    slot TEXT NOT NULL,
    name TEXT NOT NULL,
    key  TEXT NOT NULL,
    PRIMARY KEY (slot, name)
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
, verification TEXT NOT NULL DEFAULT '', holder TEXT NOT NULL DEFAULT '', leased_until BIGINT NOT NULL DEFAULT 0, sent_by TEXT NOT NULL DEFAULT '');
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
, grouped_in TEXT NOT NULL DEFAULT '', holder TEXT NOT NULL DEFAULT '', leased_until BIGINT NOT NULL DEFAULT 0);
CREATE TABLE profile_names (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    at   BIGINT NOT NULL
);
CREATE TABLE profiles (
    hash TEXT PRIMARY KEY,
    body BYTEA NOT NULL,
    used BOOLEAN NOT NULL,
    at   BIGINT NOT NULL
, journaled BOOLEAN NOT NULL DEFAULT FALSE, journaled_at BIGINT NOT NULL DEFAULT 0);
CREATE TABLE records (
    watch_id    TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    tick        BIGINT NOT NULL,
    grade       BIGINT NOT NULL,
    outcome     BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    observation TEXT NOT NULL, looks BIGINT NOT NULL DEFAULT 1, packed BYTEA,
    PRIMARY KEY (watch_id, seq)
);
CREATE TABLE replicas (
    holder       TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
, looking BOOLEAN NOT NULL DEFAULT TRUE, watches BIGINT NOT NULL DEFAULT 0);
CREATE TABLE schedules (
    name         TEXT PRIMARY KEY,
    last_run     BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);
CREATE TABLE sessions (
    id       TEXT PRIMARY KEY,
    begun_at BIGINT NOT NULL,
    used_at  BIGINT NOT NULL,
    ends_at  BIGINT NOT NULL
);
CREATE TABLE sizes (
    at    BIGINT NOT NULL,
    kind  TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (at, kind)
);
CREATE TABLE slots (
    slot  TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL
);
CREATE TABLE trust (
    rule_hash TEXT NOT NULL,
    service   TEXT NOT NULL,
    rule      TEXT NOT NULL,
    mode      TEXT NOT NULL,
    actor     TEXT NOT NULL,
    why       TEXT NOT NULL,
    at        BIGINT NOT NULL, taken BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (rule_hash, service)
);
CREATE TABLE watches (
    id           TEXT PRIMARY KEY,
    change_key   TEXT NOT NULL,
    state        TEXT NOT NULL,
    running      BOOLEAN NOT NULL,
    revision     BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    body         TEXT NOT NULL
, suspected BOOLEAN NOT NULL DEFAULT FALSE, service TEXT NOT NULL DEFAULT '');
CREATE INDEX annotations_held ON annotations (change_key) WHERE holder <> '';
CREATE INDEX annotations_pending ON annotations (change_key) WHERE posted < revision;
CREATE INDEX changes_bad ON changes (service, started_at) WHERE standing = 'bad';
CREATE INDEX changes_by_end ON changes (service, finished_at);
CREATE INDEX changes_by_environment ON changes (environment, started_at);
CREATE INDEX changes_by_service ON changes (service, started_at, environment);
CREATE INDEX changes_by_slot ON changes (slot, started_at, sequence, epoch);
CREATE INDEX changes_by_time ON changes (started_at);
CREATE INDEX changes_by_version ON changes (version, started_at);
CREATE INDEX changes_cleared ON changes (cleared_by) WHERE standing = 'cleared';
CREATE INDEX changes_standing ON changes (slot) WHERE superseded_by = '';
CREATE INDEX changes_unplanned ON changes (started_at) WHERE NOT planned;
CREATE INDEX events_by_time ON events (received_at);
CREATE INDEX holds_in_force ON holds (held_until) WHERE released_at = 0;
CREATE INDEX incidents_by_end ON incidents (ended_at);
CREATE INDEX journal_by_change ON journal (change_key, seq);
CREATE INDEX journal_by_time ON journal (at, seq);
CREATE INDEX names_by_name ON names (name);
CREATE INDEX orders_by_state ON orders (state, created_at);
CREATE INDEX orders_by_time ON orders (created_at);
CREATE INDEX orders_held ON orders (key) WHERE holder <> '';
CREATE INDEX orders_sent ON orders (service, environment, region, sent_at) WHERE sent_at > 0;
CREATE INDEX orders_unverified ON orders (ended_at) WHERE state = 'done' AND verification = '';
CREATE INDEX outcomes_by_change ON outcomes (change_key);
CREATE INDEX outcomes_by_hash ON outcomes (rule_hash, service, ended_at);
CREATE INDEX outcomes_by_rule ON outcomes (rule, ended_at);
CREATE INDEX outgoing_by_change ON outgoing (change_key, created_at);
CREATE INDEX outgoing_by_time ON outgoing (created_at);
CREATE INDEX outgoing_grouped ON outgoing (grouped_in) WHERE grouped_in <> '';
CREATE INDEX outgoing_held ON outgoing (id) WHERE holder <> '';
CREATE INDEX outgoing_pending ON outgoing (created_at) WHERE state IN ('pending', 'collecting');
CREATE INDEX outgoing_sent ON outgoing (receiver, created_at) WHERE state = 'sent';
CREATE INDEX profile_names_by_hash ON profile_names (hash);
CREATE INDEX profiles_by_age ON profiles (at) WHERE NOT journaled;
CREATE INDEX sessions_by_end ON sessions (ends_at);
CREATE INDEX watches_by_change ON watches (change_key);
CREATE INDEX watches_running ON watches (id) WHERE running;
CREATE INDEX watches_suspected ON watches (id) WHERE running AND suspected;
INSERT INTO annotations (change_key, remote_id, revision, posted, last_error, body, holder, leased_until) VALUES ('chk2wp5vwd2de57rjhyl3mle22', 0, 1, 0, '', '{"tag":"","from":"0001-01-01T00:00:00Z","text":"v1","tags":null}', '', 0);
INSERT INTO annotations (change_key, remote_id, revision, posted, last_error, body, holder, leased_until) VALUES ('pgcg7krt37tap7fgsjfcrcl2p7', 0, 1, 0, '', '{"tag":"","from":"0001-01-01T00:00:00Z","text":"v2","tags":null}', '', 0);
INSERT INTO annotations (change_key, remote_id, revision, posted, last_error, body, holder, leased_until) VALUES ('vxuadcpr4jb7yps57hbtkhkqxm', 0, 1, 0, '', '{"tag":"","from":"0001-01-01T00:00:00Z","text":"v1","tags":null}', '', 0);
INSERT INTO backtests (rule_hash, rule, mode, judged, false_alarms, why, actor, at) VALUES ('h', 'red', 'act', 400, 0, '', 'amy', 1772361720000000);
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('aqdlssrdyv5b6o2ffisi6zfbxz', 'fpuma576fuavunpb24adkdhp4u', 'pay-approved v1', 'pay-approved', 'production', 'v1', 'succeeded', 1772359860000000, 1772359860000000, 0, 1, '', '', 0, '', FALSE, 1772359860000000, '{"id":"pay-approved v1","service":"pay-approved","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:11:00Z","finished_at":"2026-03-01T10:11:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:11:00Z","last":"2026-03-01T10:11:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-approved v1","at":"2026-03-01T10:11:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('chk2wp5vwd2de57rjhyl3mle22', 'ejvupsdgguzayej7fmymufybdv', 'cart v1', 'cart', 'production', 'v1', 'succeeded', 1772359260000000, 1772359260000000, 0, 1, 'pgcg7krt37tap7fgsjfcrcl2p7', '', 0, 'good', TRUE, 1772359260000000, '{"id":"cart v1","service":"cart","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:01:00Z","finished_at":"2026-03-01T10:01:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:01:00Z","last":"2026-03-01T10:01:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"cart v1","at":"2026-03-01T10:01:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('cqzacg7y5onuds6qneiju3vw76', 'puu3p3s3hzpb7ygrhtt6hjzyyn', 'pay-sending v1', 'pay-sending', 'production', 'v1', 'succeeded', 1772359980000000, 1772359980000000, 0, 1, '', '', 0, '', FALSE, 1772359980000000, '{"id":"pay-sending v1","service":"pay-sending","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:13:00Z","finished_at":"2026-03-01T10:13:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:13:00Z","last":"2026-03-01T10:13:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-sending v1","at":"2026-03-01T10:13:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('o6wmlteraslqxcgtcfr6jqmdwq', 'l27ef3i73jr3jwsmlj3lyp7n5e', 'pay-proposed v1', 'pay-proposed', 'production', 'v1', 'succeeded', 1772359800000000, 1772359800000000, 0, 1, '', '', 0, '', FALSE, 1772359800000000, '{"id":"pay-proposed v1","service":"pay-proposed","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:10:00Z","finished_at":"2026-03-01T10:10:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:10:00Z","last":"2026-03-01T10:10:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-proposed v1","at":"2026-03-01T10:10:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('pgcg7krt37tap7fgsjfcrcl2p7', 'ejvupsdgguzayej7fmymufybdv', 'cart v2', 'cart', 'production', 'v2', 'succeeded', 1772359320000000, 1772359320000000, 0, 2, '', '', 0, 'bad', TRUE, 1772359320000000, '{"id":"cart v2","service":"cart","environment":"production","kind":"deploy","version":"v2","status":"succeeded","started_at":"2026-03-01T10:02:00Z","finished_at":"2026-03-01T10:02:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:02:00Z","last":"2026-03-01T10:02:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"cart v2","at":"2026-03-01T10:02:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('u4rpcikuo2g65ar3x6t2mn4464', 'jzhbekk67j5mmitjmelspnffc6', 'pay-decided v1', 'pay-decided', 'production', 'v1', 'succeeded', 1772359920000000, 1772359920000000, 0, 1, '', '', 0, '', FALSE, 1772359920000000, '{"id":"pay-decided v1","service":"pay-decided","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:12:00Z","finished_at":"2026-03-01T10:12:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:12:00Z","last":"2026-03-01T10:12:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-decided v1","at":"2026-03-01T10:12:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('vxuadcpr4jb7yps57hbtkhkqxm', 'rzphlideqxyesjjoyiony7cbrx', 'search v1', 'search', 'production', 'v1', 'succeeded', 1772359380000000, 1772359380000000, 0, 1, '', '', 0, '', TRUE, 1772359380000000, '{"id":"search v1","service":"search","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:03:00Z","finished_at":"2026-03-01T10:03:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:03:00Z","last":"2026-03-01T10:03:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"search v1","at":"2026-03-01T10:03:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('w2bs3rhb35jn5gvu2akggjemek', 'gwjj2krlqh6lwlz7nywpbaysc6', 'mail v1', 'mail', 'production', 'v1', 'succeeded', 1772361000000000, 1772361000000000, 0, 1, '', '', 0, '', TRUE, 1772361000000000, '{"id":"mail v1","service":"mail","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:30:00Z","finished_at":"2026-03-01T10:30:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:30:00Z","last":"2026-03-01T10:30:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"mail v1","at":"2026-03-01T10:30:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('ystf4ojza4zrr3vqe4sxyndi2b', '5mkfuqchwxee5x4b5trrpgbgqd', 'flip1', 'checkout', 'production', 'on', 'started', 1772360400000000, 0, 0, 1, '', '', 0, '', FALSE, 1772360400000000, '{"id":"flip1","service":"checkout","environment":"production","kind":"flag","version":"on","status":"started","started_at":"2026-03-01T10:20:00Z","group":"new-checkout","reversible":true,"witnesses":[{"source":"ci","change_id":"flip1","at":"2026-03-01T10:20:00Z"}]}', '');
INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body, cleared_by) VALUES ('z5yznzabtpa2qfcm35hom372l5', '3ncwvmqvcpmli2oopffms6dzcu', 'flip2', 'checkout', 'production', '50%', 'succeeded', 1772360460000000, 1772360460000000, 0, 1, '', '', 0, '', FALSE, 1772360460000000, '{"id":"flip2","service":"checkout","environment":"production","kind":"flag","version":"50%","status":"succeeded","started_at":"2026-03-01T10:21:00Z","finished_at":"2026-03-01T10:21:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:21:00Z","last":"2026-03-01T10:21:00Z","sequence":0}],"group":"dark-mode","reversible":true,"witnesses":[{"source":"ci","change_id":"flip2","at":"2026-03-01T10:21:00Z"}]}', '');
INSERT INTO counters (name, value) VALUES ('holds', 1);
INSERT INTO counters (name, value) VALUES ('incidents', 1);
INSERT INTO counters (name, value) VALUES ('journal', 14);
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'cart v1 succeeded 1', 'chk2wp5vwd2de57rjhyl3mle22', 1772359260000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'cart v2 succeeded 2', 'pgcg7krt37tap7fgsjfcrcl2p7', 1772359320000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'dark-mode.flip2 succeeded 21', 'z5yznzabtpa2qfcm35hom372l5', 1772360460000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'mail v1 succeeded 30', 'w2bs3rhb35jn5gvu2akggjemek', 1772361000000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'new-checkout.flip1 started 20', 'ystf4ojza4zrr3vqe4sxyndi2b', 1772360400000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'pay-approved v1 succeeded 11', 'aqdlssrdyv5b6o2ffisi6zfbxz', 1772359860000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'pay-decided v1 succeeded 12', 'u4rpcikuo2g65ar3x6t2mn4464', 1772359920000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'pay-proposed v1 succeeded 10', 'o6wmlteraslqxcgtcfr6jqmdwq', 1772359800000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'pay-sending v1 succeeded 13', 'cqzacg7y5onuds6qneiju3vw76', 1772359980000000, X'7B22726177223A747275657D');
INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ('ci', 'search v1 succeeded 3', 'vxuadcpr4jb7yps57hbtkhkqxm', 1772359380000000, X'7B22726177223A747275657D');
INSERT INTO good_rules (name, at, body) VALUES ('rules', 1772362200000000, '{"files":{}}');
INSERT INTO holds (id, kind, service, environment, why, actor, held_at, held_until, released_at, released_by) VALUES ('h1', 'gate', 'cart', '', 'it''s Friday', 'amy', 1772361600000000, 0, 0, '');
INSERT INTO incidents (id, service, environment, began_at, ended_at, why, actor, noted_at, removed_at) VALUES ('i1', 'cart', '', 1772359260000000, 1772359320000000, 'DNS', 'bob', 1772361660000000, 0);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (10, 1772362740000000, 'cqzacg7y5onuds6qneiju3vw76', 'rule red', 'order', '', '92e4a8e3b55b3335c4eb3f4295a7e107e0fe6a033c9db45a4bfbeba16a4015eb', X'28B52FFD4500017D01550700B246181C70891BC017641A2DD1D820A92842D045AAEE4AFDEBC5E3C7D57F08013146766799C6F90D2086AA647C1756987139C139552E5CC376690CE2B77EBB3CE785C53A21A54880F448CAFC0F41C0F12C22511230FDC19BB5E4AD670DF228065E45E3452B00B4793A4EE2310135901CC8906AC9410A8F7C5478079E5706ED846698F46C50C23380844E01223C19FE080D3CC90D773128A6081BD068004D24C71AD5DADB27E3013CDC84014750D493CF4D6046823208041F7E0705A99802A1417790AA01F18E04C0F5B9393484E3C1C46847A00A0374EDCE019F3100BB7346E09D8C2875C71B38871C21EE09EB6F');
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (11, 1772361600000000, '', 'amy', 'hold', '{"hold":"h1","kind":"gate","service":"cart","environment":"","why":"it''s Friday"}', '7cdd993dcec5d5bfa1bd7184ce2879480bd6ba899c4050193fd711c75d4b3060', NULL);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (12, 1772361660000000, '', 'bob', 'incident', '{"environment":"","from":"2026-03-01T10:01:00Z","incident":"i1","service":"cart","to":"2026-03-01T10:02:00Z","why":"DNS"}', '3762c0d3cbb18d1b94346fd175ad34fcadaac7b64cfc0d85447ff539f48581eb', NULL);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (13, 1772361720000000, '', 'amy', 'promote', '{"rule":"red"}', 'ee0a60e1c72682ff5138687e2d490cbb078d46025bbaa337babf5ea378c05c5e', NULL);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (14, 1795961178988378, '', 'pushback', 'checkpoint', '{"through":2,"hash":"48552ada04a6a1fde2209eb412587cb0d1de7bbf53221b4b4c43f1be704f6eb7","entries":2,"before":"2026-03-01T10:01:01Z"}', 'eea55d5aba4e384929022e2f4011646b26b9d890b8287ae63b424a75b2a36ef4', NULL);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (3, 1772359320000000, 'pgcg7krt37tap7fgsjfcrcl2p7', 'rule red', 'end', '', '281792a9883ef8a48b82720f5f35a74e6bae6ad6d395e05fb3e427fc441d8255', NULL);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (4, 1772359320000000, 'pgcg7krt37tap7fgsjfcrcl2p7', 'rule red', 'order', '', 'd41c8bf2a547a4bcf59a88b4d264f4cb368ef3c6b657c453f971fb70c2272cfd', X'28B52FFD4500016801D506009246161980A90A7A6413138BD035A290FC6126320D269754C92642E4F6DD7DC68A20186A3147224CDBB31C13B307EC7964B229A6CD226898484FDB5BA6088774020660981F3E5EFD8905AF1EB9D3BE5785B71472CAC8E035A0F5E59228006A20E0334F463F3C264C06886BA235E8C123E70F9E09B009E3DCE881508307C3039D022F7832A8111AD0911B0E6250F81036D0A27EBB68D1D73E19D7DFE1460B38029F9E7C52023312944120F8103B2848C514D00CBA83540D7A7724007781A065736898C683C9CF8E801306D0AE3B27C9BA7318A5EE7803E79023040E55B99B');
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (5, 1772359380000000, 'vxuadcpr4jb7yps57hbtkhkqxm', 'rule red', 'end', '', '7a70c59646098a2ec0512a8e32a138cfbc966aa934e1db6096f2fe1e9ada190a', NULL);
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (6, 1772359380000000, 'vxuadcpr4jb7yps57hbtkhkqxm', 'rule red', 'order', '', 'e7c747cd94faaf086c60c3c4fcb07c2fdfdb38f1dd3579adccccf7a2b258a8a2', X'28B52FFD4500016E011D07006246171B70891BB5D7A58D7C5159533B984CD1ABAAE676F81C1A2242556108FFAFDC92219A4B2329C8381B4D0F5F318115158C7ADF361A8377CF7A36DE5C5087458E044092AAF3E3154B3BD719F4308B69CB4A04EE2492C5106847553AE845012A006A20A0344F46423C266406887BA23518C2235F111E0ABC09E3F4E881B0830743059D02357832C0111A00921B4E625010113678D100485446182D3ADB27E3FC3BDC70014700D4934F4B6046823208041F6A0705A998029C417790AAC1EF8E04E02E10346D0E0DD7783009DA1180C2000DBB73202706B6EE1C47A93BDEC039E40801CB4CF231');
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (7, 1772362740000000, 'o6wmlteraslqxcgtcfr6jqmdwq', 'rule red', 'order', '', '57ab9625301afaa10357122a085f1f9d911b15bab9b0cdddb7795f4b0eb7a7a8', X'28B52FFD45000182016D07002207191B70691D665423BBD9252E9AFA22045DA4EA0F4471E9F093ABAA7B0273CE4E901783910702638FAEC4AA57EA44C9905A8F2EEFD25F8DC28CCE1FABF729410937670DC1EC11D8EEF88C04207FACB16FC7829B53D07208E49386875638F5F81DAAA5206C092B006B2800374FC64B3C26B0069203195A2D3958E1910F0BEF80F422009ED0CC939E0D4D78069CD0297084278320A10129B9E13006851561831A0DC089FA68A3457FFB645C80871B31E0088C7AF2C909CC48500681E043F0A02015534034E80E523528DE9100BC58378782713C981CED08586180B6DD39E1270784DD39AA52773C8C73C811020E5704F7');
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (8, 1772362740000000, 'aqdlssrdyv5b6o2ffisi6zfbxz', 'rule red', 'order', '', '0fe89889a563707e1cb5dad14138949c858a7f819ef52fadf30d985df52530e3', X'28B52FFD45000182017507003247191B70C70E8055724D88DE48BA76572A9D50854FB25465E3275755F70473CEE44C2B8E892D388A45AA78B7B452A7F2822745FAC02517D48230E3B2BEDB4367CAB098D1F280D7086C4AF159126A4907DF6BA3E9E71C12E620FECE18C021C9211B05FF9B5AFA092B006B2800374FC64B3C26B0069203195A2D3958E1910F0BEF80F422009ED0CC939E0D4D78069CD0297084278320A10129B9E13006851561831A0DC089FA68A3457FFB645C80871B31E0088C7AF2C909CC48500681E043F0A02015534034E80E523528DE9100B85E378786713C981CED08586180B6DD39E1270784DD39AA52773C8C73C811021DB3649A');
INSERT INTO journal (seq, at, change_key, actor, action, detail, hash, packed) VALUES (9, 1772362740000000, 'u4rpcikuo2g65ar3x6t2mn4464', 'rule red', 'order', '', 'a2f9a7432a4bcf8c27d29faf795d618aaffa562a899b6b5d52b05254da44cebc', X'28B52FFD4500017D016D0700B246181C60891D0063772901FCCE589572A81832083FAD2D28FD10110080E00173CE76C8AE81910189B14C9DF3D22B752A3EF056A6CF37D95E0DC18C87F67879EF04856909B14501B407B2DDF121591C0976D4528A71092E04F29CAC426AA2C1DB79159F2C006A2080364FC6493C26A006920319522D3948E1918F0AEFC0F3CAA09DD00C939E0D4A780690D029408427C31FA18127B9E12E06C51461031A0DA089E458A35A7BFB643C80879B30E0088A7AF2B909CC48500681E0C3EFA02015532034E80E523520DE9100B83E378786703C9818ED08546180AEDD39E033066077CE40B49311A5EE7803E7902304E5D72E34');
INSERT INTO journal_checkpoints (through, hash, at) VALUES (2, '48552ada04a6a1fde2209eb412587cb0d1de7bbf53221b4b4c43f1be704f6eb7', 1795961178988378);
INSERT INTO names (slot, name, key) VALUES ('3ncwvmqvcpmli2oopffms6dzcu', 'flip2', 'z5yznzabtpa2qfcm35hom372l5');
INSERT INTO names (slot, name, key) VALUES ('5mkfuqchwxee5x4b5trrpgbgqd', 'flip1', 'ystf4ojza4zrr3vqe4sxyndi2b');
INSERT INTO names (slot, name, key) VALUES ('ejvupsdgguzayej7fmymufybdv', 'cart v1', 'chk2wp5vwd2de57rjhyl3mle22');
INSERT INTO names (slot, name, key) VALUES ('ejvupsdgguzayej7fmymufybdv', 'cart v2', 'pgcg7krt37tap7fgsjfcrcl2p7');
INSERT INTO names (slot, name, key) VALUES ('fpuma576fuavunpb24adkdhp4u', 'pay-approved v1', 'aqdlssrdyv5b6o2ffisi6zfbxz');
INSERT INTO names (slot, name, key) VALUES ('gwjj2krlqh6lwlz7nywpbaysc6', 'mail v1', 'w2bs3rhb35jn5gvu2akggjemek');
INSERT INTO names (slot, name, key) VALUES ('jzhbekk67j5mmitjmelspnffc6', 'pay-decided v1', 'u4rpcikuo2g65ar3x6t2mn4464');
INSERT INTO names (slot, name, key) VALUES ('l27ef3i73jr3jwsmlj3lyp7n5e', 'pay-proposed v1', 'o6wmlteraslqxcgtcfr6jqmdwq');
INSERT INTO names (slot, name, key) VALUES ('puu3p3s3hzpb7ygrhtt6hjzyyn', 'pay-sending v1', 'cqzacg7y5onuds6qneiju3vw76');
INSERT INTO names (slot, name, key) VALUES ('rzphlideqxyesjjoyiony7cbrx', 'search v1', 'vxuadcpr4jb7yps57hbtkhkqxm');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('aqdlssrdyv5b6o2ffisi6zfbxz', 'pay-approved', 'production', '', TRUE, 'approved', 1, 0, 1772362740000000, 0, 0, 0, 0, 0, '', '', '', '{"key":"aqdlssrdyv5b6o2ffisi6zfbxz","change":{"id":"pay-approved v1","service":"pay-approved","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:11:00Z","finished_at":"2026-03-01T10:11:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:11:00Z","last":"2026-03-01T10:11:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-approved v1","at":"2026-03-01T10:11:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"approved","epoch":1,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:59:00Z","automatic":true}', '', '', 0, '');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('chk2wp5vwd2de57rjhyl3mle22', 'cart', 'production', '', TRUE, 'refused', 1, 0, 1772359260000000, 0, 0, 0, 1772359260000000, 0, '', '', '', '{"key":"chk2wp5vwd2de57rjhyl3mle22","change":{"id":"cart v1","service":"cart","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:01:00Z","finished_at":"2026-03-01T10:01:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:01:00Z","last":"2026-03-01T10:01:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"cart v1","at":"2026-03-01T10:01:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"decided","epoch":1,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:01:00Z","automatic":true}', '', '', 0, '');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('cqzacg7y5onuds6qneiju3vw76', 'pay-sending', 'production', '', TRUE, 'sending', 1, 0, 1772362740000000, 0, 0, 0, 0, 0, '', '', '', '{"key":"cqzacg7y5onuds6qneiju3vw76","change":{"id":"pay-sending v1","service":"pay-sending","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:13:00Z","finished_at":"2026-03-01T10:13:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:13:00Z","last":"2026-03-01T10:13:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-sending v1","at":"2026-03-01T10:13:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"sending","epoch":1,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:59:00Z","automatic":true}', '', '', 0, '');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('o6wmlteraslqxcgtcfr6jqmdwq', 'pay-proposed', 'production', '', TRUE, 'proposed', 1, 0, 1772362740000000, 0, 0, 0, 0, 0, '', '', '', '{"key":"o6wmlteraslqxcgtcfr6jqmdwq","change":{"id":"pay-proposed v1","service":"pay-proposed","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:10:00Z","finished_at":"2026-03-01T10:10:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:10:00Z","last":"2026-03-01T10:10:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-proposed v1","at":"2026-03-01T10:10:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"proposed","epoch":1,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:59:00Z","automatic":true}', '', '', 0, '');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('pgcg7krt37tap7fgsjfcrcl2p7', 'cart', 'production', '', TRUE, 'done', 2, 0, 1772359320000000, 0, 0, 1772359320000000, 1772359320000000, 0, '', '', '', '{"key":"pgcg7krt37tap7fgsjfcrcl2p7","change":{"id":"cart v2","service":"cart","environment":"production","kind":"deploy","version":"v2","status":"succeeded","started_at":"2026-03-01T10:02:00Z","finished_at":"2026-03-01T10:02:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:02:00Z","last":"2026-03-01T10:02:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"cart v2","at":"2026-03-01T10:02:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"decided","epoch":2,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:02:00Z","automatic":true}', '', '', 0, '');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('u4rpcikuo2g65ar3x6t2mn4464', 'pay-decided', 'production', '', TRUE, 'decided', 1, 0, 1772362740000000, 0, 0, 0, 0, 0, '', '', '', '{"key":"u4rpcikuo2g65ar3x6t2mn4464","change":{"id":"pay-decided v1","service":"pay-decided","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:12:00Z","finished_at":"2026-03-01T10:12:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:12:00Z","last":"2026-03-01T10:12:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"pay-decided v1","at":"2026-03-01T10:12:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"decided","epoch":1,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:59:00Z","automatic":true}', '', '', 0, '');
INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body, verification, holder, leased_until, sent_by) VALUES ('vxuadcpr4jb7yps57hbtkhkqxm', 'search', 'production', '', TRUE, 'refused', 1, 0, 1772359380000000, 0, 0, 0, 1772359380000000, 0, '', '', '', '{"key":"vxuadcpr4jb7yps57hbtkhkqxm","change":{"id":"search v1","service":"search","environment":"production","kind":"deploy","version":"v1","status":"succeeded","started_at":"2026-03-01T10:03:00Z","finished_at":"2026-03-01T10:03:00Z","ends":[{"status":"succeeded","first":"2026-03-01T10:03:00Z","last":"2026-03-01T10:03:00Z","sequence":0}],"reversible":true,"witnesses":[{"source":"ci","change_id":"search v1","at":"2026-03-01T10:03:00Z"}]},"rule":"red","hook":"deploy","target_version":"v0","state":"decided","epoch":1,"claim":0,"evidence":"e30=","created_at":"2026-03-01T10:03:00Z","automatic":true}', '', '', 0, '');
INSERT INTO outcomes (watch_id, change_key, rule, rule_hash, service, ended_at, fired, clean, saved, false_alarm) VALUES ('pgcg7krt37tap7fgsjfcrcl2p7.red', 'pgcg7krt37tap7fgsjfcrcl2p7', 'red', 'h', 'cart', 1772359320000000, FALSE, FALSE, FALSE, FALSE);
INSERT INTO outcomes (watch_id, change_key, rule, rule_hash, service, ended_at, fired, clean, saved, false_alarm) VALUES ('vxuadcpr4jb7yps57hbtkhkqxm.red', 'vxuadcpr4jb7yps57hbtkhkqxm', 'red', 'h', 'search', 1772359380000000, FALSE, FALSE, FALSE, FALSE);
INSERT INTO outgoing (id, change_key, receiver, state, attempts, last_error, created_at, sent_at, message, grouped_in, holder, leased_until) VALUES ('m chk2wp5vwd2de57rjhyl3mle22/chat', 'chk2wp5vwd2de57rjhyl3mle22', 'chat', 'sent', 1, '', 1772359260000000, 1772359260000000, '{"key":"thread","kind":"","severity":"","title":"","at":"0001-01-01T00:00:00Z"}', '', '', 0);
INSERT INTO outgoing (id, change_key, receiver, state, attempts, last_error, created_at, sent_at, message, grouped_in, holder, leased_until) VALUES ('m pgcg7krt37tap7fgsjfcrcl2p7/chat', 'pgcg7krt37tap7fgsjfcrcl2p7', 'chat', 'sent', 1, '', 1772359320000000, 1772359320000000, '{"key":"thread","kind":"","severity":"","title":"","at":"0001-01-01T00:00:00Z"}', '', '', 0);
INSERT INTO outgoing (id, change_key, receiver, state, attempts, last_error, created_at, sent_at, message, grouped_in, holder, leased_until) VALUES ('m vxuadcpr4jb7yps57hbtkhkqxm/chat', 'vxuadcpr4jb7yps57hbtkhkqxm', 'chat', 'sent', 1, '', 1772359380000000, 1772359380000000, '{"key":"thread","kind":"","severity":"","title":"","at":"0001-01-01T00:00:00Z"}', '', '', 0);
INSERT INTO outgoing (id, change_key, receiver, state, attempts, last_error, created_at, sent_at, message, grouped_in, holder, leased_until) VALUES ('warning w2bs3rhb35jn5gvu2akggjemek/chat', 'w2bs3rhb35jn5gvu2akggjemek', 'chat', 'pending', 0, '', 1772361060000000, 0, '{"key":"w2bs3rhb35jn5gvu2akggjemek","kind":"","severity":"","title":"mail''s errors rose","at":"0001-01-01T00:00:00Z"}', '', '', 0);
INSERT INTO profile_names (name, hash, at) VALUES ('errors', 'd7ddbff6e8eb3c7973ccad201c245492a7a897e87b0e6edd85b8e142625a1057', 1772360700000000);
INSERT INTO profiles (hash, body, used, at, journaled, journaled_at) VALUES ('d7ddbff6e8eb3c7973ccad201c245492a7a897e87b0e6edd85b8e142625a1057', X'748AB10AC2401044FF65EA1326A045F63BACECA26E4CF03078BB6811EEDFC53D2D0303EFC19B15E64371084876BBD89194D80909FAB86E479F2F770813CE3A2E454387D1B5847DAB41F64CC8FAD26C90157979AB79F427BB1F0F8DFD9F7D709A6F53FBD6FA090000FFFF', TRUE, 1772360700000000, FALSE, 0);
INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation, looks, packed) VALUES ('chk2wp5vwd2de57rjhyl3mle22.red', 1, 1772359260000000, 1, 0, 0, '', '', '', 1, X'28B52FFD6501FF050D0100540102EA0D0110010180E0E4AAE9D6D7983102030200000200E1C29B3FE88F892119A57C7F');
INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation, looks, packed) VALUES ('pgcg7krt37tap7fgsjfcrcl2p7.red', 1, 1772359320000000, 1, 0, 0, '', '', '', 1, X'28B52FFD6501FF050D0100540102EA0D0110010180C09FAFA8DAD7983102030200000200E1C29B3FE88F89219EEF728C');
INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation, looks, packed) VALUES ('vxuadcpr4jb7yps57hbtkhkqxm.red', 1, 1772359380000000, 1, 0, 0, '', '', '', 1, X'28B52FFD6501FF050D0100540102EA0D0110010180A0DAB3E7DDD7983102030200000200E1C29B3FE88F8921E16CAE48');
INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation, looks, packed) VALUES ('w2bs3rhb35jn5gvu2akggjemek.red', 1, 1772359335000000, 9, 0, 0, '', '', '', 10, X'28B52FFD6501690E7D2700F44302EA0D0A8A0B01018080AAA6AAD3D7983102010372656402080301010730040608020901180318001018110B1280BB0213F4181701183068747470302263617274227D5B3135735D29290002313100000304070208180B05011F1E00000002000202020202000210021002021000021F1E000202120200000701020100000002020100020000310202021010021102020002000000010180D88EE16F02020302080301090109030A00100A00020901090218D88EE16F080B0B030107010301010000020301010200000002070103010102080B1A0200020B04010202000204010202090109020A05010302000205010305010311020802060104020002060104060104000B070105020002070105080106000002080106120801060200020801060B1A020A090107020002090107090107000A01080200020A0108020A0108100B01090200020B01090B010900000000029E7566C0090059401B1E63002E3359C0C5F205A4C702084002C025DBEF0C005940CEA345A9C33D59C0352BD664D30A084010F5EE5686A5E53F020C0706020B08020502010602020E030C09080401F20B2486405033343F840137213E7B880118472A8501BC01A701A00167414A1A360E773A3249C80B0C0203010401010108010103040106060404050402400A038A0C0855333409256A5B1601345C890168133F4D9A01870180014168475F2C5002121AB60C30AD00D9018D4C41EEB21637FFE39248129BA938E20BEF42258E868F603F7093F41BD03B72864B6CF512236043F19DC1EA1A066938ADC5733C3EDD80C1466A0874B418D128EA563F6CD195DEF923E3E2A28B421402BC3C9D337C70EAA09F568E084890EBCAECC172588F09DE6D36C7E62CC07607007FECBFE35799E8064B082702A73EE88A0B7EDA8975826C3E13C8FC133FED75B837B308803753338262A38EB12C370C82468CBFC2DA70183DD706A72694284661A205029B1B62EE9CA7E2038601401A585F4D2789ACD93FAC54EB0D2A79CD44F8DC630EE8063EC232D276F068190B02024B21C3A6006E866D9DB3846F0878A4B3FF0D8E19C397640E07205D27C4E2E7083B1D02AE2640D20E5AE7EB64777967B0A76F9FF3222F624A3B5913E0459F4C08227FBF4E45C8721D3F16F7B9290E1A57524E035687BBAA6FA8D2014A080ABE8849720AAA3AC07734C56A41AFAFDCBE01983DD09C4A0992A7A99803F651607C0577A9613F395216CD1B5E39D5136C2D6EBB2FAAD7864005224430B096937DEAD8481AE704E474E0F6764A6FCB1EA5EF8914E1E1E37CB206004A9403470B99A5A00FC0526F63C4F922097C4D641AA609C88485652CDAB8049A01410028CE9379057A665F13BA0B6D4992010CAA0BCB005CB5790399FD0F6F0FA4AFC7468E49707B95C4D0393AB3FBEFF43A0C20104554757CE6095362A1EA8686024B11D61C34759F2D8BFD9F06FC7B24817C0A48D27F711B66E0D7875B9C0B263C344C33516DDF7E4CE25626BD0074E0CC0800EEE279C0F0EAD80404364B20A002180BC82606A3109E5D8F1D10510C553069B2018338C38D83373800804113B32BF51619E31B93C986EED91C2FE53065806B18077076E10C64871B064D94DD710F86DBE4902100064D9C5D9903AF0A84E980C9EE7C02EF0E61527DC38E353CA29D8E06701B6C0E19E65ACC951ED3E6011109E0F22C23071A845BDC9E027CE4D94B3C0A6C7345633377C38114DEB9D07B57F013D548DBDA075B4C32BA8CC1290D9DD6C6E1C2EB3FE88FED211100A5FA');
INSERT INTO replicas (holder, name, started_at, seen_at, leased_until, looking, watches) VALUES ('here/2EYLHD36', 'here', 1795961178987099, 1795961178987099, 1795961193987099, FALSE, 0);
INSERT INTO schedules (name, last_run, holder, leased_until) VALUES ('nightly', 0, '', 0);
INSERT INTO secrets (name, value) VALUES ('approval', X'61206B6579206F6620612074657374');
INSERT INTO sessions (id, begun_at, used_at, ends_at) VALUES ('hash', 1772361780000000, 1772361780000000, 1772362740000000);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'changes', 77824);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'events', 12288);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'everything else', 110592);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'journal', 24576);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'looks', 8192);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'next: changes', 0);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'next: entries', 0);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'orders and messages', 86016);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'profiles', 24576);
INSERT INTO sizes (at, kind, bytes) VALUES (1772362740000000, 'watches', 40960);
INSERT INTO slots (slot, epoch) VALUES ('3ncwvmqvcpmli2oopffms6dzcu', 1);
INSERT INTO slots (slot, epoch) VALUES ('5mkfuqchwxee5x4b5trrpgbgqd', 1);
INSERT INTO slots (slot, epoch) VALUES ('ejvupsdgguzayej7fmymufybdv', 2);
INSERT INTO slots (slot, epoch) VALUES ('fpuma576fuavunpb24adkdhp4u', 1);
INSERT INTO slots (slot, epoch) VALUES ('gwjj2krlqh6lwlz7nywpbaysc6', 1);
INSERT INTO slots (slot, epoch) VALUES ('jzhbekk67j5mmitjmelspnffc6', 1);
INSERT INTO slots (slot, epoch) VALUES ('l27ef3i73jr3jwsmlj3lyp7n5e', 1);
INSERT INTO slots (slot, epoch) VALUES ('puu3p3s3hzpb7ygrhtt6hjzyyn', 1);
INSERT INTO slots (slot, epoch) VALUES ('rzphlideqxyesjjoyiony7cbrx', 1);
INSERT INTO trust (rule_hash, service, rule, mode, actor, why, at, taken) VALUES ('h', '*', 'red', 'act', 'amy', 'earned', 1772361720000000, FALSE);
INSERT INTO watches (id, change_key, state, running, revision, holder, leased_until, body, suspected, service) VALUES ('chk2wp5vwd2de57rjhyl3mle22.red', 'chk2wp5vwd2de57rjhyl3mle22', 'healthy', FALSE, 1, '', 0, '{"id":"chk2wp5vwd2de57rjhyl3mle22.red","change_key":"chk2wp5vwd2de57rjhyl3mle22","team":"","rule":"red","rule_hash":"h","rule_text":"","state":"healthy","grade":"none","revision":1,"base_at":"0001-01-01T00:00:00Z","settle":0,"bake":0,"every":0,"next":"0001-01-01T00:00:00Z","from":"2026-03-01T10:01:00Z","plan":{"rule":"","tick":0,"before":0,"after":0,"season":0,"thresholds":{"suspect":0,"likely":0,"certain":0},"signals":null},"acts":true,"ended_at":"2026-03-01T10:01:00Z"}', FALSE, 'cart');
INSERT INTO watches (id, change_key, state, running, revision, holder, leased_until, body, suspected, service) VALUES ('pgcg7krt37tap7fgsjfcrcl2p7.red', 'pgcg7krt37tap7fgsjfcrcl2p7', 'regressed', FALSE, 1, '', 0, '{"id":"pgcg7krt37tap7fgsjfcrcl2p7.red","change_key":"pgcg7krt37tap7fgsjfcrcl2p7","team":"","rule":"red","rule_hash":"h","rule_text":"","state":"regressed","grade":"none","revision":1,"base_at":"0001-01-01T00:00:00Z","settle":0,"bake":0,"every":0,"next":"0001-01-01T00:00:00Z","from":"2026-03-01T10:02:00Z","plan":{"rule":"","tick":0,"before":0,"after":0,"season":0,"thresholds":{"suspect":0,"likely":0,"certain":0},"signals":null},"acts":true,"ended_at":"2026-03-01T10:02:00Z"}', FALSE, 'cart');
INSERT INTO watches (id, change_key, state, running, revision, holder, leased_until, body, suspected, service) VALUES ('vxuadcpr4jb7yps57hbtkhkqxm.red', 'vxuadcpr4jb7yps57hbtkhkqxm', 'inconclusive', FALSE, 1, '', 0, '{"id":"vxuadcpr4jb7yps57hbtkhkqxm.red","change_key":"vxuadcpr4jb7yps57hbtkhkqxm","team":"","rule":"red","rule_hash":"h","rule_text":"","state":"inconclusive","grade":"none","revision":1,"base_at":"0001-01-01T00:00:00Z","settle":0,"bake":0,"every":0,"next":"0001-01-01T00:00:00Z","from":"2026-03-01T10:03:00Z","plan":{"rule":"","tick":0,"before":0,"after":0,"season":0,"thresholds":{"suspect":0,"likely":0,"certain":0},"signals":null},"acts":true,"ended_at":"2026-03-01T10:03:00Z"}', FALSE, 'search');
INSERT INTO watches (id, change_key, state, running, revision, holder, leased_until, body, suspected, service) VALUES ('w2bs3rhb35jn5gvu2akggjemek.red', 'w2bs3rhb35jn5gvu2akggjemek', 'watching', TRUE, 10, '', 0, '{"id":"w2bs3rhb35jn5gvu2akggjemek.red","change_key":"w2bs3rhb35jn5gvu2akggjemek","team":"","rule":"red","rule_hash":"h","rule_text":"","state":"watching","grade":"none","revision":10,"base_at":"0001-01-01T00:00:00Z","settle":0,"bake":3600000000000,"every":0,"next":"0001-01-01T00:00:00Z","from":"2026-03-01T10:30:00Z","plan":{"rule":"","tick":0,"before":0,"after":0,"season":0,"thresholds":{"suspect":0,"likely":0,"certain":0},"signals":null},"profiles":{"errors":"d7ddbff6e8eb3c7973ccad201c245492a7a897e87b0e6edd85b8e142625a1057"},"acts":true}', FALSE, 'mail');
