//! What a migration reports: the JSON that the worker writes into the journal and everyone else reads.
//!
//! Plain data. All sizes are bytes, all durations milliseconds unless the name says otherwise, all times UTC.

mod evidence;
mod made;
mod turn;
mod verification;

pub use evidence::{Evidence, Use};
pub use made::Made;
pub use turn::{Cutover, Rehearsal, WayBack};
pub use verification::Verification;

use crate::order::Link;
use crate::phase::Phase;
use crate::spec::{CleanupPolicy, Side};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The whole report of one migration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// How far it is.
    pub phase: Phase,
    /// `sha256:…` over the statements of the plan; absent before the first look at the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// Hash of the moving tables' definitions at the time of the plan: what copy and fence compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_hash: Option<String>,
    /// The epoch of the owner rows as last read; 0 before there are any.
    pub epoch: i64,
    /// One entry per moving table, by name.
    pub tables: Vec<TableStatus>,
    /// The copy as a whole, once it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyStatus>,
    /// The stream from source to target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
    /// The switch, once it has happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutover: Option<Cutover>,
    /// The last rehearsal of the switch, once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// The last switch back, once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Cutover>,
    /// The stream to the side that owned before the last switch; absent where none is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_back: Option<WayBack>,
    /// The comparison of contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Foreign keys between moving and staying tables, from the moment their end was decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Foreign keys between the schemas of the source, as preflight has found them; absent before it has looked. What the order of
    /// migrations that share a source follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Link>>,
    /// Who else uses the moving tables; absent before the copy, and where nobody looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What is to become of the old tables, from the end of the way back on; absent where they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Cleanup>,
    /// What preflight or a later phase found.
    pub findings: Vec<Finding>,
    /// What the migration has made on either side and nobody has seen gone, as the journals of both said last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
    /// One sentence for a person about what is going on.
    pub message: String,
    /// Why the migration can't go on by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Copy progress of one table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TableStatus {
    /// Table name without schema.
    pub name: String,
    /// Rows copied; exact once `state` is `Copied`.
    pub rows: u64,
    /// Bytes of binary COPY data that went over.
    pub bytes: u64,
    /// Rows expected by the source's statistics; 0 if it has none.
    pub total: u64,
    /// Bytes of COPY data expected: by the table's size, then by the ranges that are done; exact once `state` is `Copied`.
    pub total_bytes: u64,
    /// Where the table is.
    pub state: TableState,
    /// Seconds until it is copied at the rate since it began, by its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<u64>,
}

/// The copy of all tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CopyStatus {
    /// Bytes of COPY data that went over.
    pub bytes: u64,
    /// Bytes expected: the sum over all tables.
    pub total_bytes: u64,
    /// Bytes per second over the last half minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// Seconds until all is copied at that rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<u64>,
    /// The bound that the workers keep to at present, in bytes per second; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes_per_second: Option<u64>,
    /// How long a commit takes on the source, in milliseconds, where it is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer_latency_ms: Option<f64>,
}

/// Where a table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableState {
    /// Not begun.
    #[default]
    Waiting,
    /// Rows are going over.
    Copying,
    /// All rows of the snapshot are on the target.
    Copied,
    /// Changes since the snapshot are replayed.
    Streaming,
}

/// The stream from source to target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Replication {
    /// WAL between the source's insert position and what the target has confirmed.
    pub lag_bytes: u64,
    /// WAL the slot keeps on the source's disk.
    pub retained_wal_bytes: u64,
    /// How much more it may keep; absent where neither the server nor the spec sets a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_room_bytes: Option<u64>,
    /// How fast that server writes WAL, over the last minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_bytes_per_second: Option<u64>,
    /// Seconds until there is no room at the rate at which what is kept grows; absent while it doesn't grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_seconds_left: Option<u64>,
    /// Name of the slot.
    pub slot: String,
    /// Last end-to-end round trip of a token, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_ms: Option<f64>,
}

/// A foreign key that none can be any more once its tables are in two databases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ForeignKey {
    /// Constraint name.
    pub name: String,
    /// The table that has it, qualified.
    pub child: String,
    /// The table it refers to, qualified.
    pub parent: String,
    /// Whether it is in force.
    pub state: ForeignKeyState,
    /// When it was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severed_at: Option<Timestamp>,
    /// Rows of the child that have no parent, as last compared; absent before the first comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphans: Option<u64>,
    /// Some of the keys that these refer to; none where a key could say something about a person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// How often the locks of both tables were asked for.
    pub tries: u32,
    /// The longest that one request for them took: others waited behind it.
    pub lock_wait_ms: f64,
}

/// Whether a foreign key is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForeignKeyState {
    /// It is, and will be dropped.
    #[default]
    Intended,
    /// It has been dropped.
    Severed,
    /// It has been made again; NOT VALID if there are orphans.
    Restored,
}

/// The old tables on the source: how long nobody has used them, and when they are dealt with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cleanup {
    /// What becomes of them.
    pub policy: CleanupPolicy,
    /// Since when nobody has used them, as far as the server's counters tell; absent before the first look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_since: Option<Timestamp>,
    /// When they are dealt with, if nobody uses them until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What made the wait begin anew, the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
    /// The file with the backup, once it has been restored and compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// When they were dealt with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
}

/// Something that preflight or a later phase found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable kebab-case name of the check.
    pub id: String,
    /// On which side.
    pub side: Side,
    /// What it is about: a table, a setting, a role.
    pub object: String,
    /// What is wrong and what it would do.
    pub message: String,
    /// The exact SQL or setting that mends it.
    pub fix: String,
    /// Whether it stops the migration.
    pub severity: Severity,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// To be known; nothing is stopped.
    Warning,
    /// Data could be lost or the migration hang: nothing is changed while it stands.
    Fatal,
}

impl Status {
    /// Whether a finding stands that stops the migration.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Fatal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_camel_case_and_leaves_out_what_is_unknown() {
        let json = serde_json::to_value(Status::default()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"phase": "Pending", "epoch": 0, "tables": [], "findings": [], "message": ""})
        );
        let back: Status = serde_json::from_value(json).unwrap();
        assert_eq!(back, Status::default());
    }

    #[test]
    fn a_newer_writer_does_not_break_an_older_reader() {
        let status: Status = serde_json::from_str(r#"{"phase":"Copy","later":1}"#).unwrap();
        assert_eq!(status.phase, Phase::Copy);
    }
}
