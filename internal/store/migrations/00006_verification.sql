-- What was seen running after a hook had said done, JSON; '' while nobody has
-- looked, or where nobody can.

-- +goose Up
ALTER TABLE orders ADD COLUMN verification TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_unverified ON orders (ended_at) WHERE state = 'done' AND verification = '';

-- +goose Down
DROP INDEX orders_unverified;
ALTER TABLE orders DROP COLUMN verification;
