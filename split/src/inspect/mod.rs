//! Catalog -> `Inventory`: everything about one side that a decision may need.
//!
//! In: a session, a schema, and which of its tables move. Out: plain data, read in one snapshot. It changes nothing,
//! decides nothing and waits for no lock longer than `LOCK_TIMEOUT`. Every phase looks, the switch and its recovery among them:
//! what preflight alone needs is `surroundings`'.

mod around;
mod edges;
mod foreign_keys;
mod hash;
mod links;
mod neighbours;
mod relations;
mod rights;
mod roles;
mod server;
mod service;
mod surroundings;

pub use around::{Around, Claim, Draw, Tie};
pub(crate) use edges::CONTENTS;
pub use edges::{Dependent, Mention, Need};
pub use foreign_keys::{Edge, EdgeColumn, Orphans, Rival};
pub use hash::{hash_query, schema_hash};
pub use neighbours::{Given, Neighbours};
pub use relations::{Column, Key, Relation, Sequence, Table, Trigger};
pub use rights::{Denied, Right, denied};
pub use roles::{Grant, Power, RoleFacts};
pub(crate) use server::MEANINGS;
pub use server::{Extension, OldTransaction, Server, Standby};
pub use service::{Usage, usage};
pub use surroundings::surroundings;

use crate::order::Link;
use crate::spec::{Side, Spec};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Transaction};

/// How long a look at the catalog may wait for somebody's `ACCESS EXCLUSIVE` lock.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '120s'";

/// Why there is no inventory.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// A catalog query failed.
    #[error("read the catalog of the {side}: {what}")]
    Query {
        /// Which side.
        side: Side,
        /// What was being read.
        what: &'static str,
        /// The reason.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The answer has another shape than this version of the program expects.
    #[error("understand the catalog of the {side}: {what}")]
    Shape {
        /// Which side.
        side: Side,
        /// What was being read.
        what: &'static str,
        /// The reason.
        #[source]
        source: serde_json::Error,
    },
}

/// What one side has. Lists are ordered by name, so two looks at the same catalog are equal.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Which side.
    pub side: Side,
    /// The schema looked at.
    pub schema: String,
    /// The server and what it is set to.
    pub server: Server,
    /// Only tables that were named move, not the schema as a whole.
    pub only_some: bool,
    /// Owner of the schema; none if there is no such schema.
    pub schema_owner: Option<String>,
    /// The tables that move (source) or are there already (target).
    pub tables: Vec<Table>,
    /// Tables that were asked for by name and don't exist.
    pub missing: Vec<String>,
    /// Everything else in the schema that has a `pg_class` row of its own, sequences left out.
    pub others: Vec<Relation>,
    /// Sequences that move with the tables.
    pub sequences: Vec<Sequence>,
    /// Foreign keys between moving and staying tables.
    pub edges: Vec<Edge>,
    /// Other migrations that have to do with either end of such a key.
    pub rivals: Vec<Rival>,
    /// Foreign keys between any two schemas of the database, if somebody has looked.
    pub links: Vec<Link>,
    /// Views and functions outside of what moves that read a moving table.
    pub dependents: Vec<Dependent>,
    /// Functions that stay and whose text mentions a moving table, if somebody has looked.
    pub mentions: Vec<Mention>,
    /// What the moving objects need from outside of the schema.
    pub needs: Vec<Need>,
    /// Types, functions and relations of this database that a `Need` of the other side may name: `kind identity`.
    pub objects: BTreeSet<String>,
    /// The roles of the service on this side.
    pub roles: Vec<RoleFacts>,
    /// Rights on moving tables of anybody who is neither the owner nor a role of the service.
    pub grants: Vec<Grant>,
    /// What is tied to the tables and doesn't move with them, if somebody has looked.
    pub around: Around,
    /// Who else has to do with the tables, if somebody has looked.
    pub neighbours: Neighbours,
    /// Rights that our login lacks, if it is no superuser and somebody has looked.
    pub denied: Vec<Denied>,
    /// Whether the database holds large objects, which no stream carries.
    pub large_objects: bool,
    /// Objects that the target schema holds already: `kind identity`.
    pub contents: Vec<String>,
    /// Hash of the moving tables' definitions, as the fence reads it again.
    pub hash: String,
}

impl Inventory {
    /// Names of the moving tables.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    /// Names of the views that move: all of the schema's, unless the tables were chosen one by one.
    pub fn views(&self) -> impl Iterator<Item = &str> {
        let views = self.others.iter().filter(|other| !self.only_some && ["v", "m"].contains(&other.kind.as_str()));
        views.map(|view| view.name.as_str())
    }

    /// Bytes of the moving tables, indexes left out.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }
}

/// Looks at one side.
///
/// # Errors
/// The session fails, a lock isn't granted in time, or the catalog answers in an unknown shape.
pub async fn inspect(client: &mut Client, side: Side, spec: &Spec) -> Result<Inventory, InspectError> {
    let transaction = begin(client, side).await?;
    let inventory = Reader { transaction: &transaction, side, spec }.all().await?;
    end(transaction, side).await?;
    Ok(inventory)
}

/// Foreign keys between the schemas of the source, those that migrations have severed included.
///
/// # Errors
/// As `inspect`.
pub async fn links(client: &mut Client) -> Result<Vec<Link>, InspectError> {
    let transaction = begin(client, Side::Source).await?;
    let links = links::read(&transaction, Side::Source).await?;
    end(transaction, Side::Source).await?;
    Ok(links)
}

/// A snapshot, and deadlines.
async fn begin(client: &mut Client, side: Side) -> Result<Transaction<'_>, InspectError> {
    let wrap = |source| InspectError::Query { side, what: "begin", source };
    let transaction = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .map_err(wrap)?;
    transaction.batch_execute(LOCK_TIMEOUT).await.map_err(wrap)?;
    Ok(transaction)
}

async fn end(transaction: Transaction<'_>, side: Side) -> Result<(), InspectError> {
    transaction.rollback().await.map_err(|source| InspectError::Query { side, what: "end", source })
}

/// One snapshot of one side.
struct Reader<'a> {
    transaction: &'a Transaction<'a>,
    side: Side,
    spec: &'a Spec,
}

impl Reader<'_> {
    async fn all(&self) -> Result<Inventory, InspectError> {
        let schema = self.spec.side(self.side).schema.clone();
        let oids = self.moving_oids().await?;
        let tables = self.tables(&oids).await?;
        let wanted = self.spec.tables.clone().unwrap_or_default();
        let there: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let edges = self.edges(&oids).await?;
        let missing = wanted.into_iter().filter(|name| !there.contains(name.as_str())).collect();
        Ok(Inventory {
            side: self.side,
            server: self.server().await?,
            only_some: self.only().is_some(),
            schema_owner: self.schema_owner().await?,
            missing,
            others: self.others(&oids).await?,
            neighbours: Neighbours::default(),
            around: Around::default(),
            sequences: self.sequences(&oids).await?,
            rivals: self.rivals(&edges, &oids).await?,
            edges,
            links: Vec::new(),
            dependents: self.dependents(&oids).await?,
            mentions: Vec::new(),
            needs: self.needs(&oids).await?,
            objects: self.objects().await?,
            roles: self.roles().await?,
            grants: self.grants(&oids).await?,
            denied: Vec::new(),
            large_objects: self.large_objects().await?,
            contents: self.contents().await?,
            hash: hash::schema_hash(self.transaction, &schema, self.only(), &[])
                .await
                .map_err(|source| self.failed("schema hash", source))?,
            tables,
            schema,
        })
    }

    /// The list of tables to keep to, none for the whole schema.
    fn only(&self) -> Option<&[String]> {
        self.spec.tables.as_deref()
    }

    fn schema_name(&self) -> &str {
        &self.spec.side(self.side).schema
    }

    fn failed(&self, what: &'static str, source: tokio_postgres::Error) -> InspectError {
        InspectError::Query { side: self.side, what, source }
    }

    /// Whether a table of the journal is there.
    async fn has_journal(&self, table: &str) -> Result<bool, InspectError> {
        has_journal(self.transaction, self.side, table).await
    }

    /// As the function of the same name.
    async fn rows<T: DeserializeOwned>(
        &self,
        what: &'static str,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<T>, InspectError> {
        rows(self.transaction, self.side, what, sql, params).await
    }
}

async fn has_journal(transaction: &Transaction<'_>, side: Side, table: &str) -> Result<bool, InspectError> {
    let failed = |source| InspectError::Query { side, what: "the journal", source };
    let row = transaction.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}

/// Runs a query whose rows become `T`, each through JSON: the catalog's many shapes stay in SQL.
async fn rows<T: DeserializeOwned>(
    transaction: &Transaction<'_>,
    side: Side,
    what: &'static str,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<T>, InspectError> {
    let failed = |source| InspectError::Query { side, what, source };
    let sql = format!("SELECT coalesce(jsonb_agg(to_jsonb(q)), '[]') FROM ({sql}) q");
    let row = transaction.query_one(&sql, params).await.map_err(failed)?;
    let json: serde_json::Value = row.try_get(0).map_err(failed)?;
    serde_json::from_value(json).map_err(|source| InspectError::Shape { side, what, source })
}
