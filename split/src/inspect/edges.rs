//! What connects moving and staying objects: views, functions, types, extensions.

use super::{InspectError, Reader};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A view or function outside of what moves that reads a moving table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Dependent {
    /// `view`, `materialized view`, `function`, …
    pub kind: String,
    /// Qualified name.
    pub identity: String,
    /// A moving table that it depends on.
    pub table: String,
    /// It moves too, and depends on something that stays.
    pub moves: bool,
}

/// A function that stays and whose text mentions a moving table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Mention {
    /// The function.
    pub function: String,
    /// The table, qualified.
    pub table: String,
}

/// Something outside of the schema that a moving object needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Need {
    /// `type`, `function`, …
    pub kind: String,
    /// Qualified name, with arguments for a function.
    pub identity: String,
    /// The extension that it belongs to.
    pub extension: Option<String>,
    /// The schema of that extension.
    pub extension_schema: Option<String>,
}

/// `$2`: the schema that moves as a whole; its views and functions move too. Null: only tables move.
const DEPENDENTS: &str = r#"
WITH row_type AS (SELECT t.oid, t.typrelid FROM pg_type t WHERE t.typrelid = ANY($1)),
used AS (
  SELECT d.classid, d.objid, CASE WHEN d.refclassid = 'pg_class'::regclass THEN d.refobjid
    ELSE (SELECT typrelid FROM row_type r WHERE r.oid = d.refobjid) END AS tab
  FROM pg_depend d WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY($1))
    OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT oid FROM row_type)))
SELECT CASE v.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'rule' END AS kind,
  format('%I.%I', n.nspname, v.relname) AS identity, min(u.tab::regclass::text) AS "table", false AS moves
FROM used u JOIN pg_rewrite r ON u.classid = 'pg_rewrite'::regclass AND r.oid = u.objid
JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE v.oid <> ALL($1) AND ($2::text IS NULL OR n.nspname <> $2) GROUP BY 1, 2
UNION ALL
SELECT 'function', p.oid::regprocedure::text, min(u.tab::regclass::text), false
FROM used u JOIN pg_proc p ON u.classid = 'pg_proc'::regclass AND p.oid = u.objid
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE $2::text IS NULL OR n.nspname <> $2 GROUP BY 2
UNION ALL
SELECT 'view', format('%I.%I', n.nspname, v.relname), min(d.refobjid::regclass::text), true
FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace JOIN pg_rewrite r ON r.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class t ON t.oid = d.refobjid
WHERE n.nspname = $2 AND v.relkind IN ('v', 'm') AND t.oid >= 16384 AND t.relnamespace <> v.relnamespace
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid AND e.deptype = 'e')
GROUP BY 2
ORDER BY 1, 2
"#;

/// `$2`: the schema. `$3`: some of its functions stay with tables that stay. They may name a table without its schema. A regular
/// expression is compiled for every pair that comes to it, so few should.
const MENTIONS: &str = r#"
SELECT p.oid::regprocedure::text AS function, min(t.q) AS "table"
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN (SELECT format('%I.%I', n.nspname, c.relname) AS q, c.relname::text AS name, '\m' || regexp_replace(c.relname, '(\W)', '\\\1', 'g') || '\M' AS word
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY($1)) t
  ON strpos(p.prosrc, t.q) > 0 OR (n.nspname = $2 AND strpos(p.prosrc, t.name) > 0 AND p.prosrc ~ t.word)
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'rerp_split') AND ($3 OR n.nspname <> $2) GROUP BY 1 ORDER BY 1
"#;

/// Foreign keys have a query of their own; what belongs to the moving schema itself is dumped with it.
const NEEDS: &str = r#"
WITH moving AS (
  SELECT 'pg_class'::regclass::oid AS classid, unnest($1::oid[]) AS objid
  UNION ALL SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid = ANY($1)
  UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef WHERE adrelid = ANY($1)
  UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid = ANY($1) AND contype <> 'f'
  UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid = ANY($1) AND NOT tgisinternal
  UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy WHERE polrelid = ANY($1)
  UNION ALL SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class
    WHERE $3 AND v.relnamespace = to_regnamespace($2) AND v.relkind = 'v'
  UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = to_regnamespace($2)
  UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = to_regnamespace($2) AND typrelid = 0)
SELECT DISTINCT o.type AS kind, o.identity, e.extname AS extension, en.nspname AS extension_schema
FROM moving m JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid AND d.deptype IN ('n', 'a')
CROSS JOIN LATERAL pg_identify_object(d.refclassid, d.refobjid, 0) o
LEFT JOIN pg_depend x ON x.classid = d.refclassid AND x.objid = d.refobjid AND x.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = x.refobjid LEFT JOIN pg_namespace en ON en.oid = e.extnamespace
WHERE d.refobjid >= 16384 AND d.refclassid NOT IN ('pg_namespace'::regclass, 'pg_authid'::regclass, 'pg_language'::regclass, 'pg_extension'::regclass)
  AND (e.oid IS NOT NULL OR (o.schema IS NOT NULL AND o.schema NOT IN ('pg_catalog', 'information_schema', 'pg_toast', $4)))
  AND NOT (d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass AND e.oid IS NULL)
ORDER BY 1, 2
"#;

const OBJECTS: &str = r#"
SELECT o.type || ' ' || o.identity FROM (
  SELECT 'pg_proc'::regclass::oid AS classid, oid AS objid FROM pg_proc UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type
  UNION ALL SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relkind IN ('r', 'v', 'S') UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_collation
  UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config) x
CROSS JOIN LATERAL pg_identify_object(x.classid, x.objid, 0) o WHERE x.objid >= 16384
"#;

/// What a schema holds, extension members left out: `kind identity`, kind, identity. `$1` is the quoted schema.
pub(crate) const CONTENTS: &str = r#"
SELECT o.type || ' ' || o.identity, o.type, o.identity FROM (
  SELECT 'pg_class'::regclass::oid AS classid, oid AS objid FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = to_regnamespace($1)
  UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = to_regnamespace($1) AND typrelid = 0 AND typelem = 0 AND typtype <> 'm') x
CROSS JOIN LATERAL pg_identify_object(x.classid, x.objid, 0) o
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = x.classid AND e.objid = x.objid AND e.deptype = 'e') ORDER BY 1
"#;

impl Reader<'_> {
    pub(super) async fn dependents(&self, oids: &Vec<u32>) -> Result<Vec<Dependent>, InspectError> {
        let whole = self.only().is_none().then(|| self.schema_name());
        self.rows("dependents", DEPENDENTS, &[oids, &whole]).await
    }

    pub(super) async fn mentions(&self, oids: &Vec<u32>) -> Result<Vec<Mention>, InspectError> {
        self.rows("functions", MENTIONS, &[oids, &self.schema_name(), &self.only().is_some()]).await
    }

    pub(super) async fn needs(&self, oids: &Vec<u32>) -> Result<Vec<Need>, InspectError> {
        let quoted = crate::sql::ident(self.schema_name());
        let whole = self.only().is_none();
        self.rows("needs", NEEDS, &[oids, &quoted, &whole, &self.schema_name()]).await
    }

    pub(super) async fn objects(&self) -> Result<BTreeSet<String>, InspectError> {
        let rows = self.transaction.query(OBJECTS, &[]).await.map_err(|e| self.failed("objects", e))?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(|e| self.failed("objects", e))
    }

    pub(super) async fn contents(&self) -> Result<Vec<String>, InspectError> {
        let quoted = crate::sql::ident(self.schema_name());
        let rows = self.transaction.query(CONTENTS, &[&quoted]).await.map_err(|e| self.failed("contents", e))?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(|e| self.failed("contents", e))
    }

    pub(super) async fn large_objects(&self) -> Result<bool, InspectError> {
        let sql = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata)";
        let row = self.transaction.query_one(sql, &[]).await.map_err(|e| self.failed("large objects", e))?;
        row.try_get(0).map_err(|e| self.failed("large objects", e))
    }
}
