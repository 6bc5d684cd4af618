//! DatabaseSplitMigration: moves the tables of one service from the database it lives in to one of its own while it keeps serving.
//!
//! Long because it is the whole contract of one kind: every field with its rules and their advice.

use std::{fmt, str::FromStr};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{bounds, duration::Duration, reference::ObjectRef};

/// Longest write pause that the fence may cause when none is given.
pub const DEFAULT_MAX_WRITE_PAUSE: &str = "500ms";
/// Time for attempts at the cutover when none is given.
pub const DEFAULT_CUTOVER_BUDGET: &str = "10m";
/// How long others have to have been quiet when nothing else is given.
pub const DEFAULT_QUIET_FOR: &str = "10m";
/// How long the old tables are waited for when nothing is given.
pub const DEFAULT_CLEANUP_AFTER: &str = "168h";

/// What the user wants to move.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "rerp.dev",
    version = "v1alpha1",
    kind = "DatabaseSplitMigration",
    namespaced,
    doc = "Moves the tables of one service into a database of its own while the service keeps serving.",
    status = "DatabaseSplitMigrationStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "dsm",
    category = "rerp",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Service", type_ = "string", json_path = ".spec.serviceRef.name"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "From", type_ = "string", json_path = ".spec.source.databaseRef.name", priority = 1),
    printcolumn(name = "To", type_ = "string", json_path = ".spec.target.databaseRef.name", priority = 1),
    printcolumn(name = "PauseMs", type_ = "number", json_path = ".status.cutover.writePauseMs", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#, priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name must be 1 to 40 lower-case letters, digits and dashes, starting with a letter, because the worker is named after it; choose a shorter or plainer name"),
    validation = Rule::new("!has(self.spec.dependsOn) || !self.spec.dependsOn.exists(d, d.name == self.metadata.name)")
        .message("a migration can't wait for itself; remove it from spec.dependsOn"),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.phase) || oldSelf.status.phase != 'Completed' || (has(self.spec.cleanup) == has(oldSelf.spec.cleanup) && (!has(self.spec.cleanup) || self.spec.cleanup == oldSelf.spec.cleanup))")
        .message("the migration is over, and what has become of its old tables doesn't change any more; leave spec.cleanup as it is and do the rest by hand"),
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.source.databaseRef.name != self.target.databaseRef.name")
    .message("source and target are the same ServiceDatabase; let spec.target.databaseRef name the one that the tables move to")
    .field_path(".target"))]
pub struct DatabaseSplitMigrationSpec {
    /// RerpService whose tables move; its present database is the source.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("a migration belongs to one service; delete it and create another for another service"))]
    pub service_ref: ObjectRef,
    /// Where the tables are.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("the source of a migration can't change; delete the migration and create another"))]
    pub source: Source,
    /// Where they go.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("the target of a migration can't change; delete the migration and create another"))]
    pub target: Target,
    /// Migrations that must be Completed before this one begins: at least those whose tables its tables refer to by foreign keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub depends_on: Vec<ObjectRef>,
    /// How far to go; raise it to approve the next step. Default ReadyForCutover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_to: Option<AdvanceTo>,
    /// Gives the data back to the source, once: only if the target owns it at this epoch (status.epoch), and while the
    /// migration observes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<AtEpoch>,
    /// After a rollback, takes the data to the target again, once: only if the source owns it at this epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<AtEpoch>,
    /// How fast the rows are copied. Read when the worker starts: once rows are copied, a change waits for another migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopySettings>,
    /// What the streams of changes may cost the server that they begin at. Read when the worker starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<ReplicationSettings>,
    /// Limits of the cutover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutover: Option<CutoverSettings>,
    /// How source and target are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// What becomes of foreign keys between tables that move and tables that stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_keys: Option<ForeignKeys>,
    /// What follows if others than the service use the moving tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What happens between cutover and completion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observe: Option<Observe>,
    /// What happens to the old tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Cleanup>,
    /// While true the migration holds at the next safe point; never during the fence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

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
    /// Rehearses the cutover at ReadyForCutover, once for each number: locks and drains the real tables as a cutover does, and lets go
    /// before anything is switched (status.rehearsal). Raise it to rehearse again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rehearsal: Option<i64>,
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

/// How source and target are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// What is compared. Default Full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<VerificationMode>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VerificationMode {
    /// Every row of every table.
    #[default]
    Full,
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

/// How far a migration has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum SplitPhase {
    /// Accepted, not begun.
    #[default]
    Pending,
    /// Both sides are being inspected; nothing changes.
    Preflight,
    /// Schema, publication and slot are being made.
    Prepare,
    /// Rows are being copied.
    Copy,
    /// Changes since the copy are being applied.
    CatchUp,
    /// Both sides are being compared.
    Verify,
    /// Waiting for approval or for the service's pods.
    ReadyForCutover,
    /// Writes move to the target.
    Cutover,
    /// The target owns the data; the migration watches.
    Observe,
    /// Side objects are being removed.
    Finalize,
    /// Done.
    Completed,
    /// Writes move back to the source.
    RollingBack,
    /// The source owns the data again; the target follows.
    RolledBack,
    /// Everything is being taken back.
    Aborting,
    /// Taken back; the source owns the data.
    Aborted,
    /// Can't go on without a person; the findings say why.
    Failed,
}

impl SplitPhase {
    /// Every phase, in the order of a successful run, then the others.
    pub const ALL: [Self; 16] = [
        Self::Pending,
        Self::Preflight,
        Self::Prepare,
        Self::Copy,
        Self::CatchUp,
        Self::Verify,
        Self::ReadyForCutover,
        Self::Cutover,
        Self::Observe,
        Self::Finalize,
        Self::Completed,
        Self::RollingBack,
        Self::RolledBack,
        Self::Aborting,
        Self::Aborted,
        Self::Failed,
    ];

    /// Whether nothing more will happen. Failed is not terminal: the migration goes on, or is taken back, when a person has acted.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted)
    }
}

impl fmt::Display for SplitPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A text that is no phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a phase of a split")]
pub struct UnknownPhase(pub String);

impl FromStr for SplitPhase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|phase| phase.to_string() == text).ok_or_else(|| UnknownPhase(text.to_owned()))
    }
}

/// What the operator and the worker have seen and done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSplitMigrationStatus {
    /// Generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled, Preflighted, Copied, Streaming, CaughtUp, Verified, ServicesPrepared, CutOver, ReverseReplicating, Finalized.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// How far it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<SplitPhase>,
    /// Counts how often the data has changed hands; what spec.rollback and spec.forward name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// Id under which both databases know this migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_id: Option<String>,
    /// Hash of every statement that the plan will run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// Progress by table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub tables: Vec<TableProgress>,
    /// Progress of the copy as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyProgress>,
    /// State of the stream of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<ReplicationStatus>,
    /// What the last rehearsal of the cutover came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<RehearsalStatus>,
    /// Figures of the cutover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutover: Option<CutoverStatus>,
    /// Whether the data can change hands once more, and how it last went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackStatus>,
    /// Figures of the comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationStatus>,
    /// Foreign keys between tables that move and tables that stay, from the cutover on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["child".into(), "name".into()]))]
    pub foreign_keys: Vec<ForeignKeyStatus>,
    /// Whether others than the service use the moving tables; the findings name them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceStatus>,
    /// What is to become of the old tables, or has; absent where they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<CleanupStatus>,
    /// What preflight or a later phase found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub findings: Vec<Finding>,
    /// What the migration has made on either server and nobody has seen gone: what is left there while the server can't be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub side_objects: Vec<SideObject>,
}

/// Something that a migration has made on one of the two servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideObject {
    /// `source` or `target`.
    pub side: String,
    /// Slot, subscription, publication, role, event trigger, table, …
    pub kind: String,
    /// Its name there.
    pub name: String,
}

/// Progress of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableProgress {
    /// Name of the table.
    pub name: String,
    /// Rows copied.
    pub rows: i64,
    /// Bytes copied.
    pub bytes: i64,
    /// Rows expected, estimated from statistics.
    pub total: i64,
    /// Bytes expected, estimated from the table's size and from what has been copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub total_bytes: Option<i64>,
    /// Where the copy of this table stands.
    pub state: String,
    /// Seconds to go, estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<i64>,
}

/// Progress of the copy of all tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CopyProgress {
    /// Bytes copied.
    #[schemars(range(min = 0))]
    pub bytes: i64,
    /// Bytes expected: the sum over all tables.
    #[schemars(range(min = 0))]
    pub total_bytes: i64,
    /// Bytes per second over the last half minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub bytes_per_second: Option<i64>,
    /// Seconds to go at that rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub eta_seconds: Option<i64>,
    /// Bound that the workers keep to at present, in bytes per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_bytes_per_second: Option<i64>,
    /// How long a commit takes on the source, in milliseconds, if it is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_latency_ms: Option<f64>,
}

/// State of the stream of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationStatus {
    /// Bytes of changes the target has not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<i64>,
    /// Bytes of WAL the source keeps for the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retained_wal_bytes: Option<i64>,
    /// Bytes more that it may keep, where there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub wal_room_bytes: Option<i64>,
    /// Bytes of WAL that it writes in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub wal_bytes_per_second: Option<i64>,
    /// Seconds until there is no room for more, while what is kept grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub wal_seconds_left: Option<i64>,
    /// Name of the replication slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
}

/// A rehearsal of the cutover, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalStatus {
    /// Which one that spec.cutover.rehearsal asked for.
    pub number: i64,
    /// When it ended, in RFC 3339.
    pub at: String,
    /// How long writers would wait for the cutover; absent if it failed, as are the times below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_pause_ms: Option<f64>,
    /// How long they waited for the rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_ms: Option<f64>,
    /// Waiting for the locks before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
    /// Part of it spent until the last change had reached the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
    /// Part of it spent on sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_ms: Option<f64>,
    /// Attempts, the last one included.
    pub attempts: i64,
    /// Why no attempt came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Figures of the cutover, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CutoverStatus {
    /// Time during which no write could commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_pause_ms: Option<f64>,
    /// Waiting for the locks before it; who comes meanwhile waits from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
    /// The longest that any attempt kept writers waiting, given-up ones included, from asking for the locks on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait_ms: Option<f64>,
    /// Part of it spent until the last change had reached the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
    /// Part of it spent on sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_ms: Option<f64>,
    /// Attempts, the successful one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i64>,
    /// Epoch of the owner rows after the last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// When the source closed, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Whether the data can change hands once more, and how it last went back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollbackStatus {
    /// A stream leads to the side that owned before.
    pub possible: bool,
    /// Until when, in RFC 3339; absent where nothing ends it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possible_until: Option<String>,
    /// Why it is not possible, or what is in its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// State of that stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<ReplicationStatus>,
    /// Figures of the last rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<CutoverStatus>,
}

/// Figures of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerificationStatus {
    /// Rows compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Ranges of keys compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<i64>,
    /// Rows that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatches: Option<i64>,
    /// Share of the rows that were compared, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
}

/// A foreign key whose tables end up in two databases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeignKeyStatus {
    /// Name of the constraint.
    pub name: String,
    /// Table that has it.
    pub child: String,
    /// Table it refers to.
    pub parent: String,
    /// `Intended`, `Severed` or `Restored`.
    pub state: String,
    /// When it was severed, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severed_at: Option<String>,
    /// Rows of the child without a parent, as last compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphans: Option<i64>,
    /// The longest that one request for the locks of both tables took, in milliseconds; others waited behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
}

/// Whether others than the service use the moving tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceStatus {
    /// Since when it is counted, in RFC 3339: right before the copy.
    pub since: String,
    /// When the worker last looked, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<String>,
    /// Statements and sessions of others that were seen since.
    pub uses: i64,
    /// When the last of them was seen, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_use: Option<String>,
    /// Why statements aren't counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Why the cutover waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
}

/// The old tables, from the end of the way back on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CleanupStatus {
    /// Since when nobody has used them, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_since: Option<String>,
    /// When they are renamed or dropped if nobody uses them until then, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What made the wait begin anew, the last time: the tables, and who, if that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
    /// When they were renamed or dropped, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
}

/// Something that stops a migration, or that a person should know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Name of the check.
    pub id: String,
    /// Whether it stops the migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `source`, `target` or `both`.
    pub side: String,
    /// What it is about.
    pub object: String,
    /// What was found.
    pub message: String,
    /// Statement or setting that resolves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_survive_text() {
        for phase in SplitPhase::ALL {
            assert_eq!(phase.to_string().parse(), Ok(phase));
        }
        assert!("copying".parse::<SplitPhase>().is_err());
    }

    #[test]
    fn steps_are_ordered() {
        assert!(AdvanceTo::Preflight < AdvanceTo::ReadyForCutover && AdvanceTo::Cutover < AdvanceTo::Completed);
    }
}
