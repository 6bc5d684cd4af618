//! Foreign keys between moving and staying tables: everything that is needed to drop one and to have it back.

use super::{InspectError, Reader};
use crate::spec::Direction;
use serde::{Deserialize, Serialize};

/// A foreign key between a moving and a staying table. Keys within what moves, or within what stays, are none of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Constraint name.
    pub name: String,
    /// The table that has the constraint, qualified and quoted.
    pub child: String,
    /// The table it refers to, qualified and quoted.
    pub parent: String,
    /// Schema of the child, as it is.
    pub child_schema: String,
    /// Schema of the parent, as it is.
    pub parent_schema: String,
    /// OID of the child on the source: tables are locked in this order.
    pub child_oid: u32,
    /// OID of the parent on the source.
    pub parent_oid: u32,
    /// The child moves and the parent stays; otherwise the other way round.
    pub child_moves: bool,
    /// `pg_get_constraintdef`, printed with all names qualified.
    pub definition: String,
    /// Every row has been checked against it; not so for a key that is NOT VALID.
    pub validated: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// The columns, in the order of the key.
    pub columns: Vec<EdgeColumn>,
    /// MATCH FULL: a key that is NULL in part is refused too.
    pub match_full: bool,
    /// What the parent's DELETE does: `NO ACTION`, `CASCADE`, …
    pub on_delete: String,
    /// What an UPDATE of the parent's key does.
    pub on_update: String,
    /// The child is partitioned.
    pub partitioned: bool,
    /// The key has a PERIOD: equality of columns doesn't say whether there is a parent.
    pub period: bool,
    /// Its line in the hash of the moving tables' definitions.
    pub line: String,
    /// Children without a parent, if somebody has looked.
    #[serde(skip)]
    pub orphans: Option<Orphans>,
}

/// A column of a foreign key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeColumn {
    /// The child's column.
    pub child: String,
    /// The parent's.
    pub parent: String,
    /// Type of the child's column, domains taken off: a key travels as text and is cast back to it.
    pub type_name: String,
    /// Schema of the key's own comparison operators, quoted.
    pub operators: String,
    /// An integer or a UUID: it names a row and says nothing about a person.
    pub plain: bool,
}

/// Children without a parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Rows of the child.
    pub rows: u64,
    /// Some of the keys that they refer to; none where a key could say something about a person.
    pub examples: Vec<String>,
}

/// `$1`: OIDs of the moving tables. Keys of single partitions follow those of the whole table.
const EDGES: &str = r#"
SELECT c.conname AS name, format('%I.%I', n.nspname, t.relname) AS child, format('%I.%I', pn.nspname, p.relname) AS parent,
  n.nspname AS child_schema, pn.nspname AS parent_schema, t.oid::int8 AS child_oid, p.oid::int8 AS parent_oid,
  c.conrelid = ANY($1) AS child_moves, pg_get_constraintdef(c.oid) AS definition, c.convalidated AS validated,
  obj_description(c.oid, 'pg_constraint') AS comment, c.confmatchtype = 'f' AS match_full,
  (ARRAY['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT'])[strpos('arcnd', c.confdeltype::text)] AS on_delete,
  (ARRAY['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT'])[strpos('arcnd', c.confupdtype::text)] AS on_update,
  t.relkind = 'p' AS partitioned, coalesce((to_jsonb(c) ->> 'conperiod')::boolean, false) AS period,
  CASE WHEN c.conrelid = ANY($1) THEN format('constraint %s %s %s %s', t.relname, c.conname, c.convalidated, pg_get_constraintdef(c.oid))
       ELSE format('incoming %s %s', p.relname, c.conname) END AS line,
  (SELECT jsonb_agg(jsonb_build_object('child', a.attname, 'parent', pa.attname, 'type_name', format_type(b.oid, -1),
       'operators', quote_ident(opn.nspname), 'plain', b.oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype)) ORDER BY k.n)
   FROM unnest(c.conkey, c.confkey, c.conpfeqop) WITH ORDINALITY k(child, parent, equal, n)
   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
   JOIN pg_attribute pa ON pa.attrelid = c.confrelid AND pa.attnum = k.parent
   JOIN pg_operator op ON op.oid = k.equal JOIN pg_namespace opn ON opn.oid = op.oprnamespace
   CROSS JOIN LATERAL (
     WITH RECURSIVE base(oid) AS (SELECT a.atttypid UNION SELECT d.typbasetype FROM base JOIN pg_type d ON d.oid = base.oid WHERE d.typtype = 'd')
     SELECT base.oid FROM base JOIN pg_type x ON x.oid = base.oid WHERE x.typtype <> 'd') b) AS columns
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class p ON p.oid = c.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.contype = 'f' AND c.conparentid = 0 AND (c.conrelid = ANY($1)) <> (c.confrelid = ANY($1)) ORDER BY 2, 1
"#;

/// A table at the end of an edge that another migration is at work with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Rival {
    /// The other migration.
    pub migration: String,
    /// Our edge, or the other's.
    pub name: String,
    /// The table that both have to do with, qualified and quoted.
    pub table: String,
}

/// Staying ends of our edges (`$2`) that are in the publication of another migration.
const MOVING_ELSEWHERE: &str = r#"
SELECT DISTINCT split_part(p.pubname, '_', 2) AS migration, p.pubname AS name, format('%I.%I', n.nspname, c.relname) AS "table"
FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c ON c.oid = r.prrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE p.pubname ~ '^rerp_[a-z0-9]+_fwd$' AND p.pubname <> $1 AND c.oid = ANY($2) ORDER BY 1, 3
"#;

/// Edges that another migration has severed and still compares, with an end among the moving tables (`$2`).
const WATCHED_ELSEWHERE: &str = r#"
SELECT f.migration, f.edge ->> 'name' AS name, x.name AS "table"
FROM rerp_split.foreign_key f JOIN rerp_split.migration m USING (migration)
CROSS JOIN LATERAL (VALUES (f.edge ->> 'child'), (f.edge ->> 'parent')) x(name)
WHERE f.migration <> $1 AND f.state = 'severed' AND m.phase NOT IN ('Completed', 'Aborted')
  AND to_regclass(x.name)::oid = ANY($2) ORDER BY 1, 2, 3
"#;

impl Reader<'_> {
    pub(super) async fn edges(&self, oids: &Vec<u32>) -> Result<Vec<Edge>, InspectError> {
        self.rows("foreign keys", EDGES, &[oids]).await
    }

    /// Other migrations at either end of an edge of this one: what they move or compare would not be what we take it for.
    pub(super) async fn rivals(&self, edges: &[Edge], oids: &Vec<u32>) -> Result<Vec<Rival>, InspectError> {
        let staying: Vec<u32> = edges.iter().map(Edge::staying_oid).collect();
        let publication = crate::names::publication(&self.spec.migration, Direction::Forward);
        let mut rivals: Vec<Rival> =
            self.rows("tables that move elsewhere", MOVING_ELSEWHERE, &[&publication, &staying]).await?;
        if self.has_journal("rerp_split.foreign_key").await? {
            let migration = &self.spec.migration;
            let watched: Vec<Rival> =
                self.rows("keys compared elsewhere", WATCHED_ELSEWHERE, &[migration, oids]).await?;
            rivals.extend(watched);
        }
        Ok(rivals)
    }
}

impl Edge {
    /// OID of the table that stays.
    #[must_use]
    pub fn staying_oid(&self) -> u32 {
        if self.child_moves { self.parent_oid } else { self.child_oid }
    }

    /// Schema of the table that stays.
    #[must_use]
    pub fn staying_schema(&self) -> &str {
        if self.child_moves { &self.parent_schema } else { &self.child_schema }
    }

    /// The columns on the child's side.
    pub fn child_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.child.as_str())
    }

    /// The columns on the parent's side.
    pub fn parent_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.parent.as_str())
    }

    /// Its keys may be shown to whoever reads the status.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.columns.iter().all(|column| column.plain)
    }
}
