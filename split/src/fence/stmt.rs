//! Everything the fence ever does to a database, as one enum; and everything it can learn from it.
//!
//! Plain data: `step` chooses a statement, `render` writes its SQL, `drive` runs it and turns the answer into an event.
//! The names F1 to F10 follow the order of the protocol. *Source* is the side that closes and *target* the one that opens:
//! in a rollback they have exchanged names. A and B are two sessions on the source.

use crate::spec::Direction;
use uuid::Uuid;

/// One statement of the protocol. Each is one round trip and, but for A's, one transaction of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stmt {
    /// Source B: the owner row. Every attempt and every recovery begins here: rows decide, never memory.
    ReadSource,
    /// Target: the owner row.
    ReadTarget,
    /// On the side where the wish is: may we, and is the service prepared?
    ReadWish {
        /// The epoch at which the source owns.
        epoch: i64,
    },
    /// Source B: writes down which rights the service has, in case this side has to be opened again.
    P2Declare,
    /// Target: writes down which rights the service will have, and takes whatever it has.
    P2Close,
    /// Target: lets the slot of the way back pass what has come from the source, as long as nobody can have written here.
    P3Advance,
    /// Source B: does an old transaction hold locks on the moving tables?
    P5Quiet,
    /// Source B, target: one token there.
    P5RoundTrip,
    /// Source A: begins the closing transaction; the proof is made, uncommitted, and only its hash is seen.
    F1Begin {
        /// The epoch at which the source owns.
        epoch: i64,
    },
    /// Source B: who is closing, for the day the answer to F8 is lost.
    F1Journal(Closing),
    /// Target: arms it with the hash.
    F2Arm(Closing),
    /// Source A: locks all moving tables, or times out.
    F3Lock,
    /// Source A: back to before the lock, so that writers go on.
    F3Unlock,
    /// Nobody: a pause before the next try of the lock, A kept awake.
    F3Wait {
        /// How often the lock has been tried in this transaction.
        tries: u32,
    },
    /// Source B: the schema and the publication are still what they were.
    F4Check,
    /// Source B: a token behind everything that writers have committed.
    F5Token,
    /// Target: has it arrived?
    F5Look(Uuid),
    /// Source B: where the sequences are.
    F6Read,
    /// Target: sets the sequences ahead.
    F6Set(Vec<Ahead>),
    /// Target: reads every token of this attempt again and makes durable what was applied before.
    F7Flush {
        /// The epoch that is being opened.
        epoch: i64,
        /// The tokens of this attempt.
        tokens: Vec<Uuid>,
    },
    /// Source A: rights away, guards up, COMMIT: the only decision point.
    F8Close,
    /// Source B: what became of A's transaction.
    F8Status(Closing),
    /// Source B: the proof, which is there only if the closing commit is durable.
    F9Proof,
    /// Target: opens it.
    F9Open(Uuid),
    /// Source B: tidies the journal.
    F10Tidy,
    /// Target: ends the subscription that led here, and tells where the way back begins.
    F10Stop {
        /// The epoch at which the target owns.
        epoch: i64,
    },
    /// Source B: drops the slot that the subscription read from.
    F10Slot,
    /// Source B: lets the way back begin.
    F10Enable {
        /// Where, in the target's WAL.
        position: String,
    },
    /// Source A: rolls back. Nothing has changed.
    Retreat,
    /// Nobody: a pause before everything is read again.
    Rest,
    /// Target: begins to take back: disarms it and makes a proof, uncommitted.
    TakeBegin {
        /// The epoch at which the target is armed.
        epoch: i64,
    },
    /// Source B: arms it with the hash.
    TakeArm(Closing),
    /// Target: COMMIT: from here on only the source can be opened.
    TakeCommit,
    /// Target: rolls the taking back back.
    TakeRetreat,
    /// Target: the proof that the target will not open.
    TakeProof,
    /// Source B: opens it again.
    TakeOpen(Uuid),
}

/// Which session runs a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The closing session on the source.
    A,
    /// The other session on the source.
    B,
    /// The session on the target.
    Target,
    /// No session: time passes.
    Nowhere,
}

/// A closing transaction that has not committed yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Closing {
    /// The epoch that it makes.
    pub epoch: i64,
    /// `sha256` of the proof, hexadecimal.
    pub hash: String,
    /// Process id of its backend.
    pub pid: i32,
    /// Its transaction id, as text of an `xid8`.
    pub xid: String,
}

/// Where one sequence of the source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// Its name without schema.
    pub name: String,
    /// `last_value`.
    pub last: i64,
    /// Whether `last` has been handed out.
    pub called: bool,
    /// Its step; negative for a descending one.
    pub increment: i64,
}

/// The value that a sequence of the target must at least have handed out (at most, for a descending one).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ahead {
    /// Its name without schema.
    pub name: String,
    /// May lie outside of the sequence's limits: the server clamps it.
    pub value: i128,
}

/// The owner row of one side, as far as decisions need it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Side {
    /// Counts changes of ownership.
    pub epoch: i64,
    /// May be written.
    pub is_owner: bool,
    /// Someone's proof would open it.
    pub armed: bool,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Not decided.
    InProgress,
    /// Durable.
    Committed,
    /// Never happened.
    Aborted,
    /// The server has forgotten: rows tell.
    Unknown,
}

/// The answer to a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It succeeded and there is nothing to tell.
    Done,
    /// It changed no row: what it was meant for is not so.
    Refused,
    /// The server refused it: it has not happened.
    Failed,
    /// No answer: it may have happened.
    Lost,
    /// A newer worker has begun.
    Superseded,
    /// The owner row; none if this migration has none.
    Owner(Option<Side>),
    /// The wish.
    Wish {
        /// Take the migration back.
        abort: bool,
        /// Every pod holds connections to the target.
        prepared: bool,
    },
    /// The question was answered yes.
    Yes,
    /// The question was answered no.
    No,
    /// A closing transaction is open.
    Closing(Closing),
    /// A lock was not granted in time.
    LockTimeout,
    /// The token that was inserted.
    Token(Uuid),
    /// Where the sequences are.
    Sequences(Vec<Sequence>),
    /// What became of A's transaction.
    Fate(Fate),
    /// The proof, if it is there.
    Proof(Option<Uuid>),
    /// The subscription has ended; the position that F7 wrote down at this epoch.
    Stopped(Option<String>),
    /// Writers have been blocked for as long as they may be.
    PauseSpent,
    /// There is no time for another attempt.
    BudgetSpent,
}

impl Stmt {
    /// Which session runs it in a turn in this direction. `P5RoundTrip` begins at B and ends at the target; the wish is
    /// where the data was at first.
    #[must_use]
    pub fn place(&self, direction: Direction) -> Place {
        match self {
            Self::ReadWish { .. } if direction == Direction::Back => Place::Target,
            Self::F1Begin { .. } | Self::F3Lock | Self::F3Unlock | Self::F8Close | Self::Retreat => Place::A,
            Self::ReadSource
            | Self::ReadWish { .. }
            | Self::P2Declare
            | Self::P5Quiet
            | Self::P5RoundTrip
            | Self::F1Journal(_)
            | Self::F4Check
            | Self::F5Token
            | Self::F6Read
            | Self::F8Status(_)
            | Self::F9Proof
            | Self::F10Tidy
            | Self::F10Slot
            | Self::F10Enable { .. }
            | Self::TakeArm(_)
            | Self::TakeOpen(_) => Place::B,
            Self::ReadTarget
            | Self::P2Close
            | Self::P3Advance
            | Self::F2Arm(_)
            | Self::F5Look(_)
            | Self::F6Set(_)
            | Self::F7Flush { .. }
            | Self::F9Open(_)
            | Self::F10Stop { .. }
            | Self::TakeBegin { .. }
            | Self::TakeCommit
            | Self::TakeRetreat
            | Self::TakeProof => Place::Target,
            Self::F3Wait { .. } | Self::Rest => Place::Nowhere,
        }
    }

    /// Whether writers may be waiting for the lock while it runs.
    #[must_use]
    pub fn blocks_writers(&self) -> bool {
        matches!(
            self,
            Self::F3Lock
                | Self::F4Check
                | Self::F5Token
                | Self::F5Look(_)
                | Self::F6Read
                | Self::F6Set(_)
                | Self::F7Flush { .. }
                | Self::F8Close
        )
    }
}
