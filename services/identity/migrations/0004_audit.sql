-- Who of the staff has looked at whose data. No schema is named: the role's search_path says which one.

-- Who looked at data of people, or changed it in somebody else's name, and why. The text is the kit's; see rerp_kit::audit.
-- It is only ever added to: the trigger says no to everybody who doesn't take it away first.
CREATE TABLE audit_log (
    -- In the order of time (UUIDv7).
    id          uuid PRIMARY KEY,
    -- staff, person, service, nobody; unchecked where nobody is asked who they are.
    actor_kind  text NOT NULL CHECK (actor_kind IN ('staff', 'person', 'service', 'nobody', 'unchecked')),
    -- Identity's identifier of staff or a person, the name of a service.
    actor       text,
    -- What was done, such as leads.read.
    action      text NOT NULL CHECK (octet_length(action) BETWEEN 3 AND 100),
    -- Whose data it was, if it was one person's: an identifier, and nothing else of a person.
    subject     uuid,
    -- In the words of whoever did it.
    reason      text,
    -- The request.
    trace       text,
    -- Counts, filters and states; nothing of a person.
    detail      jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_subject ON audit_log (subject, id) WHERE subject IS NOT NULL;

CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays();
