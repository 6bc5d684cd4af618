//! One migration, many workers: each is lost at a named place, the next one takes over.
//!
//! In: how workers are lost, and where. Out: a migration that has ended as it should, with a line for each place. Writers
//! write all the time, their acknowledgements are kept outside of the databases, and a checker asks both sides without a
//! pause: never both are open, never neither for long while a worker is at it.
#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lost;
pub mod obstacle;
pub mod points;

pub use lost::{Loss, Successor};

use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{apart, check, eventually};
use crate::world::{LIMIT, Worker, World, catalog};
use lost::{Line, Lost, let_go, run_of, wake};
use rerp_split::failpoint::{GO, VARIABLE};
use rerp_split::journal::{self, Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::spec::Direction;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// How often a worker is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long no side may take writes once a worker is back.
const CLOSED_LIMIT: Duration = Duration::from_secs(5);
/// A migration under way.
pub struct Chaos {
    pub world: World,
    loss: Loss,
    source: Client,
    target: Client,
    before: (Vec<String>, Vec<String>),
    writers: Writers,
    probe: Probe,
    /// Frozen ones that wake up late.
    frozen: Vec<Lost>,
    /// The last one that was lost and is to be woken or let go.
    last: Option<Lost>,
    doubles: Vec<JoinHandle<(usize, String)>>,
    lines: Vec<Line>,
    started: u32,
    /// Somebody else holds what a worker would need: its time doesn't count.
    held: bool,
    /// When a double goes on.
    successor: Successor,
}

impl Chaos {
    /// A filled source, an empty target, writers at work, no worker.
    pub async fn begin(loss: Loss, advance_to: Phase) -> Self {
        Self::begin_in(World::new(600).await, loss, advance_to).await
    }

    /// The same with a way back, on servers that nobody else uses.
    pub async fn begin_with_way_back(loss: Loss, advance_to: Phase) -> Self {
        let (from, to) = apart();
        let world = World::between(from, to).await.filled(600).await.with_way_back();
        Self::begin_in(world, loss, advance_to).await
    }

    /// The same with a world of one's own.
    pub async fn begin_in(world: World, loss: Loss, advance_to: Phase) -> Self {
        let (source, target) = (world.source.admin().await, world.target.admin().await);
        let sides = [world.source.clone(), world.target.clone()];
        let pause = Duration::from_millis(20);
        let load = Load { writers: 4, slow: 0, keys: 16, think: pause, again: pause, ..Load::default() };
        // Clients that don't open: whatever is opened again, a worker has opened.
        let writers = Writers::start(Route::new(sides.clone(), 0).that_waits(), load).await;
        let before = (catalog(&source).await, catalog(&target).await);
        let chaos = Self {
            probe: Probe::start(sides),
            world,
            loss,
            source,
            target,
            before,
            writers,
            frozen: vec![],
            last: None,
            doubles: vec![],
            lines: vec![],
            started: 0,
            held: false,
            successor: Successor::HasTakenOver,
        };
        journal::ensure(&chaos.source).await.unwrap();
        chaos.wish(advance_to, false).await;
        chaos
    }

    /// Writes how far the migration may go.
    pub async fn wish(&self, advance_to: Phase, abort: bool) {
        let wish = Wish { advance_to, abort, suspend: false, services_prepared: true, until: None };
        journal::write_wish(&self.source, &self.world.migration, &wish).await.unwrap();
    }

    /// Wishes that the data change hands once more, away from who owns now.
    pub async fn turn(&self) {
        let row = async |client| journal::read_owner(client, "app").await.unwrap().filter(|row| row.is_owner);
        let rollback = row(&self.target).await.map(|row| row.epoch);
        let forward = row(&self.source).await.map(|row| row.epoch);
        journal::write_turn(&self.source, &self.world.migration, Turn { rollback, forward }).await.unwrap();
    }

    /// From here on somebody who is no worker holds what a worker needs, or not any more.
    pub fn is_held(&mut self, held: bool) {
        self.held = held;
    }

    /// Doubles go on when their successor is so far.
    pub fn go_on_when(&mut self, successor: Successor) {
        self.successor = successor;
    }

    /// Starts a worker that is lost at `point`; false if the migration has ended without passing there.
    pub async fn hit(&mut self, point: &str) -> bool {
        let back = Instant::now();
        let mut worker = self.start(Some(point)).await;
        while !self.loss.has_happened(&mut worker) {
            if self.phase().await.is_terminal() {
                worker.kill();
                return false;
            }
            assert!(back.elapsed() < LIMIT, "{point} is not reached: {}", worker.log());
            tokio::time::sleep(LOOK).await;
        }
        self.judge(point, back, &worker);
        let lost = Lost { worker, point: point.to_owned(), line: self.lines.len() - 1 };
        if self.loss == Loss::Freeze {
            self.wake_the_one_before().await;
        }
        self.last = (self.loss != Loss::Kill).then_some(lost);
        true
    }

    /// Starts a worker that nothing happens to, waits for `phase`, and ends it.
    pub async fn advance(&mut self, phase: Phase) {
        let (back, worker) = (Instant::now(), self.start(None).await);
        loop {
            let present = self.phase().await;
            if present == phase {
                break;
            }
            assert!(!present.is_terminal() && back.elapsed() < LIMIT, "{phase} is not reached: {}", worker.log());
            tokio::time::sleep(LOOK).await;
        }
        self.judge(phase.as_str(), back, &worker);
        worker.kill();
    }

    /// The migration is completed by a worker that nothing happens to; then whatever was lost comes back, and changes
    /// nothing. Data, sides and catalogs are as they should be.
    pub async fn completes(mut self) {
        if self.phase().await != Phase::Completed {
            self.advance(Phase::Completed).await;
        }
        self.writers.more(30).await;
        self.bring_back(Phase::Completed).await;
        self.writers.more(30).await;
        let left = format!("rerp_{}_", self.world.migration);
        for client in [&self.source, &self.target] {
            let left: Vec<String> = catalog(client).await.into_iter().filter(|name| name.contains(&left)).collect();
            assert!(left.is_empty(), "{left:?}");
        }
        assert_eq!(self.roles().await, Vec::<String>::new());
        let side = self.world.target.clone();
        self.agrees(&side).await;
    }

    /// The same for a migration that is taken back; nothing is left of it.
    pub async fn aborts(mut self) {
        if self.phase().await != Phase::Aborted {
            self.advance(Phase::Aborted).await;
        }
        self.writers.more(30).await;
        self.bring_back(Phase::Aborted).await;
        self.writers.more(30).await;
        for client in [&self.source, &self.target] {
            // The server may still be busy with the last statement of a worker that is gone.
            let forgotten = || async { journal::forget(client, &self.world.migration).await.is_ok() };
            eventually("the journal is forgotten", LIMIT, forgotten).await;
        }
        let after = (catalog(&self.source).await, catalog(&self.target).await);
        assert_eq!(after, self.before);
        assert_eq!(self.roles().await, Vec::<String>::new());
        let side = self.world.source.clone();
        self.agrees(&side).await;
    }

    async fn start(&mut self, point: Option<&str>) -> Worker {
        self.started += 1;
        let go = |number: u32| self.world.path(&format!("go-{number}"));
        let env: Vec<(&str, String)> = point
            .map(|point| {
                let what = format!("{point}={}", self.loss.action());
                vec![(VARIABLE, what), (GO, go(self.started).to_str().unwrap().to_owned())]
            })
            .unwrap_or_default();
        if self.loss == Loss::Double
            && let Some(lost) = self.last.take()
        {
            let source = self.world.source.admin().await;
            let migration = self.world.migration.clone();
            let run = run_of(&source, &migration).await;
            let go = go(self.started - 1);
            self.doubles.push(tokio::spawn(let_go(lost, source, migration, run, self.successor, go)));
        }
        self.world.worker_with(&format!("worker-{}.log", self.started), &env)
    }

    /// How long writers got nothing since a worker was back at `back`.
    fn judge(&mut self, point: &str, back: Instant, worker: &Worker) {
        let closed = self.probe.longest_closed(back);
        let silence = self.writers.ledger.longest_gap(back, Instant::now());
        if !self.held {
            let what = format!("{point}: neither side was open for {closed:?}, nothing acknowledged for {silence:?}");
            assert!(closed.max(silence) < CLOSED_LIMIT, "{what} after a worker was back: {}", worker.log());
        }
        let ended = if self.loss == Loss::Kill { "killed" } else { "" };
        self.lines.push(Line { point: point.to_owned(), ended: ended.to_owned(), closed, silence });
    }

    /// Frozen workers take turns: one wakes up beside its successor, the next one when all is over. One that may still
    /// open the target by itself would take the successor's place away from it, so it wakes up late.
    async fn wake_the_one_before(&mut self) {
        let Some(lost) = self.last.take() else { return };
        let may_open = ["F8", "F9", "Take"].iter().any(|stem| lost.point.starts_with(stem));
        if may_open || lost.line % 2 == 1 {
            return self.frozen.push(lost);
        }
        let line = lost.line;
        self.lines[line].ended = wake(lost, "early").await;
    }

    /// Wakes and lets go whatever still exists: each notices that it has been superseded.
    async fn bring_back(&mut self, phase: Phase) {
        let status = self.world.status(&self.source).await.unwrap();
        assert_eq!(status.phase, phase);
        for double in std::mem::take(&mut self.doubles) {
            let (line, ended) = double.await.unwrap();
            self.lines[line].ended = ended;
        }
        let owners = self.owners().await;
        self.frozen.extend(self.last.take());
        for lost in std::mem::take(&mut self.frozen) {
            let line = lost.line;
            self.lines[line].ended = wake(lost, "late").await;
        }
        assert_eq!(self.owners().await, owners, "a woken worker has changed an owner row");
        assert_eq!(self.world.status(&self.source).await.unwrap().phase, phase, "a woken worker has changed the phase");
    }

    async fn owners(&self) -> [Option<journal::OwnerRow>; 2] {
        let read = async |client| journal::read_owner(client, "app").await.unwrap();
        [read(&self.source).await, read(&self.target).await]
    }

    /// The ledger agrees with `side`, and never were both sides open.
    async fn agrees(self, side: &crate::support::side::Side) {
        let ledger = self.writers.stop().await;
        let (rounds, both) = self.probe.stop().await;
        let verdict = check::compare(&side.admin().await, &ledger.acks()).await;
        for line in &self.lines {
            let (point, ended) = (&line.point, &line.ended);
            let (closed, silence) = (line.closed.as_millis(), line.silence.as_millis());
            println!(
                "{point:24} {:6?} {ended:28} neither open {closed:4} ms, nothing acknowledged {silence:4} ms",
                self.loss
            );
        }
        println!("{} workers, the checker asked {rounds} times, {verdict:?}", self.started);
        assert!(verdict.is_clean(), "{verdict:?} {:?}", ledger.errors());
        assert_eq!(both, 0, "both sides were open");
    }

    async fn phase(&self) -> Phase {
        self.world.status(&self.source).await.map_or(Phase::Pending, |status| status.phase)
    }

    async fn roles(&self) -> Vec<String> {
        let select = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)";
        let roles = Direction::ALL.map(|way| rerp_split::names::replication_role(&self.world.migration, way)).to_vec();
        let mut left = Vec::new();
        for client in [&self.source, &self.target] {
            left.extend(client.query(select, &[&roles]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
        }
        left
    }
}
