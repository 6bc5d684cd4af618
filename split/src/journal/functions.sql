-- The journal's functions: who may go on, who may write, and the opening of a side. Installed after schema.sql, safe to run again.

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
