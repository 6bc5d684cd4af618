//! Carries a plan out. In: plan, target, book, a token that stops it. Out: a filled book, and the logbook of its journeys.
//!
//! Open loop: request `n` is due at `n / rate` whether or not earlier ones have been answered, as far as the connections
//! allow; whatever had to wait for a connection has that wait in its latency, so a slow server can't slow its own measurement.

use super::attempt::post;
use super::form::{Form, fill};
use super::journey::step::STEPS;
use super::journey::stream::{self, CONNECTIONS, Stream};
use super::plan::Plan;
use crate::ledger::book::Book;
use crate::ledger::entry::{Entry, Failure};
use rerp_kit::client::builder;
use rerp_kit::tls::Tls;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where forms go, and what is shown there.
#[derive(Debug, Clone)]
pub struct Target {
    /// Base address of the service.
    pub base: String,
    /// The certificate of the load generator; none for a service in the clear.
    pub tls: Option<Tls>,
}

/// Everything the workers of a run share.
#[derive(Debug)]
pub struct Run {
    /// Name of the run: lower-case letters and digits, part of every address.
    pub name: String,
    /// Seed of the forms.
    pub seed: u64,
    /// Where to post; its address has no slash at the end.
    pub target: Target,
    /// How much and how long.
    pub plan: Plan,
    /// Where outcomes go.
    pub book: Book,
    /// The journeys beside the forms, if there are any.
    pub journeys: Option<Stream>,
    /// Ends the run before its bounds do.
    pub stop: CancellationToken,
    next: AtomicU64,
}

/// Why a run can't start.
#[derive(Debug, Error)]
pub enum RunError {
    /// The HTTP client can't be built.
    #[error("building an HTTP client")]
    Client(#[source] reqwest::Error),
    /// TLS can't be set up.
    #[error("setting up TLS")]
    Tls(#[source] rustls::Error),
}

impl Run {
    /// A run that has not sent anything yet.
    #[must_use]
    pub fn new(name: String, seed: u64, target: Target, plan: Plan, book: Book, journeys: Option<Stream>) -> Self {
        Self {
            name,
            seed,
            target: Target { base: target.base.trim_end_matches('/').to_owned(), ..target },
            plan,
            book,
            journeys,
            stop: CancellationToken::new(),
            next: AtomicU64::new(0),
        }
    }

    /// Sends until the plan's bounds or the stop token end it, then waits for answers still out (bounded by the timeout).
    ///
    /// # Errors
    /// A client can't be built; nothing has been sent then.
    pub async fn carry_out(self: &Arc<Self>) -> Result<(), RunError> {
        let forms = self.clients(self.plan.connections)?;
        let journeys = self.clients(if self.journeys.is_some() { CONNECTIONS } else { 0 })?;
        let (mut posting, mut travelling) = (JoinSet::new(), JoinSet::new());
        for client in forms {
            posting.spawn(worker(Arc::clone(self), client));
        }
        for client in journeys {
            travelling.spawn(stream::worker(Arc::clone(self), client));
        }
        ended(posting).await;
        // The forms' bounds are the run's: no journey begins any more.
        self.stop.cancel();
        ended(travelling).await;
        self.book.close();
        Ok(())
    }

    /// How long whoever stops the run may have to wait for answers still out: a journey goes on to its end.
    #[must_use]
    pub fn longest_end(&self) -> Duration {
        self.plan.timeout * if self.journeys.is_some() { STEPS } else { 1 }
    }

    fn clients(&self, number: usize) -> Result<Vec<reqwest::Client>, RunError> {
        (0..number).map(|_| self.target.client(self.plan.timeout)).collect()
    }
}

async fn ended(mut workers: JoinSet<()>) {
    while let Some(ended) = workers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a worker of the load ended before its time");
        }
    }
}

impl Target {
    /// A client for one worker, with one idle connection per service: as many connections as the plan says, no more. It shows our
    /// certificate wherever it goes, journeys too.
    ///
    /// # Errors
    /// It can't be built, or TLS can't be set up.
    pub(super) fn client(&self, timeout: Duration) -> Result<reqwest::Client, RunError> {
        builder(self.tls.as_ref())
            .map_err(RunError::Tls)?
            .timeout(timeout)
            .pool_max_idle_per_host(1)
            .retry(reqwest::retry::never())
            .build()
            .map_err(RunError::Client)
    }
}

async fn worker(run: Arc<Run>, client: reqwest::Client) {
    let origin = tokio::time::Instant::from_std(run.book.clock.origin());
    loop {
        let n = run.next.fetch_add(1, Ordering::Relaxed);
        let due = run.plan.due(n);
        if n >= run.plan.max_requests || due >= run.plan.max_time {
            return;
        }
        // The form is made before it is due: making it must not delay it.
        let form = fill(&run.name, run.seed, n);
        tokio::select! {
            biased;
            () = run.stop.cancelled() => return,
            () = tokio::time::sleep_until(origin + due) => {}
        }
        send(&run, &client, n, u64::try_from(due.as_micros()).unwrap_or(u64::MAX), form).await;
    }
}

async fn send(run: &Run, client: &reqwest::Client, n: u64, due_us: u64, form: Form) {
    let clock = run.book.clock;
    let sent_us = clock.micros();
    let outcome = post(client, &run.target.base, &form).await;
    let end_us = clock.micros();
    match outcome {
        Ok(ids) => run.book.acknowledged(Entry {
            n,
            path: form.path.to_owned(),
            row: ids.id,
            email: form.address.typed,
            canonical: form.address.canonical,
            email_address_id: ids.email_address_id,
            company: form.company.map(|company| company.key),
            company_id: ids.company_id,
            due_us,
            sent_us,
            written_us: end_us.saturating_sub(u64::try_from(ids.since_written.as_micros()).unwrap_or(u64::MAX)),
            ack_us: end_us,
            ack_at: clock.wall(end_us),
        }),
        Err(reason) => {
            tracing::warn!(run = run.name, n, path = form.path, reason, "request failed");
            let failure =
                Failure { n, path: form.path.to_owned(), reason, sent_us, end_us, end_at: clock.wall(end_us) };
            run.book.failed(failure, due_us);
        }
    }
}
