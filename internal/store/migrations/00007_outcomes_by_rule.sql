-- How many changes a rule watches sets how small p must be.

-- +goose Up
CREATE INDEX outcomes_by_rule ON outcomes (rule, ended_at);

-- +goose Down
DROP INDEX outcomes_by_rule;
