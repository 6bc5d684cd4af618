//! What the fence is told, and what it reports.
//!
//! In: names and limits, all decided before. Out: plain data. No connection, no secret, no clock.

use crate::spec::{Direction, SideSpec};
use jiff::Timestamp;
use std::time::Duration;

/// Everything that one cutover needs to know.
#[derive(Clone, Debug)]
pub struct CutoverConfig {
    /// The migration's id.
    pub migration: String,
    /// This worker's run number, already claimed on both sides.
    pub run: i64,
    /// Which way: back, source and target have exchanged names in everything below.
    pub direction: Direction,
    /// Where the data is: schema and the roles that lose it.
    pub source: SideSpec,
    /// Where it goes: schema and the roles that get it.
    pub target: SideSpec,
    /// The moving tables without schema, partitions included: partitioned tables before their partitions, as whoever writes
    /// through them locks them, else in the order of their OIDs on the source. Writers that lock several tables in that order can't
    /// deadlock with the fence.
    pub tables: Vec<String>,
    /// Those of them that the service reaches only by the table above: partitions on which none of its roles has a right.
    pub unnamed: Vec<String>,
    /// The moving sequences without schema; both sides have them.
    pub sequences: Vec<String>,
    /// The views that move with the tables, without schema. They are never closed by themselves: without rights on the tables they show nothing.
    pub views: Vec<String>,
    /// The publication on the source. It must cover every moving table and the tokens of this direction.
    pub publication: String,
    /// The data has been on the other side before: each turn is asked for at its epoch.
    pub again: bool,
    /// Whether a stream leads back once the target is open.
    pub way_back: WayBack,
    /// What tells that the moving tables are still what the plan was made for; none skips the check.
    pub schema_hash: Option<SchemaHash>,
    /// How long writers may be blocked by one attempt.
    pub max_write_pause: Duration,
    /// How long to go on trying.
    pub budget: Duration,
    /// How far a sequence is set ahead of the source, in calls of `nextval`: more than can be handed out while the
    /// fence is up, since no lock stops `nextval`.
    pub sequence_margin: i64,
    /// How quick three tokens in a row must travel before writers are blocked.
    pub token_limit: Duration,
}

impl CutoverConfig {
    /// A margin above what writers can draw during one pause.
    pub const SEQUENCE_MARGIN: i64 = 1000;
    /// Quick enough that draining does not decide the pause.
    pub const TOKEN_LIMIT: Duration = Duration::from_millis(20);
}

/// The stream in the other direction, made before the fence: a slot on the target that nobody reads, a subscription on the
/// source that is disabled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WayBack {
    /// There is none.
    #[default]
    None,
    /// Its slot has just been made.
    New,
    /// Its slot is from an earlier attempt and keeps what was written since then.
    Old,
}

/// A query on the source that returns one text, and what it returned when the plan was made.
#[derive(Clone, Debug)]
pub struct SchemaHash {
    /// One row, one text column.
    pub query: String,
    /// The result that lets the fence go on.
    pub expected: String,
}

/// What a cutover came to. All durations are milliseconds on this process's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct CutoverReport {
    /// The epoch at which the target became the owner.
    pub epoch: i64,
    /// Attempts that asked for the locks, the successful one included; 0 if there was only something to finish.
    pub attempts: u32,
    /// From the grant of the locks of the attempt that succeeded to the target's opening: no write can commit.
    pub write_pause_ms: f64,
    /// Before it: until all locks were granted, behind transactions that still commit. Who comes during it waits from then on.
    pub lock_wait_ms: f64,
    /// The longest that any attempt kept writers waiting, given-up ones included: from asking for the locks until they were let go or the
    /// target was open. No writer has waited longer for the fence.
    pub longest_wait_ms: f64,
    /// Of the pause: until the target had replayed everything and that was durable.
    pub drain_ms: f64,
    /// Of it: sequences.
    pub sequence_ms: f64,
    /// When the target was opened.
    pub at: Timestamp,
    /// An earlier worker had closed the source, so the pause is not known and all times are zero.
    pub recovered: bool,
}
