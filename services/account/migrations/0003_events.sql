-- Events that this service announces, written in the transaction of what they tell of and published from here. The text is the kit's; see rerp_kit::events.
-- A statement locks the numbers before the events, and so does a cutover, which goes by age: in another order they would wait for each other.

-- The last number of each subject that more than one event tells of. Its row is locked until the transaction ends, so numbers are committed in their order.
CREATE TABLE outbox_subjects (
    subject  uuid PRIMARY KEY,
    last     bigint NOT NULL
);

CREATE TABLE outbox (
    -- Of the event: the same however often it is published.
    id            uuid PRIMARY KEY,
    type          text NOT NULL CHECK (octet_length(type) BETWEEN 5 AND 100),
    -- What it is about. Events of one subject are published in the order of their numbers: 1 tells of its beginning.
    subject       uuid NOT NULL,
    sequence      bigint NOT NULL CHECK (sequence > 0),
    -- Identifiers and states, nothing of a person.
    data          jsonb NOT NULL,
    -- The request that caused it.
    trace         text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- How often the broker has refused it.
    attempts      integer NOT NULL DEFAULT 0,
    -- Not before. A claim sets it ahead.
    due_at        timestamptz NOT NULL DEFAULT now(),
    published_at  timestamptz,
    -- Given up: a person has to look. What comes after it about its subject waits.
    dead_at       timestamptz,
    error         text,
    CONSTRAINT outbox_order UNIQUE (subject, sequence)
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE published_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_waiting ON outbox (subject, sequence) WHERE published_at IS NULL;
CREATE INDEX outbox_dead ON outbox (subject) WHERE dead_at IS NOT NULL AND published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

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

-- People of whom Identity has announced that both their contacts are proved: to look at and to list. Whoever decides asks Identity, for what a person may do
-- must never be stale. A person can be here before anything else of theirs is.
CREATE TABLE verified_people (
    -- Identity's.
    human_name_id  uuid PRIMARY KEY,
    verified_at    timestamptz NOT NULL
);
