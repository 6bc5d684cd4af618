//! The server: version, settings, what is in use, who is connected.

use super::{InspectError, Reader};
use crate::connect::application_prefix;
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio_postgres::types::ToSql;

/// Facts about a server and the database of one side.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Server {
    /// `server_version_num`.
    pub version: u32,
    /// Tells two servers apart: the system identifier.
    pub system: String,
    /// The database.
    pub database: String,
    /// Server encoding by name.
    pub encoding: String,
    /// Collation and character type of the database, provider included.
    pub collation: String,
    /// A standby.
    pub in_recovery: bool,
    /// Whether our login is a superuser.
    pub superuser: bool,
    /// Whether row level security hides nothing from it.
    pub bypasses_policies: bool,
    /// Our login.
    pub login: String,
    /// Replication slots in use.
    pub slots_used: i64,
    /// WAL senders in use.
    pub senders_used: i64,
    /// Workers of subscriptions in use.
    pub workers_used: i64,
    /// Replication origins in use.
    pub origins_used: i64,
    /// Sessions in use by others: what counts against `max_connections`.
    pub sessions_used: i64,
    /// Sessions of this database in use.
    pub database_sessions: i64,
    /// How many it may have; -1 for no limit.
    pub database_limit: i64,
    /// The version of the locale library that the database was made with and the present one, if they differ.
    pub stale_collation: Option<String>,
    /// The host in our URL, if somebody has written it down.
    #[serde(default)]
    pub host: String,
    /// Bytes of WAL that the server writes in a second, if somebody has measured it.
    #[serde(default)]
    pub wal_rate: Option<u64>,
    /// Languages that functions can be written in.
    pub languages: Vec<String>,
    /// Event triggers that fire on our DDL.
    pub event_triggers: Vec<String>,
    /// Settings by name, in their base unit.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// What is set for the database (`ALTER DATABASE … SET`), as it is stored.
    #[serde(default)]
    pub database_settings: BTreeMap<String, String>,
    /// Installed extensions.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// Prepared transactions of the whole server.
    #[serde(default)]
    pub prepared: Vec<String>,
    /// Transactions older than a minute that hold an id or a snapshot.
    #[serde(default)]
    pub old_transactions: Vec<OldTransaction>,
    /// Connected physical standbys.
    #[serde(default)]
    pub standbys: Vec<Standby>,
}

impl Server {
    /// A setting as a number in its base unit; none if the server doesn't have it.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.settings.get(name)?.parse().ok()
    }

    /// A setting as text; empty if the server doesn't have it.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// An installed extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Extension {
    /// Name.
    pub name: String,
    /// The schema of its objects.
    pub schema: String,
    /// Version.
    pub version: String,
}

/// A transaction that has been open for long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct OldTransaction {
    /// Backend.
    pub pid: i32,
    /// Who.
    pub login: String,
    /// Age in seconds.
    pub seconds: i64,
    /// It has written, so a new slot must wait for it.
    pub writes: bool,
}

/// A connected physical standby.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Standby {
    /// Its application name.
    pub name: String,
    /// `pg_stat_replication.sync_state`.
    pub sync_state: String,
}

/// `$1`: what our own sessions' names begin with.
const SERVER: &str = r#"
SELECT current_setting('server_version_num')::int AS version, (SELECT system_identifier::text FROM pg_control_system()) AS system,
  current_database() AS database, pg_encoding_to_char(d.encoding) AS encoding,
  concat_ws(' ', d.datlocprovider, d.datcollate, d.datctype, d.datcollversion) AS collation,
  pg_is_in_recovery() AS in_recovery, r.rolsuper AS superuser,
  r.rolsuper OR r.rolbypassrls AS bypasses_policies, r.rolname AS login,
  (SELECT count(*) FROM pg_replication_slots) AS slots_used,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender') AS senders_used,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^logical replication' AND backend_type !~ 'launcher') AS workers_used,
  (SELECT count(*) FROM pg_replication_origin) AS origins_used,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND NOT starts_with(application_name, $1)) AS sessions_used,
  (SELECT numbackends FROM pg_stat_database s WHERE s.datid = d.oid) AS database_sessions, d.datconnlimit AS database_limit,
  CASE WHEN d.datcollversion <> pg_database_collation_actual_version(d.oid)
    THEN format('%s, now %s', d.datcollversion, pg_database_collation_actual_version(d.oid)) END AS stale_collation,
  (SELECT jsonb_agg(lanname ORDER BY lanname) FROM pg_language) AS languages,
  coalesce((SELECT jsonb_agg(evtname ORDER BY evtname) FROM pg_event_trigger
            WHERE evtenabled <> 'D' AND NOT starts_with(evtname, 'rerp_')
            AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_event_trigger'::regclass AND x.objid = pg_event_trigger.oid AND x.deptype = 'e')), '[]') AS event_triggers
FROM pg_database d CROSS JOIN pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user
"#;

const SETTINGS: &[&str] = &[
    "wal_level",
    "max_replication_slots",
    "max_wal_senders",
    "max_logical_replication_workers",
    "max_worker_processes",
    "max_active_replication_origins",
    "idle_replication_slot_timeout",
    "max_slot_wal_keep_size",
    "output_plugin_libraries",
    "wal_sender_timeout",
    "wal_receiver_timeout",
    "default_transaction_read_only",
    "fsync",
    "full_page_writes",
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "synchronous_standby_names",
    "temp_file_limit",
];

/// Settings that change what statements of a service mean, and that no session of ours overrides.
pub(crate) const MEANINGS: [&str; 6] = [
    "default_text_search_config",
    "default_transaction_isolation",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "standard_conforming_strings",
];

const DATABASE_SETTINGS: &str = "SELECT split_part(s, '=', 1), substr(s, strpos(s, '=') + 1) \
    FROM pg_db_role_setting, unnest(setconfig) AS s \
    WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())";

const OLD: &str = r#"
SELECT pid, usename AS login, extract(epoch FROM now() - xact_start)::int8 AS seconds, backend_xid IS NOT NULL AS writes
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 minute'
  AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) AND NOT starts_with(application_name, $1) ORDER BY pid
"#;

/// Logical WAL senders are tied to a database, physical ones aren't; base backups aren't standbys.
const STANDBYS: &str = r#"
SELECT r.application_name AS name, r.sync_state FROM pg_stat_replication r JOIN pg_stat_activity a USING (pid)
WHERE a.datid IS NULL AND r.state <> 'backup' ORDER BY 1
"#;

impl Reader<'_> {
    pub(super) async fn server(&self) -> Result<Server, InspectError> {
        let ours = application_prefix(&self.spec.migration);
        let mut found: Vec<Server> = self.rows("server", SERVER, &[&ours]).await?;
        let mut server = found.pop().unwrap_or_default();
        let settings = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)";
        let wanted: Vec<&str> = SETTINGS.iter().chain(&MEANINGS).copied().collect();
        server.settings = self.pairs("settings", settings, &[&wanted]).await?;
        server.database_settings = self.pairs("settings of the database", DATABASE_SETTINGS, &[]).await?;
        let extensions = "SELECT e.extname AS name, n.nspname AS schema, e.extversion AS version \
                          FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1";
        server.extensions = self.rows("extensions", extensions, &[]).await?;
        server.old_transactions = self.rows("old transactions", OLD, &[&ours]).await?;
        server.standbys = self.rows("standbys", STANDBYS, &[]).await?;
        let prepared = "SELECT gid FROM pg_prepared_xacts ORDER BY 1";
        let rows = self.transaction.query(prepared, &[]).await.map_err(|e| self.failed("prepared", e))?;
        for row in rows {
            server.prepared.push(row.try_get(0).map_err(|e| self.failed("prepared", e))?);
        }
        Ok(server)
    }

    /// A query of names and values.
    async fn pairs(
        &self,
        what: &'static str,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<BTreeMap<String, String>, InspectError> {
        let rows = self.transaction.query(sql, params).await.map_err(|e| self.failed(what, e))?;
        let pair = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(pair).collect::<Result<_, _>>().map_err(|e| self.failed(what, e))
    }
}
