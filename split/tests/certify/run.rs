//! One run: a migration between two new databases under writers, disturbed as its plan says, until it has come to its end.
//!
//! In: a plan and two servers. Out: an outcome; what a run finds wrong is in it, and never stops the others.

use super::crew::Crew;
use super::eye::Eye;
use super::judge;
use super::outcome::{Became, Outcome, Told, Turned};
use super::plan::{At, Disturbance, Kind, Plan};
use super::strike::{Field, Struck};
use super::way::{Leg, Segment, Story, segments};
use super::wire::Wire;
use crate::support::cluster::Cluster;
use crate::support::parcel;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::world::{World, catalog};
use rerp_split::journal;
use rerp_split::phase::Phase;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks at the migration.
pub(super) const LOOK: Duration = Duration::from_millis(20);
/// How long a run may take, transactions of 10 s and pauses between tries included.
pub(super) const LIMIT: Duration = Duration::from_secs(400);
/// Rows that are there before anybody writes.
const ROWS: u32 = 400;
/// Commits that must get through after each leg.
const PROOF_OF_LIFE: usize = 32;
/// The writers. Two cores carry two runs at once; the quick ones leave them something.
const LOAD: Load = Load {
    writers: 16,
    slow: 2,
    longest: Duration::from_secs(10),
    slow_share: 0.002,
    keys: 48,
    think: Duration::from_millis(40),
    again: Duration::from_millis(2),
    parcels: true,
    first: 0,
};

/// A run under way.
pub struct Run {
    pub world: World,
    pub plan: Plan,
    pub crew: Crew,
    pub eyes: [Eye; 2],
    pub writers: Writers,
    pub probe: Probe,
    /// Catalogs of both sides before there was anything of the migration.
    pub before: [Vec<String>; 2],
    wires: [Wire; 2],
    /// The present leg and segment.
    leg: usize,
    segment: usize,
    pub(super) phase: Phase,
    /// When the phase was first seen, and when it was last.
    entered: Instant,
    seen: Instant,
    /// When each segment, or one after it, was first seen.
    reached: Vec<Instant>,
    /// Since when the data can't change hands any more, while that is wished.
    pub(super) hopeless: Option<Instant>,
    /// Since when the last rollback that was asked for has been given up.
    pub(super) refused: Option<Instant>,
    pub told: Vec<Told>,
    pub turns: Vec<Turned>,
    /// When something was disturbed.
    disturbed: Vec<(Instant, Instant)>,
}

impl Run {
    /// Makes the databases and lets writers and the first worker go.
    pub async fn begin(plan: Plan, [from, to]: [Arc<Cluster>; 2]) -> Self {
        let wires = [Wire::start(from.port()).await, Wire::start(to.port()).await];
        let world = World::between(from, to).await.filled(ROWS).await;
        let world = if plan.story.has_way_back() { world.with_way_back() } else { world };
        world.source.migrate().await.batch_execute(parcel::TABLES).await.unwrap();
        for (name, side, wire) in [("source", &world.source, &wires[0]), ("target", &world.target, &wires[1])] {
            let url = format!("postgresql://postgres@127.0.0.1:{}/{}", wire.port(), side.database);
            std::fs::write(world.path(name), url).unwrap();
        }
        let sides = [world.source.clone(), world.target.clone()];
        let route = Route::new(sides.clone(), 0);
        let writers = Writers::start(if plan.clients_open { route } else { route.that_waits() }, LOAD).await;
        let (source, target) = (world.source.admin().await, world.target.admin().await);
        let before = [catalog(&source).await, catalog(&target).await];
        journal::ensure(&source).await.unwrap();
        let probe = Probe::start(sides.clone());
        let eyes = sides.map(Eye::new);
        let crew = Crew::start(&world, plan.place(plan.story.legs().first().copied()));
        let now = Instant::now();
        let mut run = Self {
            world,
            plan,
            crew,
            eyes,
            writers,
            probe,
            before,
            wires,
            leg: 0,
            segment: 0,
            phase: Phase::Pending,
            entered: now,
            seen: now,
            reached: vec![now],
            hopeless: None,
            refused: None,
            told: vec![],
            turns: vec![],
            disturbed: vec![],
        };
        run.wish().await;
        run
    }

    /// To its end, and judged.
    pub async fn finish(mut self, versions: [u32; 2]) -> Outcome {
        let begun = Instant::now();
        let end = self.go(begun).await;
        for wire in &self.wires {
            wire.mend();
        }
        self.miss(0);
        let failure = end.err();
        judge::judge(self, versions, failure, begun).await
    }

    async fn go(&mut self, begun: Instant) -> Result<(), String> {
        while let Some(leg) = self.leg() {
            if begun.elapsed() > LIMIT {
                return Err(format!("still {} after {LIMIT:?}: {}", self.phase, self.crew.said()));
            }
            let next = self.plan.place(self.leg());
            self.crew.tend(&self.world, &mut self.eyes[0], next).await;
            self.look().await?;
            self.disturb().await;
            if self.is_over(leg) {
                self.leg += 1;
                self.writers.more(PROOF_OF_LIFE).await;
                let next = self.plan.place(self.leg());
                self.crew.relieve(&self.world, next).await;
                self.wish().await;
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Reads the phase; whoever leaves Cutover or RollingBack has turned.
    async fn look(&mut self) -> Result<(), String> {
        let Some(status) = self.eyes[0].status(&self.world.migration).await else { return Ok(()) };
        let now = Instant::now();
        if status.phase != self.phase {
            if matches!(self.phase, Phase::Cutover | Phase::RollingBack) {
                let (from, to) = (self.entered, now);
                let calm = !self.disturbed.iter().any(|(begun, ended)| *begun <= to && *ended >= from);
                let pause = self.writers.ledger.longest_gap(from, to);
                self.turns.push(Turned { pause, calm });
            }
            self.phase = status.phase;
            // It may have begun right after the last look.
            self.entered = self.seen;
        }
        self.seen = now;
        if status.phase == Phase::Failed {
            return Err(format!("Failed: {}", status.failure.unwrap_or(status.message)));
        }
        self.is_there_hope(&status).await?;
        let leg = self.leg();
        let here = |segment: &Segment| Some(segment.leg) == leg && segment.phase == self.phase;
        self.segment = self.plan.segments.iter().rposition(here).unwrap_or(0).max(self.segment);
        self.reached.resize(self.segment + 1, now);
        Ok(())
    }

    /// Does what is due.
    async fn disturb(&mut self) {
        let left = &self.plan.disturbances;
        // Where a place is passed more than once, it may be met before what was planned to come first.
        let at_place = if self.crew.is_at_its_place() { left.iter().position(Disturbance::waits) } else { None };
        let Some(disturbance) = left.get(at_place.unwrap_or(0)).cloned() else { return };
        let is_due = match &disturbance.at {
            At::Place(_) => at_place.is_some(),
            At::After(ms) => {
                let reached = self.reached.get(disturbance.segment);
                reached.is_some_and(|reached| reached.elapsed() >= Duration::from_millis(*ms))
            }
        };
        let is_missed = !is_due && disturbance.waits() && self.segment > disturbance.segment;
        if !is_due && !is_missed {
            return;
        }
        self.plan.disturbances.remove(at_place.unwrap_or(0));
        let became = if is_missed {
            self.crew.let_go(&self.world);
            Became::Missed
        } else {
            self.strike(&disturbance).await
        };
        self.told.push(Told { what: self.plan.tell(&disturbance), kind: disturbance.kind, became });
    }

    async fn strike(&mut self, disturbance: &Disturbance) -> Became {
        let begun = Instant::now();
        let next = self.plan.place(self.leg());
        let waits = disturbance.waits();
        let became = match disturbance.kind {
            Kind::WorkerKilled => {
                self.crew.kill(&self.world, next);
                Became::Happened
            }
            Kind::WorkerFrozen => {
                self.crew.freeze(&self.world, disturbance.ms, next);
                Became::Happened
            }
            Kind::WorkerDoubled => {
                self.crew.double(&self.world, &mut self.eyes[0], waits, next).await;
                Became::Happened
            }
            kind => {
                let (eyes, wires, ms) = (&mut self.eyes, &self.wires, disturbance.ms);
                let mut field = Field { migration: &self.world.migration, eyes, wires, ms };
                let struck = field.begin(kind).await;
                if waits {
                    self.crew.let_go(&self.world);
                }
                if matches!(struck, Struck::Begun) {
                    tokio::time::sleep(Duration::from_millis(disturbance.ms)).await;
                    field.end(kind).await;
                }
                match struck {
                    Struck::Begun => Became::Happened,
                    Struck::Nobody => Became::Nobody,
                    Struck::Impossible => Became::Impossible,
                }
            }
        };
        // A worker that was lost is missed until its successor has come so far.
        let rest = Duration::from_millis(if became == Became::Happened { disturbance.ms } else { 0 });
        self.disturbed.push((begun, begun.max(Instant::now()) + rest));
        became
    }

    /// From the present leg on another story is told: what was planned for it doesn't come.
    pub(super) fn tell_instead(&mut self, story: Story) {
        let leg = self.leg();
        let gone = self.plan.segments.iter().position(|segment| Some(segment.leg) == leg);
        let of_it = |disturbance: &Disturbance| gone.is_some_and(|gone| disturbance.segment >= gone);
        let from = self.plan.disturbances.iter().position(of_it).unwrap_or(self.plan.disturbances.len());
        self.miss(from);
        self.plan.disturbances.truncate(from);
        self.crew.let_go(&self.world);
        self.plan.story = story;
        self.plan.segments = segments(story);
    }

    /// Whatever is planned from `next` on doesn't come any more.
    fn miss(&mut self, next: usize) {
        for disturbance in &self.plan.disturbances[next..] {
            let (what, kind) = (self.plan.tell(disturbance), disturbance.kind);
            self.told.push(Told { what, kind, became: Became::Missed });
        }
    }

    /// What is wished at present; nothing once all is over.
    pub(super) fn leg(&self) -> Option<Leg> {
        self.plan.story.legs().get(self.leg).copied()
    }
}
