-- Double opt-in: whether the owner of an address has said by mail that they meant what was agreed to under it. Identifiers and times only: the token in a
-- mail follows from the row's identifier and a key that the database doesn't have.

-- When the address's owner confirmed what is agreed to here.
ALTER TABLE consents ADD COLUMN confirmed_at timestamptz;
CREATE INDEX consents_unconfirmed ON consents (agreed_at) WHERE confirmed_at IS NULL AND email_address_id IS NOT NULL;

CREATE TABLE confirmations (
    -- What the token in the mail stands for.
    id                uuid PRIMARY KEY,
    -- Identity's.
    email_address_id  uuid NOT NULL,
    -- Neither answered nor over.
    is_open           boolean NOT NULL DEFAULT true,
    -- How often Identity was asked to send the mail, and not before when it is asked again.
    attempts          smallint NOT NULL DEFAULT 0,
    due_at            timestamptz NOT NULL DEFAULT now(),
    -- When Identity took it.
    sent_at           timestamptz,
    confirmed_at      timestamptz,
    -- By the clock: what was agreed to until then is what it is about.
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- However many forms are sent with somebody's address: one mail, and no other before it is answered or over.
CREATE UNIQUE INDEX confirmations_open ON confirmations (email_address_id) WHERE is_open;
CREATE INDEX confirmations_due ON confirmations (due_at) WHERE is_open AND sent_at IS NULL;
CREATE INDEX confirmations_created_at ON confirmations (created_at);

DO $$
DECLARE
    -- Staff, whose transactions leave a row in staff_access, and the service's own work.
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
BEGIN
    ALTER TABLE confirmations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY platform ON confirmations USING (%1$s) WITH CHECK (%1$s)', platform);
END $$;
