-- cleared_by is what cleared a change, so that an incident that is withdrawn takes
-- back what it cleared. And only a watch that may act marks a version bad: neither the
-- echo of a rollback nor a rule for the whole site does. The marks that such watches
-- made before are taken back.

-- +goose Up
ALTER TABLE changes ADD COLUMN cleared_by TEXT NOT NULL DEFAULT '';
CREATE INDEX changes_cleared ON changes (cleared_by) WHERE standing = 'cleared';
UPDATE changes SET standing = '' WHERE standing = 'bad'
  AND EXISTS (SELECT 1 FROM watches w WHERE w.change_key = changes.key)
  AND NOT EXISTS (SELECT 1 FROM watches w WHERE w.change_key = changes.key AND w.state = 'regressed' AND w.body LIKE '%"acts":true%');

-- +goose Down
DROP INDEX changes_cleared;
ALTER TABLE changes DROP COLUMN cleared_by;
