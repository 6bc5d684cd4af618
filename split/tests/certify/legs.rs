//! The wishes of a run, leg by leg: what is written for each, when it is over, and when it can't come about any more.
//!
//! In: a run under way. Out: wishes in the journal.

use super::run::{LIMIT, LOOK, Run};
use super::way::{Leg, Story};
use rerp_split::journal::{Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::run::ROLLBACK_REFUSED;
use rerp_split::status::Status;
use std::time::{Duration, Instant};

/// What a worker says of the way back may be of a moment ago.
const HOPE: Duration = Duration::from_secs(10);
/// How soon after a rollback that was given up another one is asked for.
const AGAIN: Duration = Duration::from_secs(1);

impl Run {
    /// A rollback makes the way forward only if transactions let its slot come about within ten seconds: then the data stays where it is, and the
    /// migration is taken back instead. Nothing else may end a way back.
    pub(super) async fn is_there_hope(&mut self, status: &Status) -> Result<(), String> {
        let leg = self.leg();
        self.ask_again(leg, status).await;
        let is_turn = matches!(leg, Some(Leg::Back | Leg::Forward)) && !status.phase.is_turn();
        if !is_turn || status.way_back.as_ref().is_none_or(|way| way.possible) {
            self.hopeless = None;
            return Ok(());
        }
        if self.hopeless.get_or_insert_with(Instant::now).elapsed() < HOPE {
            return Ok(());
        }
        if leg != Some(Leg::Forward) {
            return Err(format!("no way back any more: {:?}", status.way_back));
        }
        self.tell_instead(Story::Back);
        self.wish().await;
        Ok(())
    }

    /// A source that refuses to open (its disk is full) ends a rollback: the target serves on, at another epoch, and who wants the rollback
    /// all the same asks for it at that one.
    async fn ask_again(&mut self, leg: Option<Leg>, status: &Status) {
        let given_up = status.findings.iter().any(|finding| finding.id == ROLLBACK_REFUSED);
        if leg != Some(Leg::Back) || status.phase != Phase::Observe || !given_up {
            self.refused = None;
        } else if self.refused.get_or_insert_with(Instant::now).elapsed() >= AGAIN {
            self.refused = Some(Instant::now());
            self.wish().await;
        }
    }

    /// Whether `leg` has led to where it should.
    pub(super) fn is_over(&self, leg: Leg) -> bool {
        match leg {
            Leg::Until(Phase::Completed) | Leg::Finish => self.phase == Phase::Completed,
            Leg::Until(phase) => self.phase >= phase,
            Leg::Back => self.phase == Phase::RolledBack,
            Leg::Forward => self.phase == Phase::Observe,
            Leg::Abort => self.phase == Phase::Aborted,
        }
    }

    /// Writes what the present leg wishes, until it is written.
    pub(super) async fn wish(&mut self) {
        let Some(leg) = self.leg() else { return };
        let (advance_to, abort) = match leg {
            Leg::Until(Phase::Completed) | Leg::Finish => (Phase::Completed, false),
            Leg::Until(Phase::Observe) | Leg::Back | Leg::Forward => (Phase::Cutover, false),
            Leg::Until(_) => (Phase::ReadyForCutover, false),
            Leg::Abort => (Phase::ReadyForCutover, true),
        };
        let wish = Wish { advance_to, abort, suspend: false, services_prepared: true, until: None };
        let begun = Instant::now();
        loop {
            let turned = match leg {
                Leg::Back | Leg::Forward => self.turn(leg).await,
                _ => true,
            };
            if turned && self.eyes[0].wish(&self.world.migration, &wish).await {
                return;
            }
            assert!(begun.elapsed() < LIMIT, "nothing can be wished on the source");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Wishes the turn at the epoch at which the one who owns does; whether that is written.
    async fn turn(&mut self, leg: Leg) -> bool {
        let [source, target] = &mut self.eyes;
        let from = if leg == Leg::Back { target } else { &mut *source };
        let Some(epoch) = from.owner().await.filter(|row| row.is_owner).map(|row| row.epoch) else { return false };
        let turn = match leg {
            Leg::Back => Turn { rollback: Some(epoch), forward: None },
            _ => Turn { rollback: None, forward: Some(epoch) },
        };
        source.turn(&self.world.migration, turn).await
    }
}
