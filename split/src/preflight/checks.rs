//! The checks by their stable names: the `id` of a finding, and the rows of `docs/preflight.md`.

macro_rules! checks {
    ($($variant:ident = $id:literal,)*) => {
        /// A check of preflight.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check {
            $(#[doc = concat!("`", $id, "`")] $variant,)*
        }

        impl Check {
            /// Every check.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable kebab-case name.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }
        }
    };
}

checks! {
    // Servers.
    Version = "version",
    InRecovery = "in-recovery",
    AsyncStandby = "async-standby",
    SynchronousStandby = "synchronous-standby",
    Durability = "durability",
    ReadOnly = "read-only",
    SameDatabase = "same-database",
    Encoding = "encoding",
    Collation = "collation",
    CollationVersion = "collation-version",
    TargetOlder = "target-older",
    SourceHost = "source-host",
    TargetHost = "target-host",
    PgDump = "pg-dump",
    WalLevel = "wal-level",
    ReplicationSlots = "replication-slots",
    WalSenders = "wal-senders",
    IdleSlotTimeout = "idle-slot-timeout",
    SlotWalLimit = "slot-wal-limit",
    SlotWalForecast = "slot-wal-forecast",
    OutputPlugin = "output-plugin",
    WalSenderTimeout = "wal-sender-timeout",
    WalReceiverTimeout = "wal-receiver-timeout",
    LogicalWorkers = "logical-workers",
    WorkerProcesses = "worker-processes",
    ReplicationOrigins = "replication-origins",
    PreparedTransaction = "prepared-transaction",
    OldTransaction = "old-transaction",
    Connections = "connections",
    DatabaseConnections = "database-connections",
    LockTable = "lock-table",
    TempFileLimit = "temp-file-limit",
    SessionSetting = "session-setting",
    DatabaseSetting = "database-setting",
    // A login that is no superuser.
    NotSuperuser = "not-superuser",
    RightOwner = "right-owner",
    RightDatabase = "right-database",
    RightSessions = "right-sessions",
    RightParameter = "right-parameter",
    RightEventTrigger = "right-event-trigger",
    RightReplication = "right-replication",
    RightReplicationRole = "right-replication-role",
    RightSubscription = "right-subscription",
    RightOrigin = "right-origin",
    RowSecurity = "row-security",
    // Tables.
    NoSuchTable = "no-such-table",
    NotATable = "not-a-table",
    NothingToMove = "nothing-to-move",
    Inheritance = "inheritance",
    PartitionTree = "partition-tree",
    Unlogged = "unlogged",
    NoPrimaryKey = "no-primary-key",
    ReplicaIdentity = "replica-identity",
    GeneratedIdentity = "generated-identity",
    TriggerAlways = "trigger-always",
    RewriteRule = "rewrite-rule",
    LargeObject = "large-object",
    PolicyRole = "policy-role",
    Wraparound = "wraparound",
    // What doesn't move with them.
    LargeObjectsLeft = "large-objects-left",
    ExtensionTable = "extension-table",
    InvalidIndex = "invalid-index",
    Tablespace = "tablespace",
    SecurityLabel = "security-label",
    RightsLeft = "rights-left",
    NameColumn = "name-column",
    CountColumn = "count-column",
    // What is around the tables.
    MaterializedView = "materialized-view",
    ForeignTable = "foreign-table",
    SequenceElsewhere = "sequence-elsewhere",
    SequenceExhausted = "sequence-exhausted",
    SequenceShared = "sequence-shared",
    NeedsStayingTable = "needs-staying-table",
    Dependent = "dependent",
    Mention = "mention",
    EventTrigger = "event-trigger",
    ForeignKey = "foreign-key",
    ForeignKeySevered = "foreign-key-severed",
    ForeignKeyCircle = "foreign-key-circle",
    Orphans = "orphans",
    KeyOfAnotherMigration = "key-of-another-migration",
    SubscribedTable = "subscribed-table",
    OtherPublication = "other-publication",
    NameTaken = "name-taken",
    SourceClosed = "source-closed",
    SchemaOfAnotherMigration = "schema-of-another-migration",
    // The target.
    SchemaName = "schema-name",
    TargetNotEmpty = "target-not-empty",
    TargetInUse = "target-in-use",
    SchemaOwner = "schema-owner",
    OutsideDependency = "outside-dependency",
    Language = "language",
    Extension = "extension",
    ExtensionVersion = "extension-version",
    // Roles.
    NoSuchRole = "no-such-role",
    OwnerLogin = "owner-login",
    PowerfulRole = "powerful-role",
    TableOwner = "table-owner",
    ViewOwner = "view-owner",
    DefinerOwner = "definer-owner",
    SchemaUsage = "schema-usage",
    DirectGrant = "direct-grant",
    OtherGrantor = "other-grantor",
    OtherReader = "other-reader",
    // The plan.
    NotApproved = "not-approved",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sever::ORPHANS;
    use std::collections::BTreeSet;

    const DOCUMENT: &str = include_str!("../../../docs/preflight.md");

    #[test]
    fn the_document_has_a_row_for_each_check_and_for_nothing_else() {
        let rows: Vec<_> = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let checks: Vec<_> = Check::ALL.iter().map(|check| check.id()).collect();
        assert_eq!(rows, checks, "docs/preflight.md has other checks, or another order");
        let unfinished: Vec<_> =
            DOCUMENT.lines().filter(|line| line.starts_with("| `") && line.split(" | ").count() != 5).collect();
        assert_eq!(unfinished, Vec::<&str>::new(), "five cells each");
    }

    #[test]
    fn names_are_stable_words_and_each_is_there_once() {
        let names: BTreeSet<_> = Check::ALL.iter().map(|check| check.id()).collect();
        assert_eq!(names.len(), Check::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')), "{names:?}");
        assert_eq!(Check::Orphans.id(), ORPHANS, "the comparison of severed keys says it by the same name");
    }
}
