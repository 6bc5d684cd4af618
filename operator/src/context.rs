//! What a controller may touch, in one place: the cluster, the databases, the clock, the settings.
//! Must not: hold anything about a single object, except how often it failed in a row and when it is due.

use crate::args::Settings;
use crate::cluster::{apply::Applier, child::Owner};
use crate::metrics::Metrics;
use crate::outcome::Outcome;
use crate::postgres::exec::Connector;
use jiff::Timestamp;
use kube::Client;
use kube::runtime::events::{Recorder, Reporter};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Where the time comes from: tests give their own.
#[derive(Clone, Copy)]
pub struct Clock(fn() -> Timestamp);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Timestamp::now)
    }

    /// A clock that reads `source`.
    pub fn from_fn(source: fn() -> Timestamp) -> Self {
        Self(source)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// Shared by all reconciles of all kinds.
pub struct Context {
    /// Kubernetes.
    pub client: Client,
    /// Publishes events. One for the process: it folds repeats.
    pub recorder: Recorder,
    /// Time.
    pub clock: Clock,
    /// Connects to PostgreSQL servers.
    pub postgres: Connector,
    /// Images and other choices made at start.
    pub settings: Settings,
    /// Measures.
    pub metrics: Metrics,
    failures: Mutex<HashMap<String, u32>>,
    due: Mutex<HashMap<String, Timestamp>>,
}

impl Context {
    /// A context on the system's clock. `identity` names this process in events.
    pub fn new(client: Client, settings: Settings, metrics: Metrics, identity: &str) -> Self {
        let reporter = Reporter { controller: "rerp-operator".to_owned(), instance: Some(identity.to_owned()) };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            client,
            clock: Clock::system(),
            postgres: Connector::default(),
            settings,
            metrics,
            failures: Mutex::new(HashMap::new()),
            due: Mutex::new(HashMap::new()),
        }
    }

    /// Writes children of `owner` under the field manager `manager`.
    pub fn applier(&self, manager: &'static str, owner: Owner) -> Applier {
        Applier::new(self.client.clone(), manager, owner, self.metrics.clone())
    }

    /// The next visit of an object is due at `time` at the latest, whatever this visit comes to. Of several times the first counts.
    pub fn look_again_by(&self, uid: &str, time: Timestamp) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.entry(uid.to_owned()).and_modify(|known| *known = time.min(*known)).or_insert(time);
    }

    /// When to look at an object again, now that a visit is over.
    pub fn again(&self, uid: &str, outcome: &Outcome) -> Duration {
        let again = outcome.again(self.failures_in_a_row(uid, outcome));
        // Taken out: the next visit finds out anew, and objects that went away leave nothing.
        match self.due.lock().unwrap_or_else(PoisonError::into_inner).remove(uid) {
            Some(due) => again.min(Duration::try_from(due.duration_since(self.clock.now())).unwrap_or_default()),
            None => again,
        }
    }

    /// Remembers failures in a row per object, since the queue itself does not count them.
    fn failures_in_a_row(&self, uid: &str, outcome: &Outcome) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(outcome, Outcome::Failed { .. }) {
            failures.remove(uid);
            return 0;
        }
        let count = failures.entry(uid.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count
    }
}
