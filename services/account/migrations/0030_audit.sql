-- Why staff look. No schema is named: the role's search_path says which one.

-- Why somebody of the staff looked at, or changed, what isn't theirs, and what of it: beside who, when and where, which staff_access has already. The text
-- is the kit's; see rerp_kit::audit. Reasons are words of the staff; whom they are about are identifiers in `about`.
ALTER TABLE staff_access
    ADD COLUMN reason text,
    -- Filters, bounds and states of what was asked for: a JSON object, with nothing of a person.
    ADD COLUMN detail jsonb;
-- What was looked at of one person. From now on rows get identifiers in the order of time, so pages go by the primary key.
CREATE INDEX staff_access_about ON staff_access USING gin (about);
