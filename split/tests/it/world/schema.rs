//! A schema with what breaks naive copies: odd names, odd types, generated and identity columns, triggers, policies.

/// Created as the schema's owner beside the ledger's tables.
pub const TRICKY: &str = r#"
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy ''n'' "quoted"');
CREATE TYPE address AS (street text, zip int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END $$;
CREATE TABLE email (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address text NOT NULL,
    lowered text GENERATED ALWAYS AS (lower(address)) STORED,
    touched int NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX email_lowered ON email (lowered);
CREATE TRIGGER touch BEFORE UPDATE ON email FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE "Odd Näme" (
    "from" int NOT NULL, "to" text NOT NULL, m mood, ms mood[], a address, p positive, j jsonb, n numeric(20, 5),
    f float8, r tstzrange, b bytea, u uuid, i interval, x bit varying(8), inet inet, arr text[][], dropped int,
    PRIMARY KEY ("from", "to"));
ALTER TABLE "Odd Näme" DROP COLUMN dropped;
CREATE TABLE child (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email_id bigint NOT NULL REFERENCES email (id) ON DELETE CASCADE,
    note text);
CREATE INDEX child_email ON child (email_id);
ALTER TABLE child ENABLE ROW LEVEL SECURITY;
ALTER TABLE child FORCE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON child USING (true) WITH CHECK (true);
CREATE TABLE no_pk (code text NOT NULL, v int);
CREATE UNIQUE INDEX no_pk_code ON no_pk (code);
ALTER TABLE no_pk REPLICA IDENTITY USING INDEX no_pk_code;
CREATE SEQUENCE loose START 41 INCREMENT -1 MINVALUE -1000000 MAXVALUE 1000;
CREATE VIEW emails AS SELECT id, address FROM email;
CREATE TABLE nothing_in_it (id int PRIMARY KEY);
COMMENT ON TABLE email IS 'it''s "here"';
"#;

/// `rows` rows in the large tables.
pub fn fill(rows: u32) -> String {
    format!(
        r#"
INSERT INTO email (address)
SELECT CASE n % 7 WHEN 0 THEN format('"very.unusual.@.%s"@example.com', n) WHEN 1 THEN format('Ünïcode%s@exämple.org', n)
  WHEN 2 THEN format('plus+tag%s@EXAMPLE.com', n) WHEN 3 THEN format(E'tab\t%s@x.y', n) WHEN 4 THEN format('o''brien%s@x.y', n)
  WHEN 5 THEN format('back\slash%s@x.y', n) ELSE format('a%s@b.c', n) END FROM generate_series(1, {rows}) n;
INSERT INTO child (email_id, note) SELECT id, CASE WHEN id % 3 = 0 THEN NULL ELSE repeat('x', (id % 50)::int) END FROM email;
INSERT INTO "Odd Näme" SELECT n, 'k' || n % 10, (enum_range(NULL::mood))[1 + n % 3], enum_range(NULL::mood), ROW('s ' || n, n)::address,
  n, jsonb_build_object('n', n, 'nested', ARRAY[n, NULL]), n / 7.0, CASE n % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN 0.1 + n ELSE -0.0 END,
  tstzrange(now() - n * interval '1 h', NULL), decode(lpad(to_hex(n), 8, '0'), 'hex'), gen_random_uuid(), n * interval '1 month 2 d 3.5 s',
  n::bit(8)::varbit, '10.0.0.0/8', ARRAY[['a', NULL], [E'\\', '{{}}']] FROM generate_series(1, {rows} / 4) n;
INSERT INTO no_pk SELECT 'c' || n, n FROM generate_series(1, 100) n;
SELECT nextval('loose');
"#
    )
}

/// Names of everything that belongs to this database, and of roles and slots of its server that a migration makes.
pub const CATALOG: &str = r#"
SELECT 'relation ' || n.nspname || '.' || c.relname || ' ' || coalesce((SELECT string_agg(a, ',' ORDER BY a) FROM unnest(c.relacl::text[]) a), '') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_temp|^pg_toast'
UNION ALL SELECT 'schema ' || nspname || ' ' || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname !~ '^pg_'
UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'type ' || t.oid::regtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
UNION ALL SELECT 'publication ' || pubname FROM pg_publication
UNION ALL SELECT 'subscription ' || subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()
UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
UNION ALL SELECT 'database ' || coalesce(datacl::text, '') FROM pg_database WHERE datname = current_database()
ORDER BY 1
"#;

/// Whatever grants fails, and with it the opening of a side.
pub const REFUSE_GRANTS: &str = "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no grants here'; END $$;
    CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION public.refuse()";
