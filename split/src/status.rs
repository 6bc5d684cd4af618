//! What a migration reports: the JSON that the worker writes into the journal and everyone else reads.
//!
//! Plain data. All sizes are bytes, all durations milliseconds unless the name says otherwise, all times UTC.

use crate::names;
use crate::order::Link;
use crate::phase::Phase;
use crate::spec::Side;
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
    /// Where the table is.
    pub state: TableState,
    /// Seconds until it is copied at the present rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<u64>,
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
    /// Name of the slot.
    pub slot: String,
    /// Last end-to-end round trip of a token, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_ms: Option<f64>,
}

/// The switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cutover {
    /// From the grant of the locks of the attempt that succeeded to the opening of the target: no write can commit.
    pub write_pause_ms: f64,
    /// Before it: waiting for the locks, behind transactions that still commit. Who comes during it waits from then on.
    pub lock_wait_ms: f64,
    /// Of it: until the target had replayed everything.
    pub drain_ms: f64,
    /// Of it: sequences.
    pub sequence_ms: f64,
    /// Attempts, the successful one included.
    pub attempts: u32,
    /// The epoch at which the target became the owner.
    pub epoch: i64,
    /// When the target was opened.
    pub at: Timestamp,
}

/// A rehearsal of the switch: everything up to the closing, and then everything was let go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rehearsal {
    /// Which one that was wished for.
    pub number: i64,
    /// When it ended.
    pub at: Timestamp,
    /// Attempts, the last one included.
    pub attempts: u32,
    /// Waiting for the locks. This and the times below are absent if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
    /// Until the target had replayed everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
    /// Sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_ms: Option<f64>,
    /// How long writers waited for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_ms: Option<f64>,
    /// How long they would wait for the switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_pause_ms: Option<f64>,
    /// Why no attempt came so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Whether the data can change hands once more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WayBack {
    /// It can: the other side has had, or will have, everything.
    pub possible: bool,
    /// Why it can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The stream, as last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
}

/// The comparison of contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Verification {
    /// Rows compared.
    pub rows: u64,
    /// Chunks compared.
    pub chunks: u64,
    /// Keys whose rows really differ.
    pub mismatches: u64,
    /// Share of the moving rows compared, 0 to 1.
    pub coverage: f64,
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

/// Something that the migration has made, the copied tables included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// On which side.
    pub side: Side,
    /// What it is: slot, subscription, table, …
    pub kind: String,
    /// Its exact name.
    pub name: String,
}

/// Who else than the service uses the moving tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Evidence {
    /// Since when it is counted: right before the copy.
    pub since: Timestamp,
    /// When somebody last looked; absent before the first look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// Why statements can't be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Why the switch waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Statements and sessions of others, the last ones first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
}

/// A statement of somebody else on the moving tables, or sessions with locks on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Use {
    /// Who.
    pub role: String,
    /// The name that the sessions give themselves; absent for a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// `queryid` of the statement, by which its text is found on the source; absent for sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// How often since the beginning; looks, for sessions.
    pub calls: u64,
    /// What the statistics had counted at the beginning.
    pub before: u64,
    /// When it was last seen that there were more; absent if there weren't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
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

impl WayBack {
    /// There is none, and why.
    #[must_use]
    pub fn impossible(reason: &str) -> Self {
        Self { possible: false, reason: Some(reason.to_owned()), replication: None }
    }
}

impl Status {
    /// Whether a finding stands that stops the migration.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Fatal)
    }

    /// What is left of `migration` on `side`, in words for a person: by name, as last seen there. What was made right before the side
    /// went away may not have been seen any more, so the text says too how to tell it. Once the target owns, its tables are nothing left over.
    #[must_use]
    pub fn left_on(&self, side: Side, migration: &str) -> String {
        let stays = |made: &Made| self.phase.is_after_cutover() && !made.is_aside();
        let made = self.made.iter().filter(|made| made.side == side && !stays(made));
        let names: Vec<String> = made.map(|made| format!("{} {}", made.kind, made.name)).collect();
        let rest = format!(
            "rows of migration {migration} in the schema rerp_split, whatever else is named {}*",
            names::prefix(migration)
        );
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("{more} more, "),
        };
        names.iter().take(NAMED).map(|name| format!("{name}, ")).chain([more, rest]).collect()
    }
}

/// How many objects a text names.
const NAMED: usize = 60;

impl Made {
    /// It lies beside the data: neither a copied table nor what belongs to one.
    fn is_aside(&self) -> bool {
        ["slot", "subscription", "publication", "role", "event trigger"].contains(&self.kind.as_str())
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

    fn made(side: Side, kind: &str, name: &str) -> Made {
        Made { side, kind: kind.into(), name: name.into() }
    }

    #[test]
    fn what_is_left_on_a_side_is_named() {
        let rest = "rows of migration m in the schema rerp_split, whatever else is named rerp_m_*";
        let mut status = Status {
            made: vec![
                made(Side::Target, "subscription", "rerp_m_fwd_1"),
                made(Side::Source, "slot", "rerp_m_fwd_1"),
                made(Side::Target, "table", "app.email"),
            ],
            ..Status::default()
        };
        assert_eq!(status.left_on(Side::Target, "m"), format!("subscription rerp_m_fwd_1, table app.email, {rest}"));
        assert_eq!(status.left_on(Side::Source, "m"), format!("slot rerp_m_fwd_1, {rest}"));
        status.phase = Phase::Observe;
        assert_eq!(status.left_on(Side::Target, "m"), format!("subscription rerp_m_fwd_1, {rest}"), "its tables stay");
        assert_eq!(Status::default().left_on(Side::Source, "m"), rest);
    }

    #[test]
    fn a_text_names_so_many_and_counts_the_others() {
        let made = (0..NAMED + 40).map(|n| made(Side::Target, "table", &format!("app.t{n}"))).collect();
        let text = Status { made, ..Status::default() }.left_on(Side::Target, "m");
        assert!(text.contains("table app.t59, 40 more, rows of"), "{text}");
    }

    #[test]
    fn a_newer_writer_does_not_break_an_older_reader() {
        let status: Status = serde_json::from_str(r#"{"phase":"Copy","later":1}"#).unwrap();
        assert_eq!(status.phase, Phase::Copy);
    }
}
