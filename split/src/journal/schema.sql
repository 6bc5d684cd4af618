-- The journal: what both databases of a migration have to remember. Installed in both, safe to run again;
-- functions.sql follows.
--
-- Rows of workers are fenced: every transaction of a worker calls hold_run first. The owner row decides who may write:
-- it changes in the same transaction as the catalog's gate (grants and guard triggers), never alone.

CREATE SCHEMA IF NOT EXISTS rerp_split;

-- Who works on a migration. Kept apart from phase and wish, or two sessions of one worker could wait for each other
-- in a way that the deadlock detector can't see.
CREATE TABLE IF NOT EXISTS rerp_split.run (
    migration text PRIMARY KEY,
    run bigint NOT NULL
);

-- How far a migration may go; written by the operator or a person, on the source.
CREATE TABLE IF NOT EXISTS rerp_split.wish (
    migration text PRIMARY KEY,
    advance_to text NOT NULL,
    abort boolean NOT NULL DEFAULT false,
    suspend boolean NOT NULL DEFAULT false,
    services_prepared boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    until timestamptz
);

-- A journal that was installed before there was an end to a wish. ALTER takes its lock even where there is nothing to do.
DO $until$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'rerp_split.wish'::regclass AND attname = 'until') THEN
        ALTER TABLE rerp_split.wish ADD COLUMN until timestamptz;
    END IF;
END $until$;

-- The data is to change hands once more, if this is the epoch at which it is owned now: rollback from the target to the source,
-- forward from the source, after a rollback, to the target again. Acted on once, since the epoch changes with it; on the source.
CREATE TABLE IF NOT EXISTS rerp_split.turn (
    migration text PRIMARY KEY,
    rollback bigint,
    forward bigint
);

-- The last rehearsal of the switch that is wished for; the status has the last one done.
CREATE TABLE IF NOT EXISTS rerp_split.rehearsal (
    migration text PRIMARY KEY,
    number bigint NOT NULL
);

-- How far it is; written by the worker, on the source.
CREATE TABLE IF NOT EXISTS rerp_split.migration (
    migration text PRIMARY KEY,
    phase text NOT NULL,
    plan_hash text,
    status jsonb NOT NULL,
    heartbeat timestamptz
);

-- One row before a side object (slot, publication, role, ...) is made, so that clean-up never has to guess.
CREATE TABLE IF NOT EXISTS rerp_split.cleanup (
    id bigserial PRIMARY KEY,
    migration text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    done boolean NOT NULL DEFAULT false,
    UNIQUE (migration, kind, name)
);

-- Which side of a schema may be written. armed: the hash that opens this side; proof: what was published when this side
-- was closed, and opens the other one; opened: the hash by which this side was opened last.
CREATE TABLE IF NOT EXISTS rerp_split.owner (
    migration text NOT NULL,
    schema_name text PRIMARY KEY,
    epoch bigint NOT NULL,
    is_owner boolean NOT NULL,
    proof uuid,
    armed text,
    opened text
);

-- What open() grants. kind: r table, S sequence; column_name is empty for the whole relation.
CREATE TABLE IF NOT EXISTS rerp_split.rights (
    schema_name text NOT NULL,
    kind "char" NOT NULL,
    relation text NOT NULL,
    column_name text NOT NULL DEFAULT '',
    role_name text NOT NULL,
    privilege text NOT NULL,
    grantable boolean NOT NULL DEFAULT false,
    PRIMARY KEY (schema_name, kind, relation, column_name, role_name, privilege)
);

-- Whose rights have been written down exactly, and by which migration: a side that has owned gets back what it had.
CREATE TABLE IF NOT EXISTS rerp_split.declared (
    migration text NOT NULL,
    schema_name text NOT NULL,
    PRIMARY KEY (migration, schema_name)
);

-- Tokens travel through the stream of changes: a token that has arrived proves that all before it has. Insert only. One
-- table for each way, from the source to the target and back.
CREATE TABLE IF NOT EXISTS rerp_split.token_fwd (
    migration text NOT NULL,
    token uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (migration, token)
);
CREATE TABLE IF NOT EXISTS rerp_split.token_rev (LIKE rerp_split.token_fwd INCLUDING ALL);

-- The closing transaction of the present attempt: what pg_xact_status is asked about when its answer is lost.
CREATE TABLE IF NOT EXISTS rerp_split.attempt (
    migration text PRIMARY KEY,
    run bigint NOT NULL,
    epoch bigint NOT NULL,
    pid integer NOT NULL,
    xid xid8 NOT NULL,
    hash text NOT NULL
);

-- On the side that opens: a place in its WAL behind all that had come from the other one, and before all that was written
-- since. The stream back begins there.
CREATE TABLE IF NOT EXISTS rerp_split.drained (
    migration text PRIMARY KEY,
    epoch bigint NOT NULL,
    lsn pg_lsn NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- What the moving tables were defined as when the way back was made, on the target. Changed definitions end it: the watch over
-- them takes the row away.
CREATE TABLE IF NOT EXISTS rerp_split.definition (
    migration text PRIMARY KEY,
    hash text NOT NULL
);

-- Copied ranges, committed together with their rows.
CREATE TABLE IF NOT EXISTS rerp_split.chunk (
    migration text NOT NULL,
    table_name text NOT NULL,
    chunk bigint NOT NULL,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (migration, table_name, chunk)
);

-- Compared ranges.
CREATE TABLE IF NOT EXISTS rerp_split.verify_chunk (
    migration text NOT NULL,
    table_name text NOT NULL,
    chunk bigint NOT NULL,
    upper_key jsonb,
    rows bigint NOT NULL,
    mismatches bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (migration, table_name, chunk)
);

-- What a sampled comparison has cut the tables into: keys after the one, up to and including the other; none is no bound. expected: rows by
-- statistics. rows, chunks, ms: what its comparison came to; absent before it.
CREATE TABLE IF NOT EXISTS rerp_split.verify_range (
    migration text NOT NULL,
    table_name text NOT NULL,
    number bigint NOT NULL,
    after_key jsonb,
    upto_key jsonb,
    expected bigint NOT NULL,
    rows bigint,
    chunks bigint,
    ms double precision,
    PRIMARY KEY (migration, table_name, number)
);

-- Foreign keys between moving and staying tables, on the source. A row is there, with everything that makes the key again,
-- before the key is dropped; state changes in the transaction that drops it or makes it again. state: intended, severed,
-- restored. key_after, pass_ms: where the present comparison of all keys is, and what it took so far.
CREATE TABLE IF NOT EXISTS rerp_split.foreign_key (
    migration text NOT NULL,
    number integer NOT NULL,
    edge jsonb NOT NULL,
    state text NOT NULL DEFAULT 'intended',
    severed_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    lock_wait_ms double precision NOT NULL DEFAULT 0,
    note text,
    key_after text[],
    pass_ms double precision NOT NULL DEFAULT 0,
    compared_at timestamptz,
    compared_ms double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (migration, number)
);

-- Keys that the parent of a severed foreign key no longer has, on the side that owns the parent. The comparison takes
-- them away once it has looked for children.
CREATE TABLE IF NOT EXISTS rerp_split.gone_key (
    id bigserial PRIMARY KEY,
    migration text NOT NULL,
    number integer NOT NULL,
    key text[] NOT NULL
);

-- Keys that children refer to and the parent doesn't have, on the source. An empty key stands for keys that are NULL in
-- part where MATCH FULL doesn't allow it.
CREATE TABLE IF NOT EXISTS rerp_split.orphan (
    migration text NOT NULL,
    number integer NOT NULL,
    key text[] NOT NULL,
    rows bigint NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (migration, number, key)
);

-- The old tables that are to be renamed or dropped, on the source: which they are, the server's counters when they were last
-- found used, their backup.
CREATE TABLE IF NOT EXISTS rerp_split.old_tables (
    migration text PRIMARY KEY,
    memory jsonb NOT NULL
);
