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
