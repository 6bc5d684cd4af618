//! Keeps the stream that leads back: after the cutover that to the source, after a rollback that to the target again.
//!
//! In: the side that owns. Out: on the board whether the data can change hands once more, and if not, why. What can't lead back
//! any more is removed: a slot that nobody reads keeps WAL for ever.

use super::{Board, switch, work};
use crate::back::{State, look};
use crate::clean;
use crate::phase::Phase;
use crate::spec::Direction;
use crate::status::WayBack;
use crate::step::{Job, StepError, chain};
use crate::stream::TokenLine;
use std::time::Duration;

/// How long to wait for one token: then it is told that there is none, and the next look waits for the next one.
const TOKEN_LIMIT: Duration = Duration::from_secs(10);

/// What is told of a stream whose turn isn't over.
pub(super) const NOT_BEGUN: &str = "it could not be begun yet";

/// Looks at the stream in direction `way`, goes on with what an earlier worker left undone, and tells what it saw. One that would
/// fill its server's disk, or lose its slot, ends before it does.
pub(super) async fn keep(job: &Job, board: &Board, way: Direction) -> Result<(), StepError> {
    if let Some(why) = board.alarm(way) {
        clean::way(job, way).await?;
        switch::tell_gone(board, &why);
        return Ok(());
    }
    let mut state = look(job, way).await?;
    if state == State::Made {
        switch::finish(job, way.opposite()).await?;
        state = look(job, way).await?;
    }
    let seen = match state {
        State::Begun => {
            // What a turn that was given up had made for the time after it.
            clean::one_way(job, way.opposite()).await?;
            follow(job, board, way).await?
        }
        State::Made => WayBack::impossible(NOT_BEGUN),
        State::Gone(why) => {
            clean::way(job, way).await?;
            switch::tell_gone(board, why);
            return Ok(());
        }
    };
    board.update(|status| status.way_back = Some(seen));
    Ok(())
}

/// A stream that is behind is one all the same: the fence waits for it.
async fn follow(job: &Job, board: &Board, way: Direction) -> Result<WayBack, StepError> {
    let line = TokenLine::open(job, way).await?;
    let token = line.send(job, TOKEN_LIMIT).await;
    let Some(lag) = line.lag(job).await? else { return Ok(WayBack::impossible("its slot is gone")) };
    let (token_ms, reason) = match token {
        Ok(time) => (Some(time.as_secs_f64() * 1000.0), None),
        Err(StepError::Deadline { .. }) => {
            (None, Some(format!("it is behind; {} errors of the apply worker so far", lag.apply_errors)))
        }
        Err(error) => {
            tracing::debug!(migration = job.id(), error = chain(&error), "no token");
            return Err(error);
        }
    };
    let known = board.status().way_back.and_then(|way| way.replication);
    Ok(WayBack { possible: true, reason, replication: Some(work::replication(&lag, token_ms, known)) })
}

/// Nothing can be done in `phase`, because the other side is away, say; the owner's disk doesn't wait for it. The slot goes alone, what
/// else there is when both can be reached.
pub(super) async fn let_go(job: &Job, board: &Board, phase: Phase) {
    let way = match phase {
        Phase::Observe => Direction::Back,
        Phase::RolledBack => Direction::Forward,
        _ => return,
    };
    let Some(why) = board.alarm(way) else { return };
    match clean::slots(job, way).await {
        Ok(()) => switch::tell_gone(board, &why),
        Err(error) => tracing::warn!(migration = job.id(), error = chain(&error), "a stream that isn't read keeps WAL"),
    }
}
