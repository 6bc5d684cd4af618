//! One migration under writers, given up at one place, and everything compared afterwards.
//!
//! In: a row of the table. Out: how it has ended; whatever is not as it must be fails.

use super::catalogs::everything;
use super::judge::still;
use super::points::{End, How, Kind, Point, Turn};
use crate::support::cluster::{Cluster, shared};
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::world::{LIMIT, Worker, World};
use rerp_split::failpoint::{GO, VARIABLE};
use rerp_split::journal::{self, Turn as Epochs, Wish};
use rerp_split::phase::Phase;
use rerp_split::status::Status;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// Rows that are there before anybody writes.
const ROWS: u32 = 200;
/// Commits that must get through when all is over.
const PROOF_OF_LIFE: usize = 20;
/// The exit code of a worker that has been superseded.
const SUPERSEDED: i32 = 6;
/// A parent that nobody writes to, and whose children stay.
const PARENT: &str = "150";
/// The writers: several migrations at once share the machine.
const LOAD: Load = Load {
    writers: 3,
    slow: 0,
    longest: Duration::ZERO,
    slow_share: 0.0,
    keys: 8,
    think: Duration::from_millis(30),
    again: Duration::from_millis(20),
    parcels: false,
    first: 0,
};

/// How one row has ended.
pub struct Line {
    pub ended: &'static str,
    pub took: Duration,
    pub acknowledged: usize,
}

/// A migration under way.
pub struct Play {
    pub world: World,
    pub source: Client,
    pub target: Client,
    pub(super) writers: Writers,
    /// Both catalogs before there was anything of the migration.
    pub(super) before: [Vec<String>; 2],
    /// The rows that nobody writes to.
    pub(super) still: Vec<String>,
    started: u32,
}

/// Plays one row.
pub async fn play(point: Point) -> Line {
    let begun = Instant::now();
    let mut play = Play::begin(point.kind, shared()).await;
    play.lead(point).await;
    let (worker, lost) = play.give_up_at(point).await;
    let phase = play.terminal(&worker).await;
    play.writers.more(PROOF_OF_LIFE).await;
    if let Some(lost) = lost {
        play.come_back(lost, phase).await;
    }
    worker.kill();
    let ended = match (phase, point.end) {
        (Phase::Aborted, End::NothingLeft | End::Either) => "nothing",
        (Phase::Completed, End::Detached | End::Either) => "detached",
        _ => panic!("{point:?} has ended {phase}"),
    };
    let acknowledged = if phase == Phase::Aborted {
        play.nothing_is_left(point.kind == Kind::Orphan).await
    } else {
        play.detached(matches!(point.kind, Kind::Keys | Kind::Orphan)).await
    };
    Line { ended, took: begun.elapsed(), acknowledged }
}

impl Play {
    /// A filled source, an empty target, writers, no worker.
    pub async fn begin(kind: Kind, (from, to): (Arc<Cluster>, Arc<Cluster>)) -> Self {
        let world = match kind {
            Kind::Plain => World::between(from, to).await.filled(ROWS).await,
            Kind::WayBack => World::between(from, to).await.filled(ROWS).await.with_way_back(),
            Kind::Keys | Kind::Orphan => World::with_keys_between(from, to, ROWS).await.severed(false),
        };
        let (source, target) = (world.source.admin().await, world.target.admin().await);
        let route = Route::new([world.source.clone(), world.target.clone()], 0).that_waits();
        let writers = Writers::start(route, LOAD).await;
        let before = [everything(&source).await, everything(&target).await];
        let still = still(world.contents().await.0);
        journal::ensure(&source).await.unwrap();
        Self { world, source, target, writers, before, still, started: 0 }
    }

    /// To where the worker begins that is lost, or hears the wish, at the place.
    async fn lead(&mut self, point: Point) {
        match (point.turn, point.kind) {
            (Turn::There, _) => {
                self.wish(Phase::Completed).await;
                // Some places are passed in earlier phases too.
                if matches!(point.phase, Phase::Observe | Phase::Finalize) {
                    self.kill_at("Switched").await;
                }
            }
            (Turn::Observed, _) => self.wish(Phase::Cutover).await,
            (Turn::Back | Turn::Again, _) => {
                self.wish(Phase::Cutover).await;
                self.advance(Phase::Observe).await;
                self.turn().await;
                if point.turn == Turn::Again {
                    self.advance(Phase::RolledBack).await;
                    self.turn().await;
                }
            }
            (Turn::Away, Kind::Keys) => {
                self.wish(Phase::Completed).await;
                self.kill_at("KeysSevered").await;
                self.give_up().await;
            }
            (Turn::Away, _) => {
                self.wish(Phase::ReadyForCutover).await;
                self.advance(Phase::ReadyForCutover).await;
                self.give_up().await;
            }
        }
    }

    /// The worker that goes on, and one that will come back.
    async fn give_up_at(&mut self, point: Point) -> (Worker, Option<Worker>) {
        let worker = self.come_to(point.place, point.how).await;
        assert_eq!(self.status().await.phase, point.phase, "{point:?}");
        if point.kind == Kind::Orphan {
            let orphan = format!("DELETE FROM app.item WHERE key = {PARENT}");
            assert_eq!(self.source.execute(&orphan, &[]).await.unwrap(), 1);
        }
        if point.turn != Turn::Away {
            self.give_up().await;
        }
        match point.how {
            How::Wish => {
                // Before the fence a worker leaves whatever it does when it hears the wish, but for what lies between two works.
                let leaves = point.phase < Phase::Cutover && !point.place.contains('.');
                if !leaves {
                    self.let_go();
                }
                (worker, None)
            }
            How::Kill => (self.start(None), None),
            How::Freeze => (self.start(None), Some(worker)),
        }
    }

    /// A worker that has come to `place`, and is lost or waits there.
    pub async fn come_to(&mut self, place: &str, how: How) -> Worker {
        let begun = Instant::now();
        let mut worker = self.start(Some((place, how)));
        loop {
            let ended = worker.ended();
            let is_there = match how {
                How::Wish => worker.log().contains("failpoint reached"),
                How::Kill => ended.is_some_and(|status| status.signal() == Some(9)),
                How::Freeze => worker.is_frozen(),
            };
            if is_there {
                return worker;
            }
            assert!(ended.is_none(), "the worker ended with {ended:?} before {place}: {}", worker.log());
            let status = self.status().await;
            assert!(
                !status.phase.is_terminal() && begun.elapsed() < LIMIT,
                "{place} is not reached: {status:?} {}",
                worker.log()
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The last worker that waits at a place goes on.
    pub fn let_go(&self) {
        std::fs::write(self.go(), "").unwrap();
    }

    pub async fn kill_at(&mut self, place: &str) {
        drop(self.come_to(place, How::Kill).await);
    }

    /// A worker that nothing happens to brings the migration to `phase`.
    pub async fn advance(&mut self, phase: Phase) {
        let worker = self.start(None);
        self.reaches(phase, &worker).await;
        worker.kill();
    }

    pub async fn reaches(&self, phase: Phase, worker: &Worker) {
        let begun = Instant::now();
        loop {
            let status = self.status().await;
            if status.phase == phase {
                return;
            }
            let goes_on = !status.phase.is_terminal() && begun.elapsed() < LIMIT;
            assert!(goes_on, "{phase} is not reached: {status:?} {}", worker.log());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The phase in which nothing is left to do.
    pub async fn terminal(&self, worker: &Worker) -> Phase {
        let begun = Instant::now();
        loop {
            let status = self.status().await;
            if status.phase.is_terminal() {
                return status.phase;
            }
            assert!(begun.elapsed() < LIMIT, "it doesn't end: {status:?} {}", worker.log());
            tokio::time::sleep(LOOK).await;
        }
    }

    pub fn start(&mut self, armed: Option<(&str, How)>) -> Worker {
        self.started += 1;
        let env = armed.map(|(place, how)| {
            let what = format!("{place}={}", how.action());
            vec![(VARIABLE, what), (GO, self.go().to_str().unwrap().to_owned())]
        });
        self.world.worker_with(&format!("worker-{}.log", self.started), &env.unwrap_or_default())
    }

    fn go(&self) -> std::path::PathBuf {
        self.world.path(&format!("go-{}", self.started))
    }

    pub async fn status(&self) -> Status {
        self.world.status(&self.source).await.unwrap_or_default()
    }

    pub async fn wish(&self, advance_to: Phase) {
        self.tell(
            Wish { advance_to, abort: false, suspend: false, services_prepared: true, until: None },
            Epochs::default(),
        )
        .await;
    }

    /// What the operator writes when the migration is deleted.
    pub async fn give_up(&self) {
        let wish =
            Wish { advance_to: Phase::Completed, abort: true, suspend: false, services_prepared: false, until: None };
        self.tell(wish, Epochs::default()).await;
    }

    /// The data is to change hands once more, away from who owns now.
    async fn turn(&self) {
        let (rollback, forward) = (owned_at(&self.target).await, owned_at(&self.source).await);
        let wish =
            Wish { advance_to: Phase::Cutover, abort: false, suspend: false, services_prepared: true, until: None };
        self.tell(wish, Epochs { rollback, forward }).await;
    }

    async fn tell(&self, wish: Wish, epochs: Epochs) {
        journal::write_wish(&self.source, &self.world.migration, &wish).await.unwrap();
        journal::write_turn(&self.source, &self.world.migration, epochs).await.unwrap();
    }

    /// Writes still get through.
    pub async fn is_alive(&self) {
        self.writers.more(PROOF_OF_LIFE).await;
    }

    /// Whoever stood still must notice that all is over, and change nothing.
    async fn come_back(&self, mut lost: Worker, phase: Phase) {
        lost.wake();
        let begun = Instant::now();
        while lost.ended().is_none() {
            assert!(begun.elapsed() < LIMIT, "it goes on: {}", lost.log());
            tokio::time::sleep(LOOK).await;
        }
        assert_eq!(lost.ended().unwrap().code(), Some(SUPERSEDED), "{}", lost.log());
        assert_eq!(self.status().await.phase, phase);
    }
}

/// At which epoch this side owns; none if it doesn't.
pub(super) async fn owned_at(client: &Client) -> Option<i64> {
    let row = journal::read_owner(client, "app").await.unwrap();
    row.filter(|row| row.is_owner).map(|row| row.epoch)
}
