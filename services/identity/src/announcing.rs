//! Announces people whose proofs nobody was told of: who was verified before there were events, or by a program of before, while a rollout goes on. In
//! comes the database; nothing goes out. Must not run where there is no broker: what it wrote would be forgotten before somebody could hear it.
//!
//! There may be hundreds of thousands of them, and each is work for every service that listens. So they go at a pace that a small bus carries beside what
//! happens meanwhile, and wait altogether while a crowd of events waits: what happens now is more urgent than what has been so for long.

use std::time::Duration;

use rerp_kit::events::outbox;
use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::store::proof;

/// People whom one pod announces in a second at most.
pub const PACE: u32 = 50;
/// So many turns there are in a second, for a steady trickle instead of a gush.
const TURNS: u32 = 5;
/// People of one turn.
pub const AT_ONCE: u32 = PACE / TURNS;
/// Nobody is announced while so many events wait, of whatever kind: the bus, or who listens, is behind.
pub const CROWD: i64 = 500;
/// Pause when nobody is left.
const IDLE: Duration = Duration::from_secs(60);
/// Pause while a crowd waits.
const CROWDED: Duration = Duration::from_secs(5);

/// What a turn has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// So many were announced, and nobody is left.
    Last(i64),
    /// So many were announced, and there may be more.
    More(i64),
    /// Too many events wait.
    Crowded,
}

impl Turn {
    /// How long nothing is done after it.
    fn pause(self) -> Duration {
        match self {
            Self::Last(_) => IDLE,
            Self::More(_) => Duration::from_secs(1) / TURNS,
            Self::Crowded => CROWDED,
        }
    }

    /// How many were announced.
    fn told(self) -> i64 {
        match self {
            Self::Last(told) | Self::More(told) => told,
            Self::Crowded => 0,
        }
    }
}

/// Announces [`AT_ONCE`] people, unless a crowd of events waits.
///
/// # Errors
/// See [`DbError`].
pub async fn turn(db: &Db) -> Result<Turn, DbError> {
    // Somebody else may write events between the two statements: the bound is there to be near, not to be met.
    if outbox::state(db).await?.waiting >= CROWD {
        return Ok(Turn::Crowded);
    }
    let told = proof::announce_missed(db, AT_ONCE.into()).await?;
    Ok(if told < i64::from(AT_ONCE) { Turn::Last(told) } else { Turn::More(told) })
}

/// Announces them until told to stop.
pub async fn keep_announced(db: Db, stop: CancellationToken) {
    let mut told = 0;
    loop {
        let pause = match turn(&db).await {
            Ok(turn) => {
                told += turn.told();
                if told > 0 && matches!(turn, Turn::Last(_)) {
                    tracing::info!(told, "people are announced of whom nobody was told");
                    told = 0;
                }
                turn.pause()
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "people of whom nobody was told wait for the database");
                IDLE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_turns_is_the_pace() {
        let pause = Turn::More(AT_ONCE.into()).pause();
        assert_eq!((pause * TURNS, AT_ONCE * TURNS), (Duration::from_secs(1), PACE));
        assert!(Turn::Crowded.pause() > pause && Turn::Last(0).pause() > pause);
    }
}
