-- What those who run the platform looked at or changed here: a row for each of their transactions, written in it. The text is the kit's; see rerp_kit::tenants.
CREATE TABLE staff_access (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Who it was: Identity's identifier.
    staff_id  uuid NOT NULL,
    -- The request, and its route without what stands in its place ...
    request   text,
    route     text,
    -- ... but for identifiers: of whom or of what.
    about     uuid[] NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX staff_access_at ON staff_access (at);
-- Added to by whom it tells of, read by the service's own work, and changed by nobody: there is no policy that would let them.
ALTER TABLE staff_access ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY adding ON staff_access FOR INSERT
    WITH CHECK (staff_id = (SELECT NULLIF(current_setting('rerp.staff', true), '')::uuid));
CREATE POLICY reading ON staff_access FOR SELECT
    USING ((SELECT current_setting('rerp.work', true)) = 'on');
