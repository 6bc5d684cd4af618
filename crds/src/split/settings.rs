//! The parts of a migration's spec: every field with its rules and their advice.

use std::fmt;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{bounds, duration::Duration, reference::ObjectRef};

/// Where the tables are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// ServiceDatabase that the service uses now.
    pub database_ref: ObjectRef,
}

/// Where the tables go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// ServiceDatabase that the service will use.
    pub database_ref: ObjectRef,
    /// Schema in the target. Default: that of the target ServiceDatabase; any other name is refused by the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::pg_schema")]
    #[x_kube(validation = Rule::new("!self.startsWith('pg_') && !self.startsWith('rerp_') && !(self in ['public', 'information_schema'])")
        .message("public, information_schema, pg_* and rerp_* are not for services; choose a schema name of the service's own"))]
    pub schema: Option<String>,
}

/// How far a migration may go by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum AdvanceTo {
    /// Look only: report what would stop it.
    Preflight,
    /// Copy, stream and compare; wait before the cutover.
    #[default]
    ReadyForCutover,
    /// Move the service, then wait.
    Cutover,
    /// Move the service and finish.
    Completed,
}

impl fmt::Display for AdvanceTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Something that is done once. What has been done, or was meant for another time, has another epoch: a manifest that is applied
/// again, or reverted, switches nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AtEpoch {
    /// The epoch at which it is to be done.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub epoch: i64,
}

/// Limits of the cutover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CutoverSettings {
    /// Longest time that writes may wait in one attempt. Default 500ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('100ms') && duration(self) <= duration('10s')")
        .message("below 100ms no attempt can succeed and above 10s clients time out; let maxWritePause be 100ms to 10s"))]
    pub max_write_pause: Option<Duration>,
    /// Time for all attempts together. Default 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('10s') && duration(self) <= duration('24h')")
        .message("attempts back off for seconds; let cutover.budget be 10s to 24h"))]
    pub budget: Option<Duration>,
    /// When the cutover may begin by itself; an attempt that has begun ends as it would. Neither `rollback` nor `forward` waits for it.
    /// Default: at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<CutoverWindow>,
    /// Rehearses the cutover at ReadyForCutover, once for each number: locks and drains the real tables as a cutover does, and lets go
    /// before anything is switched (status.rehearsal). Raise it to rehearse again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rehearsal: Option<i64>,
}

/// A part of some days, in one time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.from != self.to")
    .message("a window that opens and closes at the same time is never open; let to be another time than from, or leave the window out"))]
pub struct CutoverWindow {
    /// Days on which it opens. Default: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    pub days: Vec<Day>,
    /// Time of day at which it opens, `HH:MM`.
    #[schemars(length(max = 5), regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// Time of day at which it closes, `HH:MM`; one before `from` is on the next day.
    #[schemars(length(max = 5), regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub to: String,
    /// IANA name of the time zone, as `Europe/Berlin`. Default UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z][A-Za-z0-9_+/-]*$"))]
    pub time_zone: Option<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// How fast the rows are copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CopySettings {
    /// Workers side by side, each with a session on both servers. Default 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16))]
    pub workers: Option<i32>,
    /// How much all of them together copy in a second, in bytes. Lifted where the slot couldn't wait for so long. Default: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 65_536, max = 1_099_511_627_776_i64))]
    pub max_bytes_per_second: Option<i64>,
    /// How long a commit may take on the source: while it takes longer the workers are slowed down. Default: not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1ms') && duration(self) <= duration('60s')")
        .message("no disk commits within less than a millisecond, and nobody waits for more than a minute; let copy.maxWriterLatency be 1ms to 60s"))]
    pub max_writer_latency: Option<Duration>,
}

/// What the streams of changes may cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationSettings {
    /// How much WAL a slot of the migration may keep on its server, in bytes, besides what that server's
    /// `max_slot_wal_keep_size` allows. Before it is reached the migration fails, or the way back ends, and nothing is kept. Default: no
    /// limit but the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 67_108_864, max = 1_125_899_906_842_624_i64))]
    pub max_retained_wal_bytes: Option<i64>,
}

/// What becomes of foreign keys between tables that move and tables that stay: none can span two databases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.waiveOrphans) || !self.waiveOrphans || (has(self.acrossDomains) && self.acrossDomains == 'Sever')")
    .message("only a foreign key that is severed can have orphans to waive; set acrossDomains to Sever or leave waiveOrphans out")
    .field_path(".waiveOrphans"))]
pub struct ForeignKeys {
    /// Whether they stop the migration or are severed. Default Refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_domains: Option<AcrossDomains>,
    /// Sever them although some rows have no parent already. Default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waive_orphans: Option<bool>,
}

/// What becomes of a foreign key between a table that moves and one that stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AcrossDomains {
    /// It stops the migration.
    #[default]
    Refuse,
    /// It is dropped right before the cutover and compared across the databases from then on; taking the migration back
    /// makes it again.
    Sever,
}

/// What follows if others than the service use the moving tables: by the source's statistics of statements since right before the copy,
/// and by the locks of their sessions. Superusers don't count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Default Warn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<EvidencePolicy>,
    /// How long everybody else has to have been quiet before the cutover, with Require. Default 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('10s') && duration(self) <= duration('24h')")
        .message("the statistics are read every ten seconds; let evidence.quietFor be 10s to 24h"))]
    pub quiet_for: Option<Duration>,
}

/// What follows if others than the service use the moving tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EvidencePolicy {
    /// No cutover before they have stopped, nor where statements aren't counted (pg_stat_statements).
    Require,
    /// They are named in the findings.
    #[default]
    Warn,
    /// Nobody looks.
    Ignore,
}

/// What happens between cutover and completion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct Observe {
    /// How long the migration waits after the cutover before it finishes; so long a rollback is possible. Default: not at all.
    /// While it waits, changes flow back to the source; written as 0s, nothing for that is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) <= duration('720h')")
        .message("side objects in both databases stay until the end; let observe.duration be 720h or less"))]
    pub duration: Option<Duration>,
}

/// What happens to the old tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cleanup {
    /// Default Keep. Another policy counts at once, until the old tables are renamed or dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<CleanupPolicy>,
    /// For how long nobody must have used them before they are renamed or dropped: whoever reads one makes the wait begin anew. It begins
    /// when observe.duration has passed, with which the way back ends. Default 168h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m') && duration(self) <= duration('720h')")
        .message("the server's counters come up to a minute late, and the worker stays until the end; let cleanup.after be 1m to 720h"))]
    pub after: Option<Duration>,
    /// What has to be there before they are dropped. Default Required; None has to be written where nothing is to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<CleanupBackup>,
}

/// What happens to the old tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CleanupPolicy {
    /// They stay where they are, closed to the service.
    #[default]
    Keep,
    /// They are called <table>_moved_<yyyymmdd>, the day of the cutover, and stay closed.
    Rename,
    /// They go, with the sequences that they own; nothing that stays goes with them.
    Drop,
}

/// What has to be there before old tables are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CleanupBackup {
    /// A backup that has been restored and compared with them. There is no place for one in the cluster yet, so a migration that wants
    /// one doesn't begin: drop with rerp-split from a machine that has the room, or rename.
    #[default]
    Required,
    /// Nothing.
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_ordered() {
        assert!(AdvanceTo::Preflight < AdvanceTo::ReadyForCutover && AdvanceTo::Cutover < AdvanceTo::Completed);
    }
}
