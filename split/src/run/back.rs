//! Keeps the stream that leads back: after the cutover that to the source, after a rollback that to the target again.
//!
//! In: the side that owns. Out: on the board whether the data can change hands once more, and if not, why. What can't lead back
//! any more is removed: a slot that nobody reads keeps WAL for ever.

use super::{Board, switch, work};
use crate::back::{State, look};
use crate::clean;
use crate::spec::Direction;
use crate::status::WayBack;
use crate::step::{Job, StepError, chain};
use crate::stream::TokenLine;
use std::time::Duration;

/// How long to wait for one token: then it is told that there is none, and the next look waits for the next one.
const TOKEN_LIMIT: Duration = Duration::from_secs(10);

/// Looks at the stream in direction `way`, goes on with what an earlier worker left undone, and tells what it saw.
pub(super) async fn keep(job: &Job, board: &Board, way: Direction) -> Result<(), StepError> {
    let mut state = look(job, way).await?;
    if state == State::Made {
        switch::finish(job, way.opposite()).await?;
        state = look(job, way).await?;
    }
    let seen = match state {
        State::Begun => {
            // What a turn that was given up had made for the time after it.
            clean::one_way(job, way.opposite()).await?;
            follow(job, way).await?
        }
        State::Made => WayBack::impossible("it could not be begun yet"),
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
async fn follow(job: &Job, way: Direction) -> Result<WayBack, StepError> {
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
    Ok(WayBack { possible: true, reason, replication: Some(work::replication(lag, token_ms)) })
}
