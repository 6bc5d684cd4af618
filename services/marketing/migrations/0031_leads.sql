-- What a lead needs besides itself: what its visitor agreed to, whom no lead may come from, and proofs of work that were used.
-- Nothing here holds an address: people are Identity's identifiers.

-- Who agreed to which text, when, and with which lead.
CREATE TABLE consents (
    lead              text NOT NULL CHECK (lead IN ('capture', 'message')),
    lead_id           uuid NOT NULL,
    -- Identity's; none while the lead's address waits in intake.
    email_address_id  uuid,
    text_version      text NOT NULL,
    agreed_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lead, lead_id)
);
CREATE INDEX consents_email_address_id ON consents (email_address_id);
CREATE INDEX consents_text_version ON consents (text_version);
CREATE INDEX consents_agreed_at ON consents (agreed_at);

-- Texts that visitors agree to. A text never changes: a changed one gets a new version. It is younger than what names it, because a cutover locks tables from the
-- oldest to the youngest, and the check of a foreign key locks the named row after the other table.
CREATE TABLE consent_texts (
    version     text PRIMARY KEY,
    text        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE consents ADD CONSTRAINT consents_text_version_fkey FOREIGN KEY (text_version) REFERENCES consent_texts (version);

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

-- Lists by source. Counts over a span of time have the index of the leads' lifetimes, email_captures_created_at; see 0020.
CREATE INDEX email_captures_source ON email_captures (source, id);

-- Leads are the platform's, and so is what comes with them; see 0010. Texts are for everybody, and a digest of a challenge tells of nobody.
DO $$
DECLARE
    -- Staff, whose transactions leave a row in staff_access, and the service's own work.
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['consents', 'suppressions'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY platform ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, platform);
    END LOOP;
END $$;
