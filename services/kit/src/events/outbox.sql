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
