//! Foreign keys between the schemas of a database, whoever moves: what the order of several migrations follows from.

use super::{InspectError, has_journal, rows};
use crate::order::Link;
use crate::spec::Side;
use tokio_postgres::Transaction;

/// One row for each pair of schemas, with a key that is in force if there is one. Keys of single partitions follow those of the whole table.
macro_rules! links {
    ($severed:literal) => {
        concat!(
            r#"SELECT DISTINCT ON (1, 2) q.child_schema AS "childSchema", q.parent_schema AS "parentSchema", q.name, q.child, q.parent,
  count(*) OVER (PARTITION BY q.child_schema, q.parent_schema) AS keys,
  bool_and(q.severed) OVER (PARTITION BY q.child_schema, q.parent_schema) AS severed
FROM (
  SELECT n.nspname::text AS child_schema, pn.nspname::text AS parent_schema, c.conname::text AS name,
    format('%I.%I', n.nspname, t.relname) AS child, format('%I.%I', pn.nspname, p.relname) AS parent, false AS severed
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_class p ON p.oid = c.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE c.contype = 'f' AND c.conparentid = 0 AND n.oid <> pn.oid"#,
            $severed,
            ") q ORDER BY 1, 2, q.severed, q.child, q.name"
        )
    };
}

const LINKS: &str = links!("");

/// The same with those that migrations have severed, as long as the journal knows them.
const LINKS_AND_SEVERED: &str = links!(
    "
  UNION ALL
  SELECT f.edge ->> 'child_schema', f.edge ->> 'parent_schema', f.edge ->> 'name', f.edge ->> 'child', f.edge ->> 'parent', true
  FROM rerp_split.foreign_key f WHERE f.state = 'severed'"
);

/// By the names of the schemas, the child's first.
pub(super) async fn read(transaction: &Transaction<'_>, side: Side) -> Result<Vec<Link>, InspectError> {
    let journal = has_journal(transaction, side, "rerp_split.foreign_key").await?;
    let sql = if journal { LINKS_AND_SEVERED } else { LINKS };
    rows(transaction, side, "foreign keys between schemas", sql, &[]).await
}
