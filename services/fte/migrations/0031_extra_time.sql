-- Who has more time for tests than others, and how much; not why: that is nobody's business here.
CREATE TABLE extra_times (
    -- Identity's.
    human_name_id  uuid PRIMARY KEY,
    -- Of a module's time, in percent of it.
    percent        smallint NOT NULL CHECK (percent BETWEEN 1 AND 200),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);

-- Whose rows these are, by the same policies as in 0010.
DO $$
DECLARE
    subject CONSTANT text := $c$(SELECT NULLIF(current_setting('rerp.subject', true), '')::uuid)$c$;
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    mine text;
BEGIN
    mine := replace('human_name_id = {subject}', '{subject}', subject);
    ALTER TABLE extra_times ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY platform ON extra_times USING (%1$s) WITH CHECK (%1$s)', platform);
    EXECUTE format('CREATE POLICY tenant ON extra_times USING (%1$s) WITH CHECK (%1$s)', mine);
END $$;
