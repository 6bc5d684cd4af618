-- People are made and changed here, and erased: a row of a person who is erased stays as an identifier with nothing behind it, since a monolith's other tables
-- may point to it.
ALTER TABLE human_names ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE human_names ADD COLUMN erased_at timestamptz;
ALTER TABLE email_addresses ADD COLUMN erased_at timestamptz;

-- The text is the kit's; see rerp_kit::idempotency. Answers hold identifiers and versions only.
CREATE TABLE idempotency_keys (
    scope        text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    answer       jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

-- Addresses that people had before: who is erased is erased from them too. Not the address, which may be somebody else's by now.
CREATE TABLE former_addresses (
    human_name_id     uuid NOT NULL REFERENCES human_names (id),
    email_address_id  uuid NOT NULL REFERENCES email_addresses (id),
    until             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (human_name_id, email_address_id)
);
CREATE INDEX former_addresses_email_address_id ON former_addresses (email_address_id);

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

-- Who is to be erased everywhere. Services ask for those that they have given no receipt for.
CREATE TABLE erasures (
    id             uuid PRIMARY KEY,
    human_name_id  uuid NOT NULL UNIQUE REFERENCES human_names (id),
    -- Addresses that were the person's and nobody else's: leads are known by them.
    addresses      uuid[] NOT NULL,
    requested_at   timestamptz NOT NULL DEFAULT now(),
    -- When the last receipt came.
    completed_at   timestamptz
);
CREATE INDEX erasures_open ON erasures (requested_at) WHERE completed_at IS NULL;

-- What each service has done, in tables and rows.
CREATE TABLE erasure_receipts (
    erasure_id   uuid NOT NULL REFERENCES erasures (id),
    service      text NOT NULL,
    parts        jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (erasure_id, service)
);

-- Whose rows these are, by the same policies as in 0010: a person's, staff's to see, and the service's own work.
DO $$
DECLARE
    subject CONSTANT text := $c$(SELECT NULLIF(current_setting('rerp.subject', true), '')::uuid)$c$;
    platform CONSTANT text := $c$(SELECT current_setting('rerp.work', true)) = 'on' OR (SELECT NULLIF(current_setting('rerp.staff', true), '')) IS NOT NULL$c$;
    name text;
    mine text;
BEGIN
    FOR name, mine IN SELECT * FROM (VALUES
        ('former_addresses', 'human_name_id = {subject}'),
        ('rights_log', 'human_name_id = {subject}'),
        ('erasures', 'human_name_id = {subject}'),
        ('erasure_receipts', 'EXISTS (SELECT FROM erasures AS e WHERE e.id = erasure_receipts.erasure_id AND e.human_name_id = {subject})')
    ) AS t LOOP
        mine := replace(mine, '{subject}', subject);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY platform ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, platform);
        EXECUTE format('CREATE POLICY tenant ON %1$I USING (%2$s) WITH CHECK (%2$s)', name, mine);
    END LOOP;
END $$;
