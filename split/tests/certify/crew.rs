//! The worker processes of one run: one that is the worker, as a cluster would keep it, and those that were lost and still exist.
//!
//! In: what the next worker is armed for. Out: processes. One that ends by itself is started again; one that comes back late must end.

use super::eye::Eye;
use super::plan::{At, Disturbance, Kind};
use crate::world::{Worker, World};
use rerp_split::failpoint::{GO, VARIABLE};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long one that was lost may take to notice that it is no longer the one.
const NOTICE_LIMIT: Duration = Duration::from_secs(60);
/// One that waits for its successor goes on at the latest after this.
const DOUBLE_LIMIT: Duration = Duration::from_secs(10);
/// How long one that was asked to end may take.
const END_LIMIT: Duration = Duration::from_secs(15);
/// Between two starts of one that ends at once.
const PAUSE: Duration = Duration::from_millis(500);

/// See the file's header.
pub struct Crew {
    current: Worker,
    begun: Instant,
    armed: Option<(String, Kind)>,
    started: u32,
    lost: Vec<Lost>,
}

/// A process that was lost.
struct Lost {
    worker: Worker,
    until: Until,
}

/// What it waits for.
enum Until {
    /// Frozen until then; until all is over without a time.
    Time(Option<Instant>),
    /// It stands at its place until a later run than this has taken over.
    Successor { run: i64, go: PathBuf, since: Instant },
    /// Nothing: it is on its way out.
    Nothing,
}

impl Crew {
    /// The first worker, armed for `next` if that is to happen at a place.
    pub fn start(world: &World, next: Option<&Disturbance>) -> Self {
        let armed = armed(next);
        let current = spawn(world, 1, armed.as_ref());
        Self { current, begun: Instant::now(), armed, started: 1, lost: vec![] }
    }

    /// How many processes there were.
    pub fn started(&self) -> u32 {
        self.started
    }

    /// What the present one has said last.
    pub fn said(&self) -> String {
        let log = self.current.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Whether the present one has come to the place that it is armed for.
    pub fn is_at_its_place(&mut self) -> bool {
        let Some((_, kind)) = &self.armed else { return false };
        match kind {
            Kind::WorkerKilled => self.current.ended().is_some_and(|status| status.signal() == Some(9)),
            Kind::WorkerFrozen => self.current.is_frozen(),
            _ => self.current.log().contains("failpoint reached"),
        }
    }

    /// What the present one is armed for has happened, or doesn't come any more: it goes on.
    pub fn let_go(&mut self, world: &World) {
        self.armed = None;
        std::fs::write(go(world, self.started), "").unwrap();
    }

    /// Starts the present one again if it has ended by itself, wakes whoever may wake.
    pub async fn tend(&mut self, world: &World, source: &mut Eye, next: Option<&Disturbance>) {
        let at_its_place = self.is_at_its_place();
        if !at_its_place && self.current.ended().is_some() && self.begun.elapsed() > PAUSE {
            self.replace(world, next);
        }
        // Armed for what was given up, it has come there after all.
        if self.armed.is_none() && self.current.ended().is_none() && self.current.is_frozen() {
            self.current.wake();
        }
        let run = source.run(&world.migration).await;
        for lost in &mut self.lost {
            let is_time = match &lost.until {
                Until::Time(Some(time)) => Instant::now() > *time,
                Until::Successor { run: held, since, .. } => {
                    run.is_some_and(|run| run > *held) || since.elapsed() > DOUBLE_LIMIT
                }
                Until::Time(None) | Until::Nothing => false,
            };
            if is_time {
                lost.go_on();
            }
        }
    }

    /// Another one takes the present one's place in good order, armed for `next`, if the present one is armed for nothing.
    pub async fn relieve(&mut self, world: &World, next: Option<&Disturbance>) {
        if next.is_none() || self.armed.is_some() || self.current.ended().is_some() {
            return;
        }
        self.current.ask_to_end();
        let begun = Instant::now();
        while self.current.ended().is_none() && begun.elapsed() < END_LIMIT {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (_, ended) = self.replace(world, next);
        drop(ended);
    }

    /// The present one is killed, where the place hasn't done it.
    pub fn kill(&mut self, world: &World, next: Option<&Disturbance>) {
        let (_, killed) = self.replace(world, next);
        killed.kill();
    }

    /// The present one stands still for `ms`, or until all is over; another one takes its place.
    pub fn freeze(&mut self, world: &World, ms: u64, next: Option<&Disturbance>) {
        // One that has ended has no number any more that a signal could be sent to.
        if self.current.ended().is_none() {
            self.current.freeze();
        }
        let (_, worker) = self.replace(world, next);
        let wakes = (!ms.is_multiple_of(3)).then(|| Instant::now() + Duration::from_millis(ms));
        self.lost.push(Lost { worker, until: Until::Time(wakes) });
    }

    /// Another one begins beside the present one, which goes on when that has taken over, or doesn't stop at all.
    pub async fn double(&mut self, world: &World, source: &mut Eye, waits: bool, next: Option<&Disturbance>) {
        let run = source.run(&world.migration).await.unwrap_or_default();
        let (number, worker) = self.replace(world, next);
        let successor = Until::Successor { run, go: go(world, number), since: Instant::now() };
        self.lost.push(Lost { worker, until: if waits { successor } else { Until::Nothing } });
    }

    /// All that were lost come back, and must end by themselves, or find that nothing is left to do: how many don't.
    pub async fn bring_back(&mut self) -> usize {
        self.lost.iter_mut().for_each(Lost::go_on);
        let begun = Instant::now();
        let mut left = self.lost.len();
        while left > 0 && begun.elapsed() < NOTICE_LIMIT {
            tokio::time::sleep(Duration::from_millis(20)).await;
            left = self.lost.iter_mut().filter_map(|lost| lost.goes_on().then_some(())).count();
        }
        left
    }

    /// A new one is the present one; the number of the one before, and the process.
    fn replace(&mut self, world: &World, next: Option<&Disturbance>) -> (u32, Worker) {
        let before = self.started;
        self.started += 1;
        self.armed = armed(next);
        self.begun = Instant::now();
        let worker = spawn(world, self.started, self.armed.as_ref());
        (before, std::mem::replace(&mut self.current, worker))
    }
}

impl Lost {
    /// A migration that has ended takes no run number any more, so nobody ends for a newer worker: one that has brought it to its end, or
    /// has come after it, rests as any would.
    fn goes_on(&mut self) -> bool {
        let ends = ["to=Completed", "to=Aborted", "phase=Completed", "phase=Aborted"];
        let log = self.worker.log();
        let rests = log.lines().next_back().is_some_and(|line| ends.iter().any(|end| line.trim_end().ends_with(end)));
        self.worker.ended().is_none() && !rests
    }

    fn go_on(&mut self) {
        match &self.until {
            Until::Time(_) if self.worker.ended().is_none() => self.worker.wake(),
            Until::Time(_) => {}
            Until::Successor { go, .. } => std::fs::write(go, "").unwrap(),
            Until::Nothing => return,
        }
        self.until = Until::Nothing;
    }
}

fn armed(next: Option<&Disturbance>) -> Option<(String, Kind)> {
    match next {
        Some(Disturbance { at: At::Place(place), kind, .. }) => Some((place.clone(), *kind)),
        _ => None,
    }
}

fn go(world: &World, number: u32) -> PathBuf {
    world.path(&format!("go-{number}"))
}

fn spawn(world: &World, number: u32, armed: Option<&(String, Kind)>) -> Worker {
    let env = armed.map(|(place, kind)| {
        let go = go(world, number).to_str().unwrap().to_owned();
        vec![(VARIABLE, format!("{place}={}", kind.action())), (GO, go)]
    });
    world.worker_with(&format!("worker-{number}.log"), &env.unwrap_or_default())
}
