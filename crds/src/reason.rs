//! The closed list of reasons. A reason appears in a condition only if it is in this list, so tools may match on them.

use std::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Why a condition has its status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $name,)+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The text that conditions and events carry.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

reasons! {
    // All kinds.
    /// Everything is as the spec says.
    AsExpected,
    /// Seen for the first time.
    Pending,
    /// Work goes on.
    Progressing,
    /// The object is being deleted.
    Deleting,
    /// `spec.suspend` is true.
    Suspended,
    /// The spec can't be honoured as written.
    InvalidSpec,
    /// A child of the needed name exists and belongs to somebody else.
    NameTaken,
    /// The Kubernetes API refused or failed; it is tried again.
    ApiError,
    /// Something failed that is expected to pass; it is tried again.
    Retrying,
    // RerpService.
    /// The service declares none.
    NotNeeded,
    /// A pod's image can't be pulled.
    ImagePullFailed,
    /// A Secret or ConfigMap that pods need does not exist.
    ConfigMissing,
    /// Containers start and die.
    CrashLooping,
    /// The migrate command fails.
    MigrationFailed,
    /// No node takes the pods.
    Unschedulable,
    /// Pods are being replaced or started.
    RolloutProgressing,
    /// Fewer pods are available than wanted.
    ReplicasUnavailable,
    /// The ServiceDatabase does not exist.
    DatabaseMissing,
    /// The ServiceDatabase exists and is not ready yet.
    DatabaseNotReady,
    /// Another RerpService uses the ServiceDatabase.
    DatabaseInUse,
    /// `databaseRef` was changed without a migration.
    DatabaseMoveNeedsMigration,
    /// A migration moves the data.
    DatabaseMoving,
    /// A migration has moved the data; the spec still names the source.
    DatabaseMoved,
    /// A Secret that the operator itself needs does not exist or lacks a key.
    SecretMissing,
    /// A dependency does not exist.
    DependencyMissing,
    /// A dependency exists and is not ready yet.
    DependencyNotReady,
    /// Dependencies form a circle, of services or of migrations.
    DependencyCycle,
    /// Another service announces a type of events that this one declares.
    EventPublishedElsewhere,
    /// Nobody has taken the Ingress or the HTTPRoute yet.
    RouteNotTaken,
    /// Whoever serves the HTTPRoute refuses it.
    RouteRefused,
    /// The service wants certificates of its callers, and no gateway stands before it.
    GatewayNeeded,
    /// The cluster does not know the Gateway API.
    GatewayApiMissing,
    /// Not everything that is meant for the gateway can be served.
    RoutesRefused,
    /// The Secret with the certificate authority can't be used.
    AuthorityUnusable,
    /// A certificate could not be made.
    CertificateFailed,
    // ServiceDatabase.
    /// The server's pod is starting.
    ServerStarting,
    /// The ServiceDatabase that runs the server does not exist, or runs none.
    ServerMissing,
    /// The ServiceDatabase that runs the server is not ready yet.
    ServerNotReady,
    /// The server can't be reached.
    ServerUnreachable,
    /// The server refuses the operator's password.
    AuthenticationFailed,
    /// A role or schema of the needed name belongs to somebody else.
    OwnershipConflict,
    /// The server doesn't have the extension.
    ExtensionUnavailable,
    /// The volume can't be provided.
    VolumeUnavailable,
    /// The server refused a statement.
    StatementFailed,
    // DatabaseSplitMigration.
    /// The RerpService does not exist.
    ServiceMissing,
    /// The service's data is not in the source.
    SourceMismatch,
    /// Another live migration works on the same schema.
    MigrationConflict,
    /// A migration in `dependsOn` is not Completed.
    WaitingForMigration,
    /// A foreign key leads to a table of a migration that has to go first, and this one doesn't wait for it.
    WrongOrder,
    /// Preflight found something that must be resolved.
    PreflightFailed,
    /// The worker's pod does not run, or is silent.
    WorkerUnavailable,
    /// `advanceTo` holds the migration here.
    AwaitingApproval,
    /// The cutover waits until its window opens.
    AwaitingWindow,
    /// Pods don't hold connections to the next database yet.
    ServicesNotPrepared,
    /// Others than the service use the moving tables, or it can't be told whether they do.
    StillUsed,
    /// Source and target differ.
    VerificationMismatch,
    /// No attempt at the cutover succeeded in its budget.
    CutoverBudgetExhausted,
    /// The data went back to the source; it stays there until somebody decides otherwise.
    RolledBack,
    /// The rollback or the way forward that is asked for can't be gone.
    RollbackImpossible,
    /// The old tables are waited for: nobody may use them for a while before they are renamed or dropped.
    AwaitingQuiet,
    /// Something is in the way of renaming or dropping the old tables.
    CleanupBlocked,
    /// The step has not been reached.
    NotReached,
    /// The migration is done.
    Completed,
    /// The migration was taken back.
    Aborted,
    /// The worker gave up.
    Failed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_what_the_api_conventions_allow() {
        for reason in Reason::ALL {
            let text = reason.as_str();
            assert!(
                text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric()),
                "{text}"
            );
        }
    }
}
