//! Tables, columns, keys, triggers, sequences: what moves.

use super::{InspectError, Reader};
use crate::sql;
use serde::Deserialize;

/// A table that moves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Table {
    /// Its OID on this side; locks are taken in this order.
    pub oid: u32,
    /// Name without schema.
    pub name: String,
    /// `pg_class.relkind`: `r` or `p`.
    pub kind: String,
    /// `pg_class.relpersistence`: `p`, `u`, `t`.
    pub persistence: String,
    /// In an inheritance tree that is no partitioned table.
    pub inherits: bool,
    /// The partitioned table on top of the tree that it is a part of; none for that table itself and for ordinary ones.
    pub tree: Option<String>,
    /// How many partitioned tables it is below.
    pub depth: i32,
    /// What is directly above or below it in that tree and doesn't move: names with schema.
    pub torn: Vec<String>,
    /// What it is being taken out of by a `DETACH PARTITION CONCURRENTLY` that hasn't ended: a name with schema.
    pub detaching: Option<String>,
    /// Owner.
    pub owner: String,
    /// `pg_class.relreplident`: `d`, `n`, `f`, `i`.
    pub replica_identity: String,
    /// Roles besides the owner that have rights on it by its own name.
    pub grantees: Vec<String>,
    /// Row level security hides rows from our login.
    pub row_security: bool,
    /// Row level security binds the owner too.
    pub forced_policies: bool,
    /// Roles that its policies name; PUBLIC isn't one.
    pub policy_roles: Vec<String>,
    /// How near a vacuum against wraparound is: 100 when it is due.
    pub freeze_percent: i64,
    /// Rows by the statistics; 0 before the first ANALYZE.
    pub rows: u64,
    /// Bytes of heap and TOAST.
    pub bytes: u64,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// The columns that identify a row; none if there is no usable key.
    pub key: Option<Key>,
    /// Columns of the index that the stream tells rows apart by; empty if there is none.
    pub identity: Vec<String>,
    /// Triggers that aren't the server's own.
    pub triggers: Vec<Trigger>,
    /// Names of rewrite rules.
    pub rules: Vec<String>,
}

impl Table {
    /// Whether binary COPY means the same on the other server for every column.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.columns.iter().all(|column| column.binary)
    }

    /// Whether it holds rows itself: a partitioned table only shows those of its partitions.
    #[must_use]
    pub fn stores(&self) -> bool {
        self.kind != "p"
    }

    /// Columns that COPY carries: all but generated ones, which the target computes.
    pub fn copied_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.generated.is_empty()).map(|column| column.name.as_str())
    }
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type as `format_type` prints it.
    pub type_name: String,
    /// `NOT NULL`.
    pub not_null: bool,
    /// `pg_attribute.attgenerated`: empty, `s`, `v`.
    pub generated: String,
    /// The order of values depends on a collation of the server.
    pub collated: bool,
    /// Every type in it has a binary form that holds no OID of this database.
    pub binary: bool,
    /// The server's own function for the binary form of its type, where equal text means equal bytes, on every server and however the value
    /// came there. Not so for NaN, of which there are several, and for what names objects; nor where text isn't UTF-8, for what is sent is.
    #[serde(default)]
    pub send: Option<String>,
    /// It may refer to a large object.
    pub large_object: bool,
}

/// The columns that identify a row: the primary key, or the replica identity's index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Key {
    /// The index.
    pub index: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The primary key rather than another index.
    pub primary: bool,
}

/// A trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Trigger {
    /// Name.
    pub name: String,
    /// `pg_trigger.tgenabled`: `O`, `D`, `R`, `A`.
    pub enabled: String,
}

/// A relation of the schema that is not among the moving tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Relation {
    /// Name without schema.
    pub name: String,
    /// `pg_class.relkind`.
    pub kind: String,
}

/// A sequence that moves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Sequence {
    /// Its OID on this side.
    pub oid: u32,
    /// Name without schema.
    pub name: String,
    /// Its schema: a moving column may use a sequence from elsewhere.
    pub schema: String,
    /// Owner.
    pub owner: String,
    /// `UNLOGGED`.
    pub unlogged: bool,
    /// How many values are left to it; none if it begins again, our login may not look, or nobody has looked.
    #[serde(default)]
    pub left: Option<i64>,
    /// How many values it has altogether.
    pub values: i64,
    /// It counts downwards.
    pub falls: bool,
}

const TABLES: &str = r#"
SELECT c.oid::int8 AS oid, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
  EXISTS (SELECT FROM pg_inherits i WHERE (i.inhrelid = c.oid AND NOT c.relispartition) OR (i.inhparent = c.oid AND c.relkind <> 'p')) AS inherits,
  (SELECT r.relname FROM pg_class r WHERE r.oid = pg_partition_root(c.oid) AND r.oid <> c.oid) AS tree,
  (SELECT greatest(count(*) - 1, 0)::int4 FROM pg_partition_ancestors(c.oid)) AS depth,
  coalesce((SELECT jsonb_agg(format('%I.%I', n.nspname, o.relname) ORDER BY n.nspname, o.relname) FROM pg_inherits i
    JOIN pg_class o ON o.oid = CASE c.oid WHEN i.inhrelid THEN i.inhparent ELSE i.inhrelid END JOIN pg_namespace n ON n.oid = o.relnamespace
    WHERE ((i.inhrelid = c.oid AND c.relispartition) OR (i.inhparent = c.oid AND c.relkind = 'p')) AND o.oid <> ALL($1)), '[]') AS torn,
  (SELECT format('%I.%I', n.nspname, o.relname) FROM pg_inherits i JOIN pg_class o ON o.oid = i.inhparent
    JOIN pg_namespace n ON n.oid = o.relnamespace WHERE i.inhrelid = c.oid AND i.inhdetachpending) AS detaching,
  pg_get_userbyid(c.relowner) AS owner, c.relreplident::text AS replica_identity, row_security_active(c.oid) AS row_security,
  coalesce((SELECT jsonb_agg(DISTINCT pg_get_userbyid(a.grantee)::text) FROM aclexplode(c.relacl) a WHERE a.grantee NOT IN (0, c.relowner)), '[]') AS grantees,
  c.relrowsecurity AND c.relforcerowsecurity AS forced_policies,
  coalesce((SELECT jsonb_agg(DISTINCT pg_get_userbyid(r)::text) FROM pg_policy p, unnest(p.polroles) AS r WHERE p.polrelid = c.oid AND r <> 0), '[]') AS policy_roles,
  CASE c.relkind WHEN 'r' THEN greatest(
      100::int8 * age(c.relfrozenxid) / least(current_setting('autovacuum_freeze_max_age')::int8,
        (SELECT option_value::int8 FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_freeze_max_age')),
      100::int8 * mxid_age(c.relminmxid) / least(current_setting('autovacuum_multixact_freeze_max_age')::int8,
        (SELECT option_value::int8 FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_multixact_freeze_max_age')))
    ELSE 0 END AS freeze_percent,
  CASE c.relkind WHEN 'p' THEN 0 ELSE greatest(c.reltuples, 0)::int8 END AS rows, pg_table_size(c.oid) AS bytes,
  (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type_name', format_type(a.atttypid, a.atttypmod),
       'not_null', a.attnotnull, 'generated', a.attgenerated::text,
       'collated', a.attcollation <> 0 AND a.attcollation NOT IN (SELECT oid FROM pg_collation WHERE collcollate IN ('C', 'POSIX')),
       'binary', f.is_binary, 'large_object', f.large_object,
       'send', (SELECT s.proname FROM pg_type t JOIN pg_proc s ON s.oid = t.typsend
                WHERE t.oid = a.atttypid AND t.typnamespace = 'pg_catalog'::regnamespace AND current_setting('server_encoding') = 'UTF8'
                  AND t.typname IN ('bool', 'char', 'name', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'bytea', 'date', 'time', 'timetz',
                    'timestamp', 'timestamptz', 'interval', 'uuid', 'json', 'jsonb', 'bit', 'varbit', 'inet', 'cidr', 'macaddr', 'macaddr8', 'oid', 'xid8'))) ORDER BY a.attnum)
   FROM pg_attribute a CROSS JOIN LATERAL (
     WITH RECURSIVE part(oid) AS (
       SELECT a.atttypid
       UNION SELECT x.oid FROM part p JOIN pg_type t ON t.oid = p.oid CROSS JOIN LATERAL (
         SELECT t.typelem AS oid WHERE t.typelem <> 0
         UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
         UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
         UNION ALL SELECT m.atttypid FROM pg_attribute m WHERE m.attrelid = t.typrelid AND m.attnum > 0 AND NOT m.attisdropped) x)
     SELECT bool_and(t.typsend <> 0 AND t.typreceive <> 0 AND NOT (t.typnamespace = 'pg_catalog'::regnamespace AND t.typname ~ '^reg')) AS is_binary,
            bool_or(t.oid = 'oid'::regtype OR t.typname = 'lo') AS large_object
     FROM part p JOIN pg_type t ON t.oid = p.oid) f
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT jsonb_build_object('index', ic.relname, 'primary', i.indisprimary,
       'columns', (SELECT jsonb_agg(a.attname ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
                   JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts))
   FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
   WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND (i.indisprimary OR i.indisreplident)
   ORDER BY i.indisprimary DESC LIMIT 1) AS key,
  coalesce((SELECT jsonb_agg(a.attname ORDER BY k.n) FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
   JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
   WHERE i.indrelid = c.oid AND k.n <= i.indnkeyatts AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary AND i.indimmediate END), '[]') AS identity,
  coalesce((SELECT jsonb_agg(jsonb_build_object('name', t.tgname, 'enabled', t.tgenabled::text) ORDER BY t.tgname)
   FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '[]') AS triggers,
  coalesce((SELECT jsonb_agg(r.rulename ORDER BY r.rulename) FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'), '[]') AS rules
FROM pg_class c WHERE c.oid = ANY($1) ORDER BY c.relname
"#;

const OTHERS: &str = r#"
SELECT c.relname AS name, c.relkind::text AS kind FROM pg_class c
WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid <> ALL($2)
ORDER BY c.relname
"#;

/// Sequences owned by or used in a default of a moving column; with the whole schema also all others in it.
const SEQUENCES: &str = r#"
SELECT DISTINCT c.oid::int8 AS oid, c.relname AS name, n.nspname AS schema, pg_get_userbyid(c.relowner) AS owner,
  c.relpersistence = 'u' AS unlogged, s.seqincrement < 0 AS falls,
  least((s.seqmax::numeric - s.seqmin) / abs(s.seqincrement), 9e18)::int8 AS values
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relkind = 'S' AND (($2 AND n.nspname = $3)
  OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
             AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY($1) AND d.deptype IN ('a', 'i'))
  OR EXISTS (SELECT FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
             WHERE f.adrelid = ANY($1) AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid))
ORDER BY 3, 2
"#;

impl Reader<'_> {
    /// OIDs of the moving tables: all of the schema, or those named; never what belongs to an extension.
    pub(super) async fn moving_oids(&self) -> Result<Vec<u32>, InspectError> {
        let sql = "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND ($2::text[] IS NULL OR c.relname = ANY($2)) \
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass \
                                   AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.oid";
        let rows = self.transaction.query(sql, &[&self.schema_name(), &self.only()]).await;
        let rows = rows.map_err(|e| self.failed("moving tables", e))?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(|e| self.failed("moving tables", e))
    }

    pub(super) async fn tables(&self, oids: &Vec<u32>) -> Result<Vec<Table>, InspectError> {
        let mut tables: Vec<Table> = self.rows("tables", TABLES, &[oids]).await?;
        for table in tables.iter_mut().filter(|table| table.rows == 0 && table.bytes > 0 && table.stores()) {
            table.rows = self.estimate(table).await?;
        }
        Ok(tables)
    }

    /// A table without statistics: what the planner makes of its size; 0 where our login may not read it.
    async fn estimate(&self, table: &Table) -> Result<u64, InspectError> {
        let explain = format!("EXPLAIN (FORMAT JSON) SELECT FROM {}", sql::qualified(self.schema_name(), &table.name));
        let wrap = |e| self.failed("row estimate", e);
        let readable = "SELECT has_schema_privilege(relnamespace, 'USAGE') AND has_table_privilege(oid, 'SELECT') \
                        FROM pg_class WHERE oid = $1";
        let row = self.transaction.query_one(readable, &[&table.oid]).await.map_err(wrap)?;
        if table.row_security || !row.try_get::<_, bool>(0).map_err(wrap)? {
            return Ok(0);
        }
        let row = self.transaction.query_one(&explain, &[]).await.map_err(wrap)?;
        let plan: serde_json::Value = row.try_get(0).map_err(wrap)?;
        Ok(plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_u64).unwrap_or(0))
    }

    pub(super) async fn others(&self, oids: &Vec<u32>) -> Result<Vec<Relation>, InspectError> {
        let quoted = sql::ident(self.schema_name());
        self.rows("other relations", OTHERS, &[&quoted, oids]).await
    }

    pub(super) async fn sequences(&self, oids: &Vec<u32>) -> Result<Vec<Sequence>, InspectError> {
        let whole = self.only().is_none();
        self.rows("sequences", SEQUENCES, &[oids, &whole, &self.schema_name()]).await
    }
}
