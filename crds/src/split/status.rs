//! What is told of a migration.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CopyProgress, CutoverStatus, RehearsalStatus, ReplicationStatus, RollbackStatus, SplitPhase, TableProgress,
};

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
    /// Share of the rows that were compared, 0 to 1; estimated by statistics where a sample has left some out.
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
