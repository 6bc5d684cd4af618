-- People of whom Identity has announced that both their contacts are proved: to look at and to list. Whoever decides asks Identity, for what a person may do
-- must never be stale. A person can be here before anything else of theirs is.
CREATE TABLE verified_people (
    -- Identity's.
    human_name_id  uuid PRIMARY KEY,
    verified_at    timestamptz NOT NULL
);
