-- What a lead needs besides itself: what its visitor agreed to, whom no lead may come from, proofs of work that were used, and who of the staff has looked.
-- Nothing here holds an address: people are Identity's identifiers.

-- Texts that visitors agree to. A text never changes: a changed one gets a new version.
CREATE TABLE consent_texts (
    version     text PRIMARY KEY,
    text        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Who agreed to which text, when, and with which lead.
CREATE TABLE consents (
    lead              text NOT NULL CHECK (lead IN ('capture', 'message')),
    lead_id           uuid NOT NULL,
    -- Identity's.
    email_address_id  uuid NOT NULL,
    text_version      text NOT NULL REFERENCES consent_texts (version),
    agreed_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lead, lead_id)
);
CREATE INDEX consents_email_address_id ON consents (email_address_id);
CREATE INDEX consents_text_version ON consents (text_version);

-- Addresses that want nothing from us: no lead is taken from them, and those that are there are shown to nobody.
CREATE TABLE suppressions (
    -- Identity's.
    email_address_id  uuid PRIMARY KEY,
    reason            text NOT NULL CHECK (reason IN ('objected', 'bounced', 'complained', 'other')),
    created_at        timestamptz NOT NULL DEFAULT now()
);

-- Proofs of work that were used, until they would have ended: each is good for one lead.
CREATE TABLE captcha_spent (
    challenge   bytea PRIMARY KEY,
    -- What it was good for.
    lead_id     uuid NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX captcha_spent_expires_at ON captcha_spent (expires_at);

-- Lists by source, and counts over a span of time. The latter reads blocks, not rows: such an index costs a form next to nothing.
CREATE INDEX email_captures_source ON email_captures (source, id);
CREATE INDEX email_captures_created_at ON email_captures USING brin (created_at);

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
