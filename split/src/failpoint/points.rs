//! Every named place, in the order in which a migration passes them.
//!
//! In: nothing. Out: names. Those of the fence and of the phases come from `Stmt` and `Phase` themselves: a match that
//! knows every variant makes them, so a new statement can't be left out.

use crate::fence::Stmt;
use crate::phase::Phase;

/// Before or after what the place is named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has been decided on; nothing of it has happened.
    Before,
    /// It has happened; nobody has drawn conclusions from it.
    After,
}

impl Moment {
    const ALL: [Self; 2] = [Self::Before, Self::After];

    fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident,)*) => {
        /// A place between two steps inside of a phase's work, named after what has just been done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Step { $($(#[$doc])* $step,)* }

        impl Step {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$step,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$step => stringify!($step),)* }
            }
        }
    };
}

steps! {
    /// Preflight: both catalogs have been read and judged.
    Inspected,
    /// Prepare: sessions of older workers have been ended.
    OlderSessionsEnded,
    /// Prepare: the event trigger is written down, not made.
    FreezeIntended,
    /// Prepare: definitions stand still.
    Frozen,
    /// Prepare: the source is still what the plan was made for.
    PlanConfirmed,
    /// Prepare: the target has an owner row, the source may not.
    TargetRegistered,
    /// Prepare: both sides have owner rows.
    Registered,
    /// Prepare: the publication is written down, not made.
    PublicationIntended,
    /// Prepare: the publication is made.
    Published,
    /// Prepare: `pg_dump` has told the definitions.
    PreDataDumped,
    /// Prepare: the tables are made on the target, uncommitted.
    TablesMade,
    /// Copy: what an earlier copy had compared is forgotten.
    ComparisonForgotten,
    /// Sessions of older workers have been ended on both sides.
    SweepBegun,
    /// Subscriptions are gone, their intents stand.
    SubscriptionsDropped,
    /// Subscriptions are gone, slots may be there.
    SubscriptionsSettled,
    /// Slots are gone, their intents stand.
    SlotsDropped,
    /// Copy: the keeper holds its locks.
    TablesHeld,
    /// Copy: the slot is written down, not made.
    SlotIntended,
    /// Copy: the slot is made, its snapshot lives in the session that made it.
    SlotMade,
    /// Copy: the keeper has the snapshot.
    SnapshotAdopted,
    /// Copy: the replication role is written down, not made.
    RoleIntended,
    /// Copy: the replication role can log in.
    RoleMade,
    /// Copy: the subscription is written down, not made.
    SubscriptionIntended,
    /// Copy: the subscription is made, disabled.
    SubscriptionMade,
    /// Copy: the tables of the target are empty, and so is the list of ranges.
    TablesEmptied,
    /// Copy: a range's transaction has begun.
    RangeBegun,
    /// Copy: a range's rows are on the target, uncommitted.
    RangeCopied,
    /// Copy: a range is written down, uncommitted.
    RangeRecorded,
    /// Copy: a range is committed.
    RangeCommitted,
    /// Copy: all ranges have been answered.
    RangesDrained,
    /// Copy: the target has been asked and has them all; the keeper still holds snapshot and locks.
    RangesCounted,
    /// CatchUp: `pg_dump` has told indexes and constraints.
    PostDataDumped,
    /// CatchUp: the copied rows are frozen.
    RowsFrozen,
    /// CatchUp: a key or an index is made, uncommitted.
    IndexMade,
    /// CatchUp: all keys and indexes are there.
    IndexesBuilt,
    /// CatchUp: what refers to them is made, uncommitted.
    ConstraintsMade,
    /// CatchUp: indexes and constraints are there.
    ConstraintsCommitted,
    /// CatchUp: the target is analysed, which isn't written down.
    Analysed,
    /// CatchUp: the subscription runs.
    SubscriptionEnabled,
    /// CatchUp, ReadyForCutover: the slot has been looked at.
    SlotLookedAt,
    /// Verify: the source is still what the plan was made for.
    ComparisonBegun,
    /// Verify: a chunk has been compared, which isn't written down.
    ChunkCompared,
    /// Verify: a chunk is written down.
    ChunkRecorded,
    /// Verify: everything has been compared.
    Compared,
    /// Cutover, RollingBack: the side that will close has been looked at; nothing is made or severed.
    CutoverInspected,
    /// RollingBack, and Cutover after it: a run number of its own is taken; the phase is still the one before.
    TurnClaimed,
    /// Cutover, RollingBack: nothing of the way back is left from an earlier try.
    WayBackCleared,
    /// Cutover, RollingBack: the publication of the way back is made.
    WayBackPublished,
    /// Cutover, RollingBack: its slot is written down, not made.
    WayBackSlotIntended,
    /// Cutover, RollingBack: its slot is made.
    WayBackSlotMade,
    /// Cutover, RollingBack: its subscription is made, disabled.
    WayBackMade,
    /// Cutover: no foreign key leads to what stays any more; the fence has not begun.
    KeysSevered,
    /// Cutover, RollingBack: the fence has ended well, which only the owner rows tell.
    Switched,
    /// Finalize: which tables are the old ones is written down; what led back is still there.
    OldTablesRecorded,
    /// Finalize: the backup is written down, not taken.
    BackupIntended,
    /// Finalize: the backup is in its place, and nobody knows what it is worth.
    BackupTaken,
    /// Finalize: the scratch database is written down, not made.
    ScratchIntended,
    /// Finalize: the scratch database is made, and empty.
    ScratchMade,
    /// Finalize: the backup is restored.
    BackupRestored,
    /// Finalize: the backup is compared, which isn't written down.
    BackupCompared,
    /// Finalize: the old tables are quiet from now on.
    QuietBegun,
    /// Finalize: that the old tables are renamed or dropped is written down, nothing has happened to them.
    RemovalIntended,
    /// Finalize: the old tables are renamed or dropped, uncommitted.
    TablesRemoved,
    /// Finalize: the old tables are renamed or dropped.
    RemovalCommitted,
    /// Clean-up: stream and slots are gone.
    StreamGone,
    /// Clean-up: definitions may change again.
    FreezeLifted,
    /// Clean-up: publications are gone.
    PublicationsDropped,
    /// Clean-up: the replication role is gone, its intent stands.
    RoleDropped,
    /// Abort: the run that takes back is claimed; the phase is not stored.
    AbortClaimed,
    /// Abort: all side objects are gone.
    SideObjectsGone,
    /// Abort: the target is not the owner.
    TakingBackAllowed,
    /// Abort: the copied tables are gone from the target.
    CopyDropped,
    /// Abort: the target has no owner row any more.
    TargetForgotten,
}

macro_rules! statements {
    ($($stmt:ident)*) => {
        /// The name of every statement of the fence.
        pub const STATEMENTS: &[&str] = &[$(stringify!($stmt)),*];

        /// The name of a statement, whatever it carries.
        pub(super) fn statement(stmt: &Stmt) -> &'static str {
            match stmt { $(Stmt::$stmt { .. } => stringify!($stmt),)* }
        }
    };
}

statements! {
    ReadSource ReadTarget ReadWish P2Declare P2Close P3Advance P5Quiet P5RoundTrip F1Begin F1Journal F2Arm F3Lock F3Unlock F3Wait
    F4Check F5Token F5Look F6Read F6Set F7Flush F8Close F8Status F9Proof F9Open F10Tidy F10Stop F10Slot F10Enable Retreat Rest
    TakeBegin TakeArm TakeCommit TakeRetreat TakeProof TakeOpen
}

/// `<what>.before` or `<what>.after`.
pub(super) fn around(what: &str, moment: Moment) -> String {
    format!("{what}.{}", moment.name())
}

/// The name of every place there is.
#[must_use]
pub fn names() -> Vec<String> {
    // What is over has no work.
    let phases = Phase::ALL.into_iter().filter(|phase| !phase.is_terminal() && *phase != Phase::Failed);
    let around = |what: &'static str| Moment::ALL.map(|moment| around(what, moment));
    let phases = phases.map(Phase::as_str).flat_map(around);
    let steps = Step::ALL.iter().map(|step| step.name().to_owned());
    steps.chain(phases).chain(STATEMENTS.iter().copied().flat_map(around)).collect()
}
