-- A profile that is replaced is deleted unless another name refers to it, and upkeep finds
-- old profiles by age: both without reading every profile.

-- +goose Up
CREATE INDEX profile_names_by_hash ON profile_names (hash);
CREATE INDEX profiles_by_age ON profiles (at) WHERE NOT journaled;

-- +goose Down
DROP INDEX profiles_by_age;
DROP INDEX profile_names_by_hash;
