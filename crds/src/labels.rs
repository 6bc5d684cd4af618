//! Labels and annotations that RERP writes or reads. One list, so that selectors and writers can't disagree.

/// Recommended Kubernetes label: the RerpService or ServiceDatabase a child serves.
pub const NAME: &str = "app.kubernetes.io/name";
/// Recommended Kubernetes label: what a child is (`service`, `database`, `split-worker`).
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Recommended Kubernetes label: always `MANAGER`.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Value of `MANAGED_BY` on everything the operator makes.
pub const MANAGER: &str = "rerp";
/// Name of the RerpService that a child belongs to.
pub const SERVICE: &str = "rerp.dev/service";
/// Name of the ServiceDatabase that a child belongs to.
pub const DATABASE: &str = "rerp.dev/database";
/// Name of the DatabaseSplitMigration that a child belongs to.
pub const SPLIT: &str = "rerp.dev/split";
/// Prefix that users' labels and annotations may not use.
pub const RESERVED_PREFIX: &str = "rerp.dev/";
/// Value of `NAME` on the operator's own pods.
pub const OPERATOR: &str = "rerp-operator";
/// Label that every namespace carries, with its name as the value.
pub const NAMESPACE: &str = "kubernetes.io/metadata.name";
