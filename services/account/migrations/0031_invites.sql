-- Invitations to have a role in an account. Whom is an identifier of Identity's, which has the address and sends the mail; of the token in it a digest is kept.

CREATE TABLE invites (
    id                uuid PRIMARY KEY,
    account_id        uuid NOT NULL REFERENCES accounts (id),
    -- One of both: an address, which may be nobody's yet, or a person.
    email_address_id  uuid,
    human_name_id     uuid,
    role              role_type NOT NULL,
    -- Who invites; none for staff.
    invited_by        uuid,
    -- SHA-256 of 256 random bits: whoever reads this table can't accept an invitation.
    token_digest      bytea NOT NULL UNIQUE,
    -- How often a mail was asked for, and when one was last on its way.
    sends             smallint NOT NULL DEFAULT 0,
    sent_at           timestamptz,
    -- When the present token ends.
    expires_at        timestamptz NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    accepted_at       timestamptz,
    accepted_by       uuid,
    revoked_at        timestamptz,
    CONSTRAINT invites_whom CHECK (num_nonnulls(email_address_id, human_name_id) = 1),
    CONSTRAINT invites_once CHECK (num_nonnulls(accepted_at, revoked_at) <= 1 AND (accepted_at IS NULL) = (accepted_by IS NULL))
);
-- One that is open for each address and person in an account.
CREATE UNIQUE INDEX invites_open ON invites (account_id, coalesce(email_address_id, human_name_id)) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invites_page ON invites (account_id, id);
-- What an erasure and the end of old ones look for.
CREATE INDEX invites_created_at ON invites (created_at);

-- Whoever has a role in the account sees and makes them; whoever was invited has none yet, so accepting one is the service's own work. See 0010.
DO $$
DECLARE
    reached CONSTANT text := $c$((SELECT string_to_array(NULLIF(current_setting('rerp.accounts', true), ''), ',')::uuid[])::uuid[])$c$;
    -- Staff, whose transactions leave a row in staff_access, and the service's own work.
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    mine text;
BEGIN
    mine := replace('account_id = ANY {reached}', '{reached}', reached);
    ALTER TABLE invites ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY platform ON invites USING (%1$s) WITH CHECK (%1$s)', platform);
    EXECUTE format('CREATE POLICY tenant ON invites USING (%1$s) WITH CHECK (%1$s)', mine);
END $$;
