-- Replicas share a database. A row is worked on by one of them at a time: its holder
-- has it until leased_until, or until the holder's own lease runs out. holder is ''
-- for nobody.

-- +goose Up
CREATE TABLE replicas (
    holder       TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
);

ALTER TABLE orders ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN sent_by TEXT NOT NULL DEFAULT '';
ALTER TABLE outgoing ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE outgoing ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE annotations ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE annotations ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE annotations DROP COLUMN leased_until;
ALTER TABLE annotations DROP COLUMN holder;
ALTER TABLE outgoing DROP COLUMN leased_until;
ALTER TABLE outgoing DROP COLUMN holder;
ALTER TABLE orders DROP COLUMN sent_by;
ALTER TABLE orders DROP COLUMN leased_until;
ALTER TABLE orders DROP COLUMN holder;
DROP TABLE replicas;
