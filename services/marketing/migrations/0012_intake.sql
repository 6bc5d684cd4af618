-- A lead of an address that Identity could not be asked about has none for a while; until then what was typed waits here, sealed.

ALTER TABLE email_captures ALTER COLUMN email_address_id DROP NOT NULL;
ALTER TABLE contact_messages ALTER COLUMN email_address_id DROP NOT NULL;

-- A row lives until Identity has answered, and not beyond expires_at. Without the keys, which the database doesn't have, it says nothing.
CREATE TABLE intake (
    -- The row that waits for its address, and its table.
    lead        text NOT NULL CHECK (lead IN ('capture', 'message')),
    lead_id     uuid NOT NULL,
    -- Name of the key it is sealed with.
    key         text NOT NULL,
    -- Nonce, the padded address encrypted (AES-256-GCM), tag.
    sealed      bytea NOT NULL,
    -- Keyed hash of what was typed: one question to Identity serves all rows that have it.
    mark        bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    -- When a worker may take it; one that does moves it on, so that others leave it alone for a while.
    turn_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lead, lead_id)
);
CREATE INDEX intake_turn_at ON intake (turn_at);
CREATE INDEX intake_expires_at ON intake (expires_at);

-- Leads are the platform's, and so is what waits with them; see 0010.
ALTER TABLE intake ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON intake
    USING ((SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL)
    WITH CHECK ((SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL);
