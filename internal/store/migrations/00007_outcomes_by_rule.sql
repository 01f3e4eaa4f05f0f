-- The thresholds of a rule depend on how many changes it watches, which this
-- index counts.

-- +goose Up
CREATE INDEX outcomes_by_rule ON outcomes (rule, ended_at);

-- +goose Down
DROP INDEX outcomes_by_rule;
