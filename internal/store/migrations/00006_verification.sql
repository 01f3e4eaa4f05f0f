-- What was found running after a hook had reported done, as JSON; '' while that is
-- not verified, or cannot be.

-- +goose Up
ALTER TABLE orders ADD COLUMN verification TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_unverified ON orders (ended_at) WHERE state = 'done' AND verification = '';

-- +goose Down
DROP INDEX orders_unverified;
ALTER TABLE orders DROP COLUMN verification;
