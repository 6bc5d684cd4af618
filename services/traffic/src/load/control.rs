//! Starts, stops and remembers one run at a time. In: wishes. Out: the run, for whoever reports on it.
//! The last run stays readable until the next one starts.

use super::journey::declare::{DeclareError, declare};
use super::journey::people::People;
use super::journey::step::Places;
use super::journey::stream::Stream;
use super::journey::voice::Voice;
use super::plan::{OutOfBounds, Plan, Wish};
use super::run::{Run, RunError, Target};
use crate::generate::rng::base36;
use crate::ledger::book::Book;
use crate::ledger::clock::Clock;
use crate::ledger::file::{self, FileError};
use crate::ledger::logbook::Logbook;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long a stop may take beyond the timeouts of what is under way.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Holds the current or the last run.
#[derive(Debug)]
pub struct Control {
    target: Target,
    places: Option<Places>,
    plan: Plan,
    dir: PathBuf,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    run: Arc<Run>,
    task: JoinHandle<()>,
    /// Of the newest run that had journeys.
    people: Option<Arc<People>>,
}

/// A run and whether it is still sending.
#[derive(Debug, Clone)]
pub struct View {
    /// The run.
    pub run: Arc<Run>,
    /// True while requests are sent or answers awaited.
    pub running: bool,
}

/// Why a run was not started or stopped.
#[derive(Debug, Error)]
pub enum ControlError {
    /// One at a time.
    #[error("run {0} is under way; stop it first")]
    Running(String),
    /// There has been none.
    #[error("no run has been started")]
    None,
    /// The wish breaks a bound.
    #[error(transparent)]
    Bounds(#[from] OutOfBounds),
    /// Nobody said where journeys go.
    #[error(
        "journeys need the addresses of account, billing and fte: RERP_ACCOUNT_URL, RERP_BILLING_URL, RERP_FTE_URL"
    )]
    NoPlaces,
    /// Journeys are for verified people.
    #[error("a data set of {0} rows has no verified person for a journey")]
    Nobody(u64),
    /// The plan or the module can't be declared.
    #[error(transparent)]
    Declare(#[from] DeclareError),
    /// No client for the declaration.
    #[error(transparent)]
    Client(#[from] RunError),
    /// Without its file there is no ledger outside this process.
    #[error("starting the ledger")]
    Ledger(#[from] FileError),
    /// Requests are still out long after their timeout.
    #[error("the run did not end within {0:?}")]
    StopTimeout(Duration),
}

impl Control {
    /// Nothing is sent before [`Control::start`].
    #[must_use]
    pub fn new(target: Target, plan: Plan, dir: PathBuf) -> Self {
        Self { target, places: None, plan, dir, current: Mutex::new(None) }
    }

    /// The same, with journeys for whoever wishes for them.
    #[must_use]
    pub fn with_journeys(self, places: Option<Places>) -> Self {
        Self { places, ..self }
    }

    /// Starts a run with a new name and an empty ledger. Before one with journeys it declares what they need, which takes half a minute at most.
    ///
    /// # Errors
    /// One is under way, the wish breaks a bound, the ledger's file can't be opened, or what journeys need can't be had.
    pub async fn start(&self, wish: &Wish) -> Result<View, ControlError> {
        let mut current = self.current.lock().await;
        if let Some(known) = current.as_ref().filter(|c| !c.task.is_finished()) {
            return Err(ControlError::Running(known.run.name.clone()));
        }
        let plan = self.plan.with(wish)?;
        let (high, low) = Uuid::new_v4().as_u64_pair();
        // Six digits of base 36: two runs of one name would need 40,000 runs for an even chance.
        let name = format!("r{:0>6}", base36(high % 36_u64.pow(6)));
        let before = current.as_ref().and_then(|known| known.people.clone());
        let journeys = self.journeys(&plan, wish, &name, low, before.as_deref()).await?;
        let people = journeys.as_ref().map(|stream| Arc::clone(&stream.people)).or(before);
        let (file, writer) = file::open(&self.dir, &name).await?;
        let book = Book::new(Clock::start(), Some(file));
        let run = Arc::new(Run::new(name, low, self.target.clone(), plan, book, journeys));
        let task = tokio::spawn(carry_out(Arc::clone(&run), writer));
        *current = Some(Current { run: Arc::clone(&run), task, people });
        let Plan { rate, connections, journeys, .. } = run.plan;
        tracing::info!(run = run.name, rate, connections, journeys, "load started");
        Ok(View { run, running: true })
    }

    /// What the journeys of a run need, if there are to be any. They go on with the people after those `before`, if that is the same data set.
    async fn journeys(
        &self,
        plan: &Plan,
        wish: &Wish,
        run: &str,
        seed: u64,
        before: Option<&People>,
    ) -> Result<Option<Stream>, ControlError> {
        if plan.journeys == 0 {
            return Ok(None);
        }
        let places = self.places.clone().ok_or(ControlError::NoPlaces)?;
        let rows = wish.seed_rows.unwrap_or(places.rows);
        let before = before.filter(|before| before.are_of(places.seed, rows));
        let people = Arc::new(before.map_or_else(|| People::of(places.seed, rows, seed), People::rest));
        if people.is_empty() {
            return Err(ControlError::Nobody(rows));
        }
        let client = self.target.client(plan.timeout)?;
        let voice = Voice::of(self.target.tls.as_ref());
        let offer = declare((&client, &voice), &places, run, seed).await?;
        Ok(Some(Stream { places, people, offer, voice, log: Logbook::default() }))
    }

    /// Stops the run and waits for the answers still out. Stopping twice gives the same view.
    ///
    /// # Errors
    /// There is no run, or it outlives its own timeouts.
    pub async fn stop(&self) -> Result<View, ControlError> {
        let mut current = self.current.lock().await;
        let known = current.as_mut().ok_or(ControlError::None)?;
        known.run.stop.cancel();
        let limit = known.run.longest_end() + STOP_GRACE;
        if !known.task.is_finished() && tokio::time::timeout(limit, &mut known.task).await.is_err() {
            return Err(ControlError::StopTimeout(limit));
        }
        Ok(View { run: Arc::clone(&known.run), running: false })
    }

    /// The current or the last run.
    ///
    /// # Errors
    /// There has been none.
    pub async fn view(&self) -> Result<View, ControlError> {
        let current = self.current.lock().await;
        let known = current.as_ref().ok_or(ControlError::None)?;
        Ok(View { run: Arc::clone(&known.run), running: !known.task.is_finished() })
    }

    /// Stops a run that may be under way, without waiting for it.
    pub async fn cancel(&self) {
        if let Some(known) = self.current.lock().await.as_ref() {
            known.run.stop.cancel();
        }
    }
}

async fn carry_out(run: Arc<Run>, writer: JoinHandle<()>) {
    if let Err(error) = run.carry_out().await {
        tracing::error!(run = run.name, %error, "the load could not start");
        run.book.close();
    }
    conclude(&run, writer.await.is_ok());
}

fn conclude(run: &Run, written: bool) {
    let summary = run.book.summary();
    let journeys = run.journeys.as_ref().map(|journeys| journeys.log.summary().figures).unwrap_or_default();
    tracing::info!(run = run.name, total = summary.total, failed = summary.failed, written, ?journeys, "load ended");
}
