-- A message that is not sent because its receiver gets one about the whole fleet
-- names the message that speaks for it. That one is "collecting" until it is
-- composed, and then pending like any other.

-- +goose Up
ALTER TABLE outgoing ADD COLUMN grouped_in TEXT NOT NULL DEFAULT '';
CREATE INDEX outgoing_grouped ON outgoing (grouped_in) WHERE grouped_in <> '';
DROP INDEX outgoing_pending;
CREATE INDEX outgoing_pending ON outgoing (created_at) WHERE state IN ('pending', 'collecting');

-- +goose Down
UPDATE outgoing SET state = 'pending' WHERE state = 'collecting';
DROP INDEX outgoing_pending;
CREATE INDEX outgoing_pending ON outgoing (created_at) WHERE state = 'pending';
DROP INDEX outgoing_grouped;
ALTER TABLE outgoing DROP COLUMN grouped_in;
