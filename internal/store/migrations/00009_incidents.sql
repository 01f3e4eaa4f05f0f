-- Incidents are periods that people declared unusual; profiles are learned without
-- them.

-- +goose Up
CREATE TABLE incidents (
    id             TEXT PRIMARY KEY,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    began_at       BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL,
    why            TEXT NOT NULL,
    actor          TEXT NOT NULL,
    noted_at       BIGINT NOT NULL,
    removed_at     BIGINT NOT NULL
);
CREATE INDEX incidents_by_end ON incidents (ended_at);

-- +goose Down
DROP TABLE incidents;
