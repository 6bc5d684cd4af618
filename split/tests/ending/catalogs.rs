//! Everything that there is on a side, as text to compare: objects with their definitions, grants, roles, and what a migration adds.
//!
//! In: a client of a database, or a server. Out: sorted lines, each beginning with what it tells of.

use crate::support::cluster::Cluster;
use tokio_postgres::Client;

/// What belongs to the present database, and the roles of its server that have its name.
const EVERYTHING: &str = r#"
WITH space AS (SELECT oid, nspname FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_(temp|toast)'),
  relation AS (SELECT c.*, s.nspname || '.' || c.relname AS named FROM pg_class c JOIN space s ON s.oid = c.relnamespace),
  mine AS (SELECT oid, rolname FROM pg_roles WHERE starts_with(rolname, current_database() || '_'))
SELECT concat_ws(' ', 'schema', nspname, pg_get_userbyid(nspowner)) AS line FROM pg_namespace JOIN space USING (oid, nspname)
UNION ALL SELECT concat_ws(' ', 'relation', named, relkind, pg_get_userbyid(relowner), relpersistence, relreplident, relrowsecurity, relforcerowsecurity, obj_description(oid, 'pg_class')) FROM relation
UNION ALL SELECT concat_ws(' ', 'column', named, attnum > 0, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated) FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid
  WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'c')
UNION ALL SELECT concat_ws(' ', 'default', named, attname, pg_get_expr(adbin, adrelid)) FROM pg_attrdef d JOIN relation r ON r.oid = d.adrelid JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), indisvalid, indisreplident) FROM pg_index i JOIN relation r ON r.oid = i.indexrelid
UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, contype, convalidated, pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint')) FROM pg_constraint c JOIN space s ON s.oid = c.connamespace
  WHERE c.conparentid = 0
UNION ALL SELECT concat_ws(' ', 'trigger', named, tgenabled, pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT tgisinternal
UNION ALL SELECT concat_ws(' ', 'policy', named, polname, polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
UNION ALL SELECT concat_ws(' ', 'function', p.oid::regprocedure, pg_get_userbyid(proowner), md5(prosrc)) FROM pg_proc p JOIN space s ON s.oid = p.pronamespace
UNION ALL SELECT concat_ws(' ', 'type', t.oid::regtype, pg_get_userbyid(typowner), typtype) FROM pg_type t JOIN space s ON s.oid = t.typnamespace
UNION ALL SELECT concat_ws(' ', 'grant on', named, a) FROM relation, unnest(relacl::text[]) a
UNION ALL SELECT concat_ws(' ', 'grant on', named, attname, x) FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid, unnest(attacl::text[]) x
UNION ALL SELECT concat_ws(' ', 'grant on', 'schema', n.nspname, a) FROM pg_namespace n JOIN space s ON s.oid = n.oid, unnest(nspacl::text[]) a
UNION ALL SELECT concat_ws(' ', 'grant on', p.oid::regprocedure, a) FROM pg_proc p JOIN space s ON s.oid = p.pronamespace, unnest(proacl::text[]) a
UNION ALL SELECT concat_ws(' ', 'grant on', 'database', a) FROM pg_database, unnest(datacl::text[]) a WHERE datname = current_database()
UNION ALL SELECT concat_ws(' ', 'default grant', pg_get_userbyid(defaclrole), defaclobjtype, a) FROM pg_default_acl, unnest(defaclacl::text[]) a
UNION ALL SELECT concat_ws(' ', 'event trigger', evtname, evtenabled) FROM pg_event_trigger
UNION ALL SELECT concat_ws(' ', 'publication', pubname) FROM pg_publication
UNION ALL SELECT concat_ws(' ', 'subscription', subname) FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()
UNION ALL SELECT concat_ws(' ', 'slot', slot_name) FROM pg_replication_slots WHERE database = current_database()
UNION ALL SELECT concat_ws(' ', 'role', rolname, rolsuper, rolcanlogin, rolreplication, rolbypassrls) FROM pg_roles JOIN mine USING (oid, rolname)
UNION ALL SELECT concat_ws(' ', 'member', pg_get_userbyid(roleid), pg_get_userbyid(member)) FROM pg_auth_members WHERE roleid IN (SELECT oid FROM mine) OR member IN (SELECT oid FROM mine)
UNION ALL SELECT concat_ws(' ', 'setting', pg_get_userbyid(setrole), s) FROM pg_db_role_setting, unnest(setconfig) s WHERE setrole IN (SELECT oid FROM mine) OR setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1
"#;

/// What migrations add to a server as a whole.
const OF_THE_SERVER: &str = "SELECT 'slot ' || slot_name FROM pg_replication_slots
    UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
    UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
    UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE starts_with(rolname, 'rerp')
    UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts ORDER BY 1";

/// Tables of the journal whose rows belong to a migration, and the rows of `$1` in each.
const JOURNAL: &str = "SELECT table_name::text, (xpath('//n/text()', query_to_xml(format(
        'SELECT count(*) AS n FROM rerp_split.%I WHERE migration = %L', table_name, $1::text), false, false, '')))[1]::text::bigint
    FROM information_schema.columns WHERE table_schema = 'rerp_split' AND column_name = 'migration' ORDER BY 1";

/// Everything in a database.
pub async fn everything(client: &Client) -> Vec<String> {
    lines(client, EVERYTHING).await
}

/// What migrations have left on a server, whatever the database.
pub async fn of_the_server(cluster: &Cluster) -> Vec<String> {
    lines(&cluster.client("postgres").await, OF_THE_SERVER).await
}

/// Tables of the journal that hold something of a migration; none where there is no journal.
pub async fn journal(client: &Client, migration: &str) -> Vec<String> {
    let rows = client.query(JOURNAL, &[&migration]).await.unwrap();
    rows.iter().filter(|row| row.get::<_, i64>(1) > 0).map(|row| row.get(0)).collect()
}

/// The database as it is while it is closed to the service: without grants, and without the journal and its guards.
pub fn closed(all: &[String]) -> Vec<String> {
    all.iter().filter(|line| !line.starts_with("grant on ") && !line.contains("rerp_")).cloned().collect()
}

/// The lines of `side` as they are named on `other`, without the journal.
pub fn renamed(all: &[String], side: &str, other: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        all.iter().filter(|line| !line.contains("rerp_")).map(|line| line.replace(side, other)).collect();
    lines.sort();
    lines
}

/// What is in one of two lists only: `+` for what is new.
pub fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

async fn lines(client: &Client, query: &str) -> Vec<String> {
    client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
