//! What follows once a slot has to go: which phases have one, and what ends in each.
//!
//! In: the alarm that `wal` sounds, the phase. Out: whether its work has to stop.

use super::Board;
use crate::phase::Phase;
use crate::spec::Direction;
use tokio::sync::watch;

/// A slot that has to go before its server has thrown away what it needs, or has filled its disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    /// The stream that it belongs to.
    pub(super) way: Direction,
    /// What a person has to know.
    pub(super) why: String,
}

/// The stream whose slot has to be watched in `phase`; none where there is none, or where it is being removed.
pub(super) fn watched(phase: Phase) -> Option<Direction> {
    match phase {
        Phase::Observe | Phase::RollingBack => Some(Direction::Back),
        Phase::RolledBack => Some(Direction::Forward),
        Phase::Copy | Phase::CatchUp | Phase::Verify | Phase::ReadyForCutover | Phase::Cutover => {
            Some(Direction::Forward)
        }
        Phase::Pending
        | Phase::Preflight
        | Phase::Prepare
        | Phase::Finalize
        | Phase::Completed
        | Phase::Aborting
        | Phase::Aborted
        | Phase::Failed => None,
    }
}

/// Why there is no waiting any more: the slot that leads to the target has to go. A suspended migration keeps one, too. What leads
/// back ends by itself, and the migration goes on.
pub(super) fn full(board: &Board, phase: Phase) -> Option<String> {
    let forward = phase != Phase::RolledBack && watched(phase) == Some(Direction::Forward);
    board.alarm(Direction::Forward).filter(|_| forward)
}

/// The way back, or forward again, that has to end although nobody works: a suspended migration keeps its slot.
pub(super) fn ends_at_rest(board: &Board, phase: Phase) -> Option<Direction> {
    let way = watched(phase).filter(|_| matches!(phase, Phase::Observe | Phase::RolledBack))?;
    board.alarm(way).map(|_| way)
}

/// Ends once the work of `phase` must not go on because of the slot. The fence is never interrupted; after it the work itself ends the
/// way back, so only what comes later than its beginning ends it.
pub(super) async fn alarmed(mut alarms: watch::Receiver<Option<Alarm>>, phase: Phase) {
    if watched(phase).is_none() || phase.is_turn() {
        return std::future::pending().await;
    }
    if phase > Phase::Cutover {
        alarms.borrow_and_update();
        while alarms.changed().await.is_ok() {
            if alarms.borrow_and_update().is_some() {
                return;
            }
        }
    } else if alarms.wait_for(Option::is_some).await.is_ok() {
        return;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_that_has_a_slot_is_watched() {
        let ways: Vec<_> = Phase::ALL.into_iter().filter(|phase| watched(*phase).is_some()).collect();
        let (first, back) = (Phase::Copy, Phase::RollingBack);
        assert_eq!(
            ways,
            [
                first,
                Phase::CatchUp,
                Phase::Verify,
                Phase::ReadyForCutover,
                Phase::Cutover,
                Phase::Observe,
                back,
                Phase::RolledBack
            ]
        );
        assert_eq!(
            (watched(Phase::Observe), watched(Phase::RolledBack)),
            (Some(Direction::Back), Some(Direction::Forward))
        );
    }
}
