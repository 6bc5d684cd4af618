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
    -- Staff, whose transactions leave a row in staff_access, and the service's own work.
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    name text;
    mine text;
BEGIN
    -- A table, and which of its rows are a person's; none: no person sees one.
    FOR name, mine IN SELECT * FROM (VALUES
        ('test_sessions', 'human_name_id = {subject}'),
        ('user_progress', 'human_name_id = {subject}'),
        ('fte_certificates', 'human_name_id = {subject}'),
        ('interactive_test_scenarios', 'human_name_id = {subject}'),
        ('verified_people', 'human_name_id = {subject}'),
        ('session_questions', 'EXISTS (SELECT FROM test_sessions AS p WHERE p.id = session_questions.test_session_id AND p.human_name_id = {subject})'),
        ('test_answers', 'EXISTS (SELECT FROM test_sessions AS p WHERE p.id = test_answers.test_session_id AND p.human_name_id = {subject})'),
        ('scenario_actions', 'EXISTS (SELECT FROM interactive_test_scenarios AS p WHERE p.id = scenario_actions.scenario_id AND p.human_name_id = {subject})'),
        ('scenario_outcomes', 'EXISTS (SELECT FROM interactive_test_scenarios AS p WHERE p.id = scenario_outcomes.scenario_id AND p.human_name_id = {subject})')
    ) AS t LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY platform ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, platform);
        IF mine IS NOT NULL THEN
            mine := replace(mine, '{subject}', subject);
            EXECUTE format('CREATE POLICY tenant ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, mine);
        END IF;
    END LOOP;
END $$;
