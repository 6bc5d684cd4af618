//! Hash of the definitions of what moves: the same text before the copy and inside the fence, or the fence retreats.
//!
//! It is what guards against DDL that no event trigger sees. Who may see which rows is part of it: the target must not open with policies that the source
//! no longer has. OIDs are part of it, so a table that was dropped and made
//! again differs; guards of our own (`rerp_…` triggers) aren't.

use crate::sql;
use tokio_postgres::GenericClient;

const HASH: &str = r#"
WITH t AS (
  SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'f') AND (:tables::text[] IS NULL OR c.relname = ANY (:tables::text[]))),
line AS (
  SELECT format('table %s %s %s %s %s', relname, oid, relkind, relpersistence, relreplident) AS text FROM t
  UNION ALL
  SELECT format('column %s %s %s %s %s %s %s %s', t.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                a.attidentity, a.attgenerated, a.attcollation::regcollation)
  FROM t JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('default %s %s %s', t.relname, d.adnum, pg_get_expr(d.adbin, d.adrelid)) FROM t JOIN pg_attrdef d ON d.adrelid = t.oid
  UNION ALL
  SELECT format('constraint %s %s %s %s', t.relname, c.conname, c.convalidated, pg_get_constraintdef(c.oid))
  FROM t JOIN pg_constraint c ON c.conrelid = t.oid WHERE c.contype <> 'n' AND c.conparentid = 0
  UNION ALL
  SELECT format('incoming %s %s', t.relname, c.conname) FROM t JOIN pg_constraint c ON c.confrelid = t.oid WHERE c.contype = 'f' AND c.conparentid = 0
  UNION ALL
  SELECT format('index %s %s', t.relname, pg_get_indexdef(i.indexrelid)) FROM t JOIN pg_index i ON i.indrelid = t.oid WHERE i.indisunique
  UNION ALL
  SELECT format('trigger %s %s %s', t.relname, g.tgenabled, pg_get_triggerdef(g.oid)) FROM t JOIN pg_trigger g ON g.tgrelid = t.oid
  WHERE NOT g.tgisinternal AND NOT starts_with(g.tgname, 'rerp_')
  UNION ALL
  SELECT format('row security %s %s %s', relname, relrowsecurity, relforcerowsecurity) FROM t WHERE relrowsecurity OR relforcerowsecurity
  UNION ALL
  SELECT format('policy %s %s %s %s %s %s %s', t.relname, p.polname, p.polcmd, p.polpermissive, p.polroles,
                pg_get_expr(p.polqual, t.oid), pg_get_expr(p.polwithcheck, t.oid))
  FROM t JOIN pg_policy p ON p.polrelid = t.oid
  UNION ALL
  SELECT format('partitioned %s %s', relname, pg_get_partkeydef(oid)) FROM t WHERE relkind = 'p'
  UNION ALL
  SELECT format('below %s %s %s %s', t.relname, c.oid::regclass, i.inhdetachpending, pg_get_expr(c.relpartbound, c.oid))
  FROM t JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid
  UNION ALL
  SELECT format('above %s %s', t.relname, i.inhparent::regclass) FROM t JOIN pg_inherits i ON i.inhrelid = t.oid
  UNION ALL
  SELECT unnest(:severed::text[]))
SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\n' ORDER BY text COLLATE "C"), ''), 'UTF8')), 'hex') FROM line
"#;

/// The query of the hash of the moving tables of `schema`: all of them, or `tables`. `severed`: the lines of foreign keys
/// that this migration has dropped itself; they count as if they were there, so that the hash is what it was, and differs
/// all the same once somebody makes or changes one. One row, one text. Needs a session whose `search_path` is
/// `pg_catalog`, or names print differently.
#[must_use]
pub fn hash_query(schema: &str, tables: Option<&[String]>, severed: &[String]) -> String {
    let array = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| sql::literal(text)).collect();
        format!("ARRAY[{}]", texts.join(", "))
    };
    // What is put in last may hold anything.
    HASH.replace(":schema", &sql::literal(schema))
        .replace(":tables", &tables.map_or_else(|| "NULL".to_owned(), array))
        .replace(":severed", &array(severed))
}

/// Runs [`hash_query`].
///
/// # Errors
/// The query fails.
pub async fn schema_hash<C: GenericClient + Sync>(
    client: &C,
    schema: &str,
    tables: Option<&[String]>,
    severed: &[String],
) -> Result<String, tokio_postgres::Error> {
    client.query_one(&hash_query(schema, tables, severed), &[]).await?.try_get(0)
}
