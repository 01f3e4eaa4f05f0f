-- The changes of a slot in their order, so that the one before an event is the first of an
-- index, whatever the database knows of how many there are.

-- +goose Up
DROP INDEX changes_by_slot;
CREATE INDEX changes_by_slot ON changes (slot, started_at, sequence, epoch);

-- +goose Down
DROP INDEX changes_by_slot;
CREATE INDEX changes_by_slot ON changes (slot, started_at);
