//! The table: where a migration is given up, how, and what must be left of it.

use rerp_split::phase::Phase;

/// How it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By a wish that a living worker hears when it is at the place.
    Wish,
    /// Its worker is killed there; the next one hears the wish.
    Kill,
    /// Its worker stands still there and comes back when all is over.
    Freeze,
}

impl How {
    /// The failpoint's word for it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Wish => "wait",
            Self::Kill => "kill",
            Self::Freeze => "freeze",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Wish => "wish",
            Self::Kill => "kill",
            Self::Freeze => "freeze",
        }
    }
}

/// What the migration is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No way back, no foreign keys to what stays.
    Plain,
    /// Changes flow back after the switch.
    WayBack,
    /// Foreign keys between what moves and what stays are severed.
    Keys,
    /// The same, and a child has lost its parent when it is given up.
    Orphan,
}

/// On which turn the place is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// To the target, with everything before it and the end after it.
    There,
    /// To the target, and served there for now.
    Observed,
    /// Back to the source.
    Back,
    /// To the target again.
    Again,
    /// The taking back itself, which somebody has wished for before.
    Away,
}

/// What must be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing on either side; the source has its data as before.
    NothingLeft,
    /// The target owns, no side objects; the source's old tables are as they were, closed.
    Detached,
    /// One of the two: an attempt of the fence that is under way is finished first, and may fail.
    Either,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub phase: Phase,
    pub place: &'static str,
    pub how: How,
    pub kind: Kind,
    pub turn: Turn,
    pub end: End,
}

const fn point(phase: Phase, place: &'static str, how: How, kind: Kind, turn: Turn, end: End) -> Point {
    Point { phase, place, how, kind, turn, end }
}

/// Before the source's commit: nothing is left.
const fn before(phase: Phase, place: &'static str, how: How) -> Point {
    point(phase, place, how, Kind::Plain, Turn::There, End::NothingLeft)
}

/// After it: the target owns.
const fn after(phase: Phase, place: &'static str, how: How) -> Point {
    point(phase, place, how, Kind::Plain, Turn::There, End::Detached)
}

const fn back(phase: Phase, place: &'static str, how: How, turn: Turn, end: End) -> Point {
    point(phase, place, how, Kind::WayBack, turn, end)
}

const fn keys(phase: Phase, place: &'static str, how: How, kind: Kind, end: End) -> Point {
    point(phase, place, how, kind, Turn::There, end)
}

/// The migration is being taken back already.
const fn away(phase: Phase, place: &'static str, how: How, kind: Kind) -> Point {
    point(phase, place, how, kind, Turn::Away, End::NothingLeft)
}

use End::{Detached, Either, NothingLeft};
use How::{Freeze, Kill, Wish};
use Phase::{
    Aborting, CatchUp, Copy, Cutover, Finalize, Observe, Pending, Preflight, Prepare, ReadyForCutover, RolledBack,
    RollingBack, Verify,
};

/// All rows; those that take longest first.
pub const POINTS: &[Point] = &[
    back(Cutover, "WayBackMade", Kill, Turn::Again, NothingLeft),
    back(Cutover, "F8Close.before", Freeze, Turn::Again, NothingLeft),
    back(Cutover, "F8Close.after", Kill, Turn::Again, Detached),
    back(RolledBack, "RolledBack.before", Wish, Turn::Back, NothingLeft),
    back(RolledBack, "RolledBack.after", Kill, Turn::Back, NothingLeft),
    // Before the target's commit the data stays where it is.
    back(Observe, "TurnClaimed", Kill, Turn::Back, Detached),
    back(RollingBack, "WayBackSlotMade", Kill, Turn::Back, Detached),
    back(RollingBack, "ReadWish.before", Wish, Turn::Back, Detached),
    back(RollingBack, "F3Lock.after", Wish, Turn::Back, Either),
    back(RollingBack, "F8Close.before", Freeze, Turn::Back, Detached),
    // After it the step is finished, and then taken back.
    back(RollingBack, "F8Close.after", Kill, Turn::Back, NothingLeft),
    back(RollingBack, "F9Open.after", Wish, Turn::Back, NothingLeft),
    back(RollingBack, "F10Enable.before", Kill, Turn::Back, NothingLeft),
    back(Observe, "Observe.before", Wish, Turn::Observed, Detached),
    back(Observe, "Observe.after", Kill, Turn::Observed, Detached),
    back(Cutover, "F10Slot.before", Kill, Turn::There, Detached),
    back(Cutover, "F10Enable.before", Freeze, Turn::There, Detached),
    back(Cutover, "WayBackSlotIntended", Kill, Turn::There, NothingLeft),
    back(Cutover, "WayBackMade", Wish, Turn::There, NothingLeft),
    back(Finalize, "Finalize.before", Wish, Turn::There, Detached),
    keys(Cutover, "KeysSevered", Kill, Kind::Keys, NothingLeft),
    keys(Cutover, "KeysSevered", Wish, Kind::Orphan, NothingLeft),
    keys(Cutover, "F7Flush.after", Kill, Kind::Keys, NothingLeft),
    away(Aborting, "SideObjectsGone", Kill, Kind::Keys),
    keys(Observe, "Observe.before", Kill, Kind::Keys, Detached),
    after(Cutover, "F8Close.after", Wish),
    after(Cutover, "F9Proof.after", Freeze),
    after(Cutover, "F9Open.before", Kill),
    after(Cutover, "F9Open.after", Kill),
    after(Cutover, "F10Stop.after", Wish),
    after(Cutover, "Switched", Kill),
    after(Observe, "SubscriptionsDropped", Freeze),
    after(Observe, "StreamGone", Kill),
    after(Observe, "PublicationsDropped", Wish),
    after(Finalize, "Finalize.before", Kill),
    after(Finalize, "Finalize.after", Wish),
    before(Cutover, "CutoverInspected", Wish),
    before(Cutover, "P2Close.after", Kill),
    before(Cutover, "ReadWish.before", Wish),
    before(Cutover, "P5RoundTrip.after", Kill),
    before(Cutover, "F1Begin.after", Freeze),
    before(Cutover, "F1Journal.after", Kill),
    before(Cutover, "F2Arm.after", Kill),
    before(Cutover, "F3Lock.after", Freeze),
    point(Cutover, "F3Lock.after", Wish, Kind::Plain, Turn::There, Either),
    point(Cutover, "F7Flush.after", Wish, Kind::Plain, Turn::There, Either),
    before(Cutover, "F4Check.after", Kill),
    before(Cutover, "F5Token.after", Freeze),
    before(Cutover, "F6Set.after", Kill),
    before(Cutover, "F7Flush.after", Freeze),
    before(Cutover, "F8Close.before", Kill),
    before(ReadyForCutover, "ReadyForCutover.before", Wish),
    before(ReadyForCutover, "ReadyForCutover.after", Kill),
    before(Verify, "ChunkRecorded", Wish),
    before(Verify, "Compared", Kill),
    before(CatchUp, "RowsFrozen", Kill),
    before(CatchUp, "IndexMade", Wish),
    before(CatchUp, "IndexesBuilt", Kill),
    before(CatchUp, "SubscriptionEnabled", Freeze),
    before(Copy, "SlotIntended", Kill),
    before(Copy, "SlotMade", Freeze),
    before(Copy, "RoleMade", Kill),
    before(Copy, "SubscriptionMade", Kill),
    before(Copy, "RangeCopied", Wish),
    before(Copy, "RangesCounted", Freeze),
    before(Prepare, "FreezeIntended", Kill),
    before(Prepare, "TargetRegistered", Freeze),
    before(Prepare, "Published", Wish),
    before(Prepare, "TablesMade", Kill),
    before(Preflight, "Inspected", Wish),
    before(Preflight, "Preflight.after", Kill),
    before(Pending, "Pending.before", Kill),
    // Whoever takes back may be lost too.
    away(ReadyForCutover, "AbortClaimed", Kill, Kind::Plain),
    away(Aborting, "SlotsDropped", Freeze, Kind::Plain),
    away(Aborting, "CopyDropped", Kill, Kind::Plain),
];
