//! Batches of work that waits until a test lets it go on. Everything runs on one thread, so what is about to happen has happened after a few turns of it.

mod together;
mod trouble;

use std::sync::Mutex as Plain;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::metrics::Metrics;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Broken {
    #[error("all of it")]
    All,
    #[error("one of it")]
    One,
}

/// Keys that do something: the work fails, fails because of this key, panics, or forgets its answers.
const FAILS: u32 = 100;
const AT_FAULT: u32 = 101;
const PANICS: u32 = 102;
const FORGETS: u32 = 103;

#[derive(Debug, Default)]
struct State {
    /// Keys of each batch, as they came.
    seen: Plain<Vec<Vec<u32>>>,
    requests: Plain<Vec<Option<String>>>,
}

/// Answers with the key, and whether somebody is the first who asked.
struct Fake {
    state: Arc<State>,
    gate: Arc<Semaphore>,
}

impl Batched for Fake {
    type Key = u32;
    type Answer = (u32, bool);
    type Error = Broken;

    const NAME: &'static str = "fake";

    async fn work(&self, asked: &[Asked<u32>]) -> Result<Vec<(u32, bool)>, Broken> {
        let keys: Vec<u32> = asked.iter().map(|one| one.key).collect();
        self.state.seen.lock().unwrap().push(keys.clone());
        self.state.requests.lock().unwrap().extend(asked.iter().map(|one| one.request.clone()));
        self.gate.acquire().await.unwrap().forget();
        assert!(!keys.contains(&PANICS), "as the test wishes");
        if keys.contains(&FAILS) {
            return Err(Broken::All);
        }
        if keys.contains(&AT_FAULT) {
            return Err(Broken::One);
        }
        if keys.contains(&FORGETS) {
            return Ok(Vec::new());
        }
        Ok(keys.into_iter().map(|key| (key, true)).collect())
    }

    fn again(answer: &(u32, bool)) -> (u32, bool) {
        (answer.0, false)
    }

    fn is_of_one(error: &Broken) -> bool {
        *error == Broken::One
    }
}

type Told = Result<(u32, bool), BatchError<Broken>>;

/// A batcher, and what its work sees.
struct World {
    batcher: Batcher<Fake>,
    state: Arc<State>,
    gate: Arc<Semaphore>,
    metrics: Metrics,
}

impl World {
    fn new(size: usize, at_once: usize, waiting: usize) -> Self {
        let (state, gate) = (Arc::new(State::default()), Arc::new(Semaphore::new(0)));
        let metrics = Metrics::new().unwrap();
        let fake = Fake { state: Arc::clone(&state), gate: Arc::clone(&gate) };
        let batcher = Batcher::new(fake, Bounds { size, at_once, waiting }, &metrics.pool);
        Self { batcher, state, gate, metrics }
    }

    /// Asks, until something is waited for.
    async fn ask(&self, key: u32) -> JoinHandle<Told> {
        let batcher = self.batcher.clone();
        let asking = tokio::spawn(async move { batcher.ask(key).await });
        turns().await;
        asking
    }

    async fn ask_all(&self, keys: &[u32]) -> Vec<JoinHandle<Told>> {
        let mut asking = Vec::new();
        for key in keys {
            asking.push(self.ask(*key).await);
        }
        asking
    }

    fn seen(&self) -> Vec<Vec<u32>> {
        self.state.seen.lock().unwrap().clone()
    }

    fn let_go(&self) {
        self.gate.add_permits(100);
    }
}

async fn turns() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

async fn told(asking: Vec<JoinHandle<Told>>) -> Vec<Told> {
    futures::future::join_all(asking).await.into_iter().map(Result::unwrap).collect()
}

fn answers(told: Vec<Told>) -> Vec<(u32, bool)> {
    told.into_iter().map(Result::unwrap).collect()
}
