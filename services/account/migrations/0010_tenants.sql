-- Whose rows are whose: row level security for every table that holds something of somebody. src/tenants.rs says the same as data, and tests try every
-- table, verb and caller. A service's transactions say for whom they work (rerp_kit::tenants); a session that says nothing sees nothing.
-- The role of migrations is bound too (FORCE): a migration that touches rows works because the kit's migrator says that it is the service's own work.

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

DO $$
DECLARE
    subject CONSTANT text := $c$(SELECT NULLIF(current_setting('rerp.subject', true), '')::uuid)$c$;
    -- The accounts in which the person has a role, noted as the transaction begins: a policy of account_roles can't look into account_roles.
    reached CONSTANT text := $c$((SELECT string_to_array(NULLIF(current_setting('rerp.accounts', true), ''), ',')::uuid[])::uuid[])$c$;
    -- Staff, whose transactions leave a row in staff_access, and the service's own work.
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    name text;
    mine text;
    made text;
BEGIN
    -- A table, which of its rows a person sees, and which it may make. Whoever opens an account has no role in it yet: the opener gets the first one.
    -- Nobody else gives a role where they have none, not even one of their own.
    FOR name, mine, made IN SELECT * FROM (VALUES
        ('accounts', 'id = ANY {reached} OR human_name_id = {subject}', 'id = ANY {reached} OR human_name_id = {subject}'),
        ('account_roles', 'account_id = ANY {reached} OR human_name_id = {subject}',
            'account_id = ANY {reached} OR EXISTS (SELECT FROM accounts AS a WHERE a.id = account_roles.account_id AND a.human_name_id = {subject})'),
        ('addresses', 'account_id = ANY {reached}', 'account_id = ANY {reached}'),
        ('verified_people', 'human_name_id = {subject}', 'human_name_id = {subject}')
    ) AS t LOOP
        mine := replace(replace(mine, '{subject}', subject), '{reached}', reached);
        made := replace(replace(made, '{subject}', subject), '{reached}', reached);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY platform ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, platform);
        EXECUTE format('CREATE POLICY tenant ON %1$I USING (%2$s) WITH CHECK (%3$s)', name, mine, made);
    END LOOP;
END $$;
