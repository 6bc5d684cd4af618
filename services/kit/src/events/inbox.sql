-- Events of other services, each once, and what has become of them here. The text is the kit's; see rerp_kit::events.
CREATE TABLE inbox (
    -- Of the event.
    id           uuid PRIMARY KEY,
    type         text NOT NULL,
    -- The service that announced it: numbers count within it.
    source       text NOT NULL,
    subject      uuid NOT NULL,
    sequence     bigint NOT NULL,
    -- The event, until it is done.
    envelope     jsonb,
    received_at  timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    -- Not before. A claim sets it ahead.
    due_at       timestamptz NOT NULL DEFAULT now(),
    -- Set in the transaction of its effect.
    done_at      timestamptz,
    -- Of a version newer than the running program: a newer one will know it.
    parked_at    timestamptz,
    -- Given up: a person has to look. What comes after it about its subject waits.
    dead_at      timestamptz,
    error        text
);
CREATE INDEX inbox_due ON inbox (due_at) WHERE done_at IS NULL AND dead_at IS NULL AND parked_at IS NULL;
CREATE INDEX inbox_waiting ON inbox (source, subject, sequence) WHERE done_at IS NULL;
CREATE INDEX inbox_dead ON inbox (source, subject) WHERE dead_at IS NOT NULL AND done_at IS NULL;
CREATE INDEX inbox_parked ON inbox (type) WHERE parked_at IS NOT NULL AND done_at IS NULL;
CREATE INDEX inbox_done ON inbox (done_at) WHERE done_at IS NOT NULL;
