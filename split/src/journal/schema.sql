-- The journal: what both databases of a migration have to remember. Installed in both, safe to run again.
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
    updated_at timestamptz NOT NULL DEFAULT now()
);

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

-- First call of every transaction of a worker: a newer worker waits for it, or it fails.
CREATE OR REPLACE FUNCTION rerp_split.hold_run(migration text, run bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM rerp_split.run AS r
        WHERE r.migration = hold_run.migration AND r.run = hold_run.run FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'run % of migration % has been superseded', run, migration USING ERRCODE = 'RS001';
    END IF;
END $$;

-- Holds the owner row to the end of the transaction, or fails if this side is not what the caller takes it for.
CREATE OR REPLACE FUNCTION rerp_split.hold_owner(migration text, is_owner boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM rerp_split.owner AS o
        WHERE o.migration = hold_owner.migration AND o.is_owner = hold_owner.is_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this side of migration % has changed hands', migration USING ERRCODE = 'RS002';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rerp_split.hash(proof uuid) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$ SELECT encode(sha256(convert_to(proof::text, 'UTF8')), 'hex') $$;

-- The guard of a closed side. The trigger's presence is the gate: a row that says "closed" would not be seen by a
-- REPEATABLE READ transaction that began before, the catalog is.
CREATE OR REPLACE FUNCTION rerp_split.guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the data of %.% has moved', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '42501', HINT = 'rerp_split.owner says which side is open.';
END $$;

-- Writes down a key that a parent loses. Arguments: migration, number, the key's columns. The caller's session may print
-- values in its own way, the comparison must not meet that; nor has the caller any right here.
CREATE OR REPLACE FUNCTION rerp_split.capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET "DateStyle" = 'ISO,YMD' SET "IntervalStyle" = 'postgres' SET "TimeZone" = 'UTC'
SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
    gone text[];
BEGIN
    EXECUTE format('SELECT ARRAY[%s]', (SELECT string_agg(format('($1).%I::text', c.name), ', ' ORDER BY c.n)
        FROM unnest(TG_ARGV[2:]) WITH ORDINALITY AS c(name, n))) INTO gone USING OLD;
    INSERT INTO rerp_split.gone_key (migration, number, key) VALUES (TG_ARGV[0], TG_ARGV[1]::integer, gone);
    RETURN NULL;
END $$;

-- Opens this side if proof is what it was armed with. Succeeds once; a repeat answers true only while this side is
-- still the owner that this proof made it. Anyone with the proof may call it: the worker, the operator, the first client.
CREATE OR REPLACE FUNCTION rerp_split.open(migration text, proof uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' SET deadlock_timeout = '20ms' AS $$
DECLARE
    side rerp_split.owner;
    statement text;
BEGIN
    -- Lasts to the end of the caller's transaction: what is open must stay open after a crash.
    PERFORM set_config('synchronous_commit', 'on', true);
    SELECT o.* INTO side FROM rerp_split.owner AS o WHERE o.migration = open.migration FOR UPDATE;
    IF NOT FOUND OR proof IS NULL THEN
        RETURN false;
    END IF;
    IF side.is_owner THEN
        RETURN coalesce(side.opened = rerp_split.hash(proof), false);
    END IF;
    IF side.armed IS DISTINCT FROM rerp_split.hash(proof) THEN
        RETURN false;
    END IF;
    -- The freeze of DDL makes way for the migration's own statements.
    PERFORM set_config('rerp_split.migration', migration, true);
    FOR statement IN
        SELECT format('DROP TRIGGER %I ON %I.%I', t.tgname, n.nspname, c.relname)
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = side.schema_name AND t.tgfoid = 'rerp_split.guard'::regproc AND NOT t.tgisinternal
        ORDER BY c.oid
    LOOP
        EXECUTE statement;
    END LOOP;
    -- One GRANT per role and set of privileges. What has been dropped since it was declared is passed over.
    FOR statement IN
        WITH one AS (
            SELECT r.kind, r.relation, r.role_name, r.grantable, string_agg(
                r.privilege || CASE r.column_name WHEN '' THEN '' ELSE format(' (%I)', r.column_name) END, ', '
                ORDER BY r.column_name, r.privilege) AS privileges
            FROM rerp_split.rights AS r
            JOIN pg_roles AS role ON role.rolname = r.role_name
            JOIN pg_namespace AS n ON n.nspname = r.schema_name
            JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.relation
            WHERE r.schema_name = side.schema_name
            GROUP BY r.kind, r.relation, r.role_name, r.grantable)
        SELECT format('GRANT %s ON %s %s TO %I%s', privileges, CASE kind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
            string_agg(format('%I.%I', side.schema_name, relation), ', ' ORDER BY relation), role_name,
            CASE WHEN grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM one GROUP BY kind, role_name, grantable, privileges ORDER BY 1
    LOOP
        EXECUTE statement;
    END LOOP;
    UPDATE rerp_split.owner AS o SET is_owner = true, armed = NULL, opened = side.armed
        WHERE o.schema_name = side.schema_name;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION rerp_split.open(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rerp_split.capture() FROM PUBLIC;
REVOKE ALL ON FUNCTION rerp_split.hold_run(text, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rerp_split.hold_owner(text, boolean) FROM PUBLIC;
