//! The order in which named places are passed.
//!
//! In: nothing. Out: the way from the first look to Completed, what lies beside it, and the way back to Aborted. A place
//! that is passed in several phases stands here for each of them in which it is tried.

/// From Pending to ReadyForCutover.
const TO_THE_FENCE: &[&str] = &[
    "Pending.before",
    "Pending.after",
    "Preflight.before",
    "Inspected",
    "Preflight.after",
    "Prepare.before",
    "OlderSessionsEnded",
    "FreezeIntended",
    "Frozen",
    "PlanConfirmed",
    "TargetRegistered",
    "Registered",
    "PublicationIntended",
    "Published",
    "PreDataDumped",
    "TablesMade",
    "Prepare.after",
    "Copy.before",
    "ComparisonForgotten",
    "SweepBegun",
    "SubscriptionsDropped",
    "SubscriptionsSettled",
    "SlotsDropped",
    "TablesHeld",
    "SlotIntended",
    "SlotMade",
    "SnapshotAdopted",
    "RoleIntended",
    "RoleMade",
    "SubscriptionIntended",
    "SubscriptionMade",
    "TablesEmptied",
    "RangeBegun",
    "RangeCopied",
    "RangeRecorded",
    "RangeCommitted",
    "RangesDrained",
    "RangesCounted",
    "Copy.after",
    "CatchUp.before",
    "PostDataDumped",
    "RowsFrozen",
    "IndexMade",
    "IndexesBuilt",
    "ConstraintsMade",
    "ConstraintsCommitted",
    "Analysed",
    "SubscriptionEnabled",
    "SlotLookedAt",
    "CatchUp.after",
    "Verify.before",
    "ComparisonBegun",
    "ChunkCompared",
    "ChunkRecorded",
    "Compared",
    "Verify.after",
    "ReadyForCutover.before",
    "ReadyForCutover.after",
    "Cutover.before",
    "CutoverInspected",
    "KeysSevered",
];

/// The statements of an attempt that succeeds.
const FENCE: &[&str] = &[
    "ReadSource",
    "ReadTarget",
    "ReadWish",
    "P2Declare",
    "P2Close",
    "P5Quiet",
    "P5RoundTrip",
    "F1Begin",
    "F1Journal",
    "F2Arm",
    "F3Lock",
    "F4Check",
    "F5Token",
    "F5Look",
    "F6Read",
    "F6Set",
    "F7Flush",
    "F8Close",
    "F9Proof",
    "F9Open",
    "F10Tidy",
    "F10Stop",
    "F10Slot",
];

/// From the fence to Completed.
const AFTER_THE_FENCE: &[&str] = &[
    "Switched",
    "Cutover.after",
    "Observe.before",
    "SweepBegun",
    "SubscriptionsDropped",
    "SubscriptionsSettled",
    "SlotsDropped",
    "StreamGone",
    "FreezeLifted",
    "PublicationsDropped",
    "RoleDropped",
    "Observe.after",
    "Finalize.before",
    "Finalize.after",
];

/// Statements that only an obstacle brings about, and after which the source is open.
pub const BESIDE: &[(Obstacle, &[&str])] = &[
    (Obstacle::LockedTable, &["F3Unlock", "F3Wait"]),
    (Obstacle::Unpublished, &["Retreat", "Rest"]),
    (Obstacle::LostAnswer, &["F8Status"]),
];

/// A taking back that is given up: the target is closed, and the source's owner row is held.
pub const GIVEN_UP: &[&str] = &["TakeRetreat"];

/// A taking back: the target is closed.
pub const TAKING_BACK: &[&str] = &["TakeBegin", "TakeArm", "TakeCommit", "TakeProof", "TakeOpen"];

/// From the wish to abort to Aborted.
pub const BACK: &[&str] = &[
    "AbortClaimed",
    "Aborting.before",
    "SweepBegun",
    "SubscriptionsDropped",
    "SubscriptionsSettled",
    "SlotsDropped",
    "StreamGone",
    "FreezeLifted",
    "PublicationsDropped",
    "RoleDropped",
    "SideObjectsGone",
    "TakingBackAllowed",
    "CopyDropped",
    "TargetForgotten",
    "Aborting.after",
];

/// Where there is a way back, what is passed from the go-ahead to Observe and isn't without one.
pub const THERE: &[&str] = &[
    "WayBackCleared",
    "WayBackPublished",
    "WayBackSlotIntended",
    "WayBackSlotMade",
    "WayBackMade",
    "P3Advance.before",
    "P3Advance.after",
    "F10Stop.after",
    "F10Slot.after",
    "F10Enable.before",
    "F10Enable.after",
];

/// The rollback.
pub const BACK_AGAIN: &[&str] = &[
    "TurnClaimed",
    "RollingBack.before",
    "WayBackSlotMade",
    "F8Close.before",
    "F8Close.after",
    "F9Open.after",
    "F10Slot.before",
    "F10Enable.before",
    "Switched",
    "RollingBack.after",
    "RolledBack.before",
    "RolledBack.after",
];

/// Forward again.
pub const THERE_AGAIN: &[&str] = &["WayBackMade", "F8Close.after", "F10Enable.before"];

/// The end of old tables that are to be dropped with a backup.
pub const ENDING: &[&str] = &[
    "OldTablesRecorded",
    "BackupIntended",
    "BackupTaken",
    "ScratchIntended",
    "ScratchMade",
    "BackupRestored",
    "BackupCompared",
    "QuietBegun",
    "RemovalIntended",
    "TablesRemoved",
    "RemovalCommitted",
];

/// What stands in the way of the fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Somebody holds a lock on a moving table.
    LockedTable,
    /// A moving table is missing from the publication.
    Unpublished,
    /// The closing session is ended while it commits.
    LostAnswer,
    /// The target refuses to be opened.
    ClosedTarget,
    /// Somebody holds the source's owner row.
    HeldRow,
}

/// Before and after each of `statements`.
pub fn around(statements: &[&str]) -> Vec<String> {
    statements.iter().flat_map(|stmt| [format!("{stmt}.before"), format!("{stmt}.after")]).collect()
}

/// From Pending to Completed.
pub fn way() -> Vec<String> {
    let named = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    [named(TO_THE_FENCE), around(FENCE), named(AFTER_THE_FENCE)].concat()
}
