//! DatabaseSplitMigration: moves the tables of one service from the database it lives in to one of its own while it keeps serving.
//!
//! In rooms: what is asked for (`settings`, `verification`), how far it is (`phase`), what is told of it (`status`, `figures`).

mod figures;
mod phase;
mod settings;
mod status;
mod verification;

pub use figures::*;
pub use phase::{SplitPhase, UnknownPhase};
pub use settings::*;
pub use status::*;
pub use verification::*;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use crate::reference::ObjectRef;

/// Longest write pause that the fence may cause when none is given.
pub const DEFAULT_MAX_WRITE_PAUSE: &str = "500ms";
/// Time for attempts at the cutover when none is given.
pub const DEFAULT_CUTOVER_BUDGET: &str = "10m";
/// How long others have to have been quiet when nothing else is given.
pub const DEFAULT_QUIET_FOR: &str = "10m";
/// How long the old tables are waited for when nothing is given.
pub const DEFAULT_CLEANUP_AFTER: &str = "168h";
/// How long a sample is compared when nothing is given.
pub const DEFAULT_SAMPLE_DURATION: &str = "1h";

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
#[x_kube(validation = Rule::new("!has(self.verification) || !has(self.verification.mode) || self.verification.mode != 'Sample' || !has(self.cleanup) || !has(self.cleanup.policy) || self.cleanup.policy != 'Drop'")
    .message("old tables are dropped only if every row was compared; set spec.verification.mode to Full, or spec.cleanup.policy to Keep or Rename")
    .field_path(".verification"))]
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
    pub verification: Option<VerificationSettings>,
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
