-- What became of people's own data here: what was given out to whom, and what was erased. Identifiers and counts only. The text is the kit's; see rerp_kit::rights.
CREATE TABLE rights_log (
    -- Of an erasure Identity's identifier, so that it has its effect once.
    id             uuid PRIMARY KEY,
    action         text NOT NULL CHECK (action IN ('export', 'erase')),
    -- Identity's: whose data it is.
    human_name_id  uuid NOT NULL,
    -- Identity's: addresses that were the person's, by which leads are known.
    addresses      uuid[] NOT NULL DEFAULT '{}',
    -- Who asked: `person`, `staff`, `service`; `unchecked` where nobody can be told apart.
    by_kind        text NOT NULL,
    by_id          uuid,
    -- Of an erasure: what was done to which table.
    receipt        jsonb,
    at             timestamptz NOT NULL DEFAULT now(),
    -- When it was last looked for what came too late to be erased.
    looked_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rights_log_human_name_id ON rights_log (human_name_id);
CREATE INDEX rights_log_at ON rights_log (at);

-- Whose rows these are, by the same policies as in 0010: a person's, staff's to see, and the service's own work.
DO $$
DECLARE
    subject CONSTANT text := $c$(SELECT NULLIF(current_setting('rerp.subject', true), '')::uuid)$c$;
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    name text;
    mine text;
BEGIN
    FOR name, mine IN SELECT * FROM (VALUES
        ('rights_log', 'human_name_id = {subject}')
    ) AS t LOOP
        mine := replace(mine, '{subject}', subject);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY platform ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, platform);
        EXECUTE format('CREATE POLICY tenant ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, mine);
    END LOOP;
END $$;
