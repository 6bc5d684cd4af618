-- Sign-ins at Supabase Auth, as its hook tells of them whenever a token is made: to be listed, and ended. An ended one gets no token any more.

CREATE TABLE sessions (
    -- Supabase's.
    id          uuid PRIMARY KEY,
    -- Whose: a person's identifier, or one of the staff's.
    subject     uuid NOT NULL,
    -- How well it was proved last: aal1, aal2.
    aal         text NOT NULL CHECK (aal IN ('aal1', 'aal2')),
    started_at  timestamptz NOT NULL DEFAULT now(),
    -- When it last got a token.
    seen_at     timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE INDEX sessions_subject ON sessions (subject, id);
CREATE INDEX sessions_seen_at ON sessions (seen_at);

-- A person's own, and staff's; see 0010. Those of the staff are staff's to see.
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON sessions
    USING ((SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL)
    WITH CHECK ((SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL);
CREATE POLICY tenant ON sessions
    USING (subject = (SELECT NULLIF(current_setting('rerp.subject', true), '')::uuid))
    WITH CHECK (subject = (SELECT NULLIF(current_setting('rerp.subject', true), '')::uuid));
