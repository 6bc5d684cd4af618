//! What is tied to the moving tables and doesn't move with them, or not as it is: facts for preflight alone.

use super::{InspectError, Reader, Sequence};
use serde::Deserialize;

/// Everything of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Relations that were asked for by name and are no tables that could move; `with` is empty.
    pub not_tables: Vec<Tie>,
    /// Objects that are made on the target with a choice of tables, and need a relation that stays.
    pub stranded: Vec<Tie>,
    /// Columns of staying tables that draw from a moving sequence.
    pub draws: Vec<Draw>,
    /// Tables of the schema that belong to an extension.
    pub extension_tables: Vec<Tie>,
    /// Indexes that are invalid, with their tables.
    pub invalid_indexes: Vec<Tie>,
    /// Tables and indexes that lie elsewhere than the database; `kind` is `TABLE` or `INDEX`.
    pub tablespaces: Vec<Tie>,
    /// Security labels, with their providers.
    pub labels: Vec<Tie>,
    /// Rights on views (`<privileges> TO <role>`) and on functions (the access list) that the target won't have.
    pub rights: Vec<Tie>,
    /// Languages of moving functions, each with its extension as `kind` and one of the functions.
    pub languages: Vec<Tie>,
    /// What the journal says of the schema.
    pub claim: Option<Claim>,
}

/// An object, and what it is tied to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Tie {
    /// What the object is: `view`, `function`, …
    pub kind: String,
    /// The object, qualified and quoted.
    pub object: String,
    /// What it is tied to.
    pub with: String,
}

/// A column of a staying table that draws from a moving sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Draw {
    /// The sequence, qualified and quoted.
    pub sequence: String,
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Owner of the table.
    pub owner: String,
}

/// The owner row of the schema on this side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Claim {
    /// The migration that last touched it.
    pub migration: String,
    /// This side may be written.
    pub is_owner: bool,
    /// It may be opened by a proof.
    pub is_armed: bool,
    /// How far that migration is, if this side knows.
    pub phase: Option<String>,
}

const NOT_TABLES: &str = r#"
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence'
  WHEN 'c' THEN 'type' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table of an extension' END AS kind,
  c.relname AS object, '' AS "with"
FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relname = ANY($2::text[]) AND c.oid <> ALL($3) ORDER BY 2
"#;

/// `pg_dump` takes types and functions of the schema whichever tables are left out, but none of an extension, which comes with it.
const STRANDED: &str = r#"
WITH relation AS (SELECT c.oid, t.oid AS row_type, t.typarray FROM pg_class c LEFT JOIN pg_type t ON t.typrelid = c.oid
  WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid <> ALL($2)
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')),
staying AS (
  SELECT oid, 'pg_class'::regclass::oid AS classid, oid AS objid FROM relation
  UNION ALL SELECT oid, 'pg_type'::regclass, row_type FROM relation WHERE row_type IS NOT NULL
  UNION ALL SELECT oid, 'pg_type'::regclass, typarray FROM relation WHERE typarray <> 0),
made AS (
  SELECT 'pg_class'::regclass::oid AS classid, unnest($2::oid[]) AS objid
  UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef WHERE adrelid = ANY($2)
  UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid = ANY($2) AND contype <> 'f'
  UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid = ANY($2) AND NOT tgisinternal
  UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy WHERE polrelid = ANY($2)
  UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = to_regnamespace($1)
  UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = to_regnamespace($1) AND typrelid = 0)
SELECT DISTINCT o.type AS kind, o.identity AS object, s.oid::regclass::text AS "with"
FROM made m JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid AND d.deptype = 'n'
JOIN staying s ON s.classid = d.refclassid AND s.objid = d.refobjid
CROSS JOIN LATERAL pg_identify_object(m.classid, m.objid, 0) o
WHERE $3 AND NOT (m.classid = 'pg_class'::regclass AND s.classid = 'pg_class'::regclass)
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = m.classid AND e.objid = m.objid AND e.deptype = 'e')
ORDER BY 1, 2, 3
"#;

const DRAWS: &str = r#"
SELECT DISTINCT s.oid::regclass::text AS sequence, n.nspname AS schema, t.relname AS "table", a.attname AS "column",
  pg_get_userbyid(t.relowner) AS owner
FROM pg_class s JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND d.classid = 'pg_attrdef'::regclass
JOIN pg_attrdef f ON f.oid = d.objid JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
JOIN pg_class t ON t.oid = f.adrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE s.oid = ANY($1) AND f.adrelid <> ALL($2) ORDER BY 1, 2, 3, 4
"#;

const EXTENSION_TABLES: &str = r#"
SELECT 'table' AS kind, c.oid::regclass::text AS object, e.extname AS "with"
FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND NOT $2 ORDER BY 2
"#;

const INVALID_INDEXES: &str = r#"
SELECT 'index' AS kind, indexrelid::regclass::text AS object, indrelid::regclass::text AS "with"
FROM pg_index WHERE indrelid = ANY($1) AND NOT (indisvalid AND indisready) ORDER BY 2
"#;

const TABLESPACES: &str = r#"
SELECT CASE c.relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS object, s.spcname AS "with"
FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE c.oid = ANY($1) OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY($1)) ORDER BY 2
"#;

const LABELS: &str = r#"
SELECT objtype AS kind, objname AS object, provider AS "with" FROM pg_seclabels
WHERE classoid = 'pg_class'::regclass AND objoid = ANY($1) ORDER BY 2, 3
"#;

/// Views move with a whole schema only, functions always do.
const RIGHTS: &str = r#"
SELECT 'view' AS kind, c.oid::regclass::text AS object,
  format('%s TO %s', string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type),
         CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END) AS "with"
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'v' AND NOT $2 AND a.grantee <> c.relowner
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.oid, a.grantee
UNION ALL
SELECT 'function', p.oid::regprocedure::text, p.proacl::text FROM pg_proc p
WHERE p.pronamespace = to_regnamespace($1)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  AND p.proacl IS NOT NULL AND coalesce((SELECT array_agg(x::text ORDER BY x::text) FROM unnest(p.proacl) x), '{}')
    <> (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(acldefault('f', p.proowner)) x)
ORDER BY 1, 2, 3
"#;

const LANGUAGES: &str = r#"
SELECT coalesce(min(e.extname), '') AS kind, l.lanname AS object, min(p.oid::regprocedure::text) AS "with"
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_depend x ON x.classid = 'pg_language'::regclass AND x.objid = l.oid AND x.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = x.refobjid
WHERE p.pronamespace = to_regnamespace($1) AND l.lanname NOT IN ('internal', 'c', 'sql')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
GROUP BY l.lanname ORDER BY 2
"#;

const CLAIM: &str = r#"
SELECT o.migration, o.is_owner, o.armed IS NOT NULL AS is_armed, m.phase
FROM rerp_split.owner o LEFT JOIN rerp_split.migration m USING (migration) WHERE o.schema_name = $1
"#;

impl Reader<'_> {
    pub(super) async fn around(&self, oids: &Vec<u32>, sequences: &[Sequence]) -> Result<Around, InspectError> {
        let quoted = crate::sql::ident(self.schema_name());
        let some = self.only().is_some();
        let drawn: Vec<u32> = sequences.iter().map(|sequence| sequence.oid).collect();
        Ok(Around {
            not_tables: self.rows("what isn't a table", NOT_TABLES, &[&quoted, &self.only(), oids]).await?,
            stranded: self.rows("what needs staying tables", STRANDED, &[&quoted, oids, &some]).await?,
            draws: self.rows("shared sequences", DRAWS, &[&drawn, oids]).await?,
            extension_tables: self.rows("tables of extensions", EXTENSION_TABLES, &[&quoted, &some]).await?,
            invalid_indexes: self.rows("invalid indexes", INVALID_INDEXES, &[oids]).await?,
            tablespaces: self.rows("tablespaces", TABLESPACES, &[oids]).await?,
            labels: self.rows("security labels", LABELS, &[oids]).await?,
            rights: self.rows("rights on views and functions", RIGHTS, &[&quoted, &some]).await?,
            languages: self.rows("languages", LANGUAGES, &[&quoted]).await?,
            claim: self.claim().await?,
        })
    }

    async fn claim(&self) -> Result<Option<Claim>, InspectError> {
        if !self.has_journal("rerp_split.owner").await? {
            return Ok(None);
        }
        let mut claims: Vec<Claim> = self.rows("the owner row", CLAIM, &[&self.schema_name()]).await?;
        Ok(claims.pop())
    }
}
