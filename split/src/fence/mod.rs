//! The fence: closes the source, opens the target, and never has both open.
//!
//! In: a caught-up stream, `CutoverConfig`, two endpoints. Out: a `CutoverReport`, or an error that says who owns the
//! data. Close first, then open; opening needs a proof that exists only once the closing commit is durable.
//! It makes no slots, publications or subscriptions. Of those that led here it ends the subscription and the slot once the
//! target is open, and lets those begin that lead back, if they are there.
//!
//! Source and target are the side that closes and the side that opens: a rollback is the same with the sides exchanged.
//!
//! Read `stmt` (all that is ever sent), `step` (what follows what, pure), `render`, `rights` and `streams` (the SQL), `drive` (runs it),
//! `rehearsal` (as far as the closing, and back).

mod answer;
mod clock;
mod config;
mod drive;
mod error;
mod rehearsal;
mod render;
mod rights;
mod sequence;
mod sessions;
mod step;
mod stmt;
mod streams;

pub use config::{CutoverConfig, CutoverReport, SchemaHash, WayBack};
pub use drive::Drive;
pub use error::{Cause, FenceError};
pub use rehearsal::{RehearsalReport, rehearse};
pub use render::render;
pub use sequence::ahead;
pub use step::{Outcome, Worker, step};
pub use stmt::{Ahead, Closing, Event, Fate, Place, Sequence, Side, Stmt};

use crate::connect::Endpoint;

/// Moves the ownership from the source to the target, or finishes what an earlier worker began. The endpoints must
/// carry the run of `cfg` (`Endpoint::for_run`). Safe to call again after any error and any crash.
///
/// # Errors
/// The target does not own the data; the variant says who does and whether a later call may succeed.
pub async fn cutover(cfg: &CutoverConfig, source: &Endpoint, target: &Endpoint) -> Result<CutoverReport, FenceError> {
    let mut drive = Drive::new(cfg, source, target, false);
    while drive.turn().await {}
    drive.finish()?.ok_or(FenceError::Budget { attempts: 0, cause: None })
}

/// Only finishes what an earlier worker left between closing and opening; never closes the source. None: the source
/// owns the data, there was nothing to finish.
///
/// # Errors
/// As `cutover`.
pub async fn recover(
    cfg: &CutoverConfig,
    source: &Endpoint,
    target: &Endpoint,
) -> Result<Option<CutoverReport>, FenceError> {
    let mut drive = Drive::new(cfg, source, target, true);
    while drive.turn().await {}
    drive.finish()
}
