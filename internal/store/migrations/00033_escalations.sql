-- Messages to routes are passed on, and questions that nobody answers are escalated: such a
-- message waits until then.

-- +goose Up
DROP INDEX outgoing_pending;
CREATE INDEX outgoing_pending ON outgoing (created_at) WHERE state IN ('pending', 'collecting', 'waiting');

-- Older versions would send what waits at once.

-- +goose Down
UPDATE outgoing SET state = 'failed', last_error = 'an older version does not escalate' WHERE state = 'waiting';
DROP INDEX outgoing_pending;
CREATE INDEX outgoing_pending ON outgoing (created_at) WHERE state IN ('pending', 'collecting');
