-- A version that was judged bad, or rolled back, is called bad and no longer
-- condemned. The journal is append-only: its entries keep the old word.

-- +goose Up
UPDATE changes SET standing = 'bad' WHERE standing = 'condemned';

-- +goose Down
UPDATE changes SET standing = 'condemned' WHERE standing = 'bad';
