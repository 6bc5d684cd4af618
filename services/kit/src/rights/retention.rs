//! Ends rows whose time is over. In: a service's lifetimes. Out: nothing but a number in the metrics. It works in small steps with pauses, each a transaction
//! of its own that follows a cutover, and any number of pods may do it at once. Must not hold a lock for longer than one step.

use std::time::Duration;

use prometheus::IntCounterVec;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::lifetime::Lifetime;
use crate::app::Parts;
use crate::metrics::{Metrics, MetricsError};
use crate::pool::{Db, DbError};
use crate::telemetry::chain;

/// How many rows one step ends.
const STEP: i64 = 500;
/// Pause between two steps.
const BREATH: Duration = Duration::from_millis(100);
/// Most steps for one lifetime in one turn; the rest waits for the next.
const STEPS: u32 = 200;
/// Pause before a turn. Lifetimes are months: a few hours are nothing to them, and a move or a platform that is up for a demonstration is left alone.
const PAUSE: Duration = Duration::from_secs(6 * 3600);

/// What ends a service's rows.
#[derive(Debug, Clone)]
pub struct Retention {
    db: Db,
    lifetimes: &'static [Lifetime],
    ended: IntCounterVec,
}

impl Retention {
    /// Ends what `lifetimes` says.
    ///
    /// # Errors
    /// A metric's name is taken: there is one of these in a process.
    pub fn new(db: &Db, lifetimes: &'static [Lifetime], metrics: &Metrics) -> Result<Self, MetricsError> {
        let ended = metrics.counters("rerp_retention_rows_total", "Rows whose time was over", &["table"])?;
        // Whosever rows they are.
        Ok(Self { db: db.at_work(), lifetimes, ended })
    }

    /// Ends everything whose time is over, up to a bound, with pauses. How many rows. A table that fails keeps nobody from the others.
    ///
    /// # Errors
    /// See [`DbError`]: the last failure.
    pub async fn turn(&self) -> Result<u64, DbError> {
        let mut all = Ok(0);
        for lifetime in self.lifetimes {
            match self.end(lifetime).await {
                Ok(ended) => all = all.map(|before| before + ended),
                Err(error) => all = Err(error),
            }
        }
        all
    }

    async fn end(&self, lifetime: &'static Lifetime) -> Result<u64, DbError> {
        let mut all = 0;
        for _ in 0..STEPS {
            let ended = self.step(lifetime).await?;
            self.ended.with_label_values(&[lifetime.table]).inc_by(ended);
            all += ended;
            if ended < STEP.unsigned_abs() {
                break;
            }
            sleep(BREATH).await;
        }
        Ok(all)
    }

    async fn step(&self, lifetime: &'static Lifetime) -> Result<u64, DbError> {
        if lifetime.statement().is_none() {
            return Ok(0);
        }
        self.db
            .run(lifetime, |session, lifetime| {
                Box::pin(async move {
                    let Some((after, statement)) = lifetime.statement() else { return Ok(0) };
                    let end = sqlx::query(statement).bind(after).bind(STEP);
                    Ok(end.execute(session.conn()).await?.rows_affected())
                })
            })
            .await
    }

    async fn keep(self, stop: CancellationToken) {
        loop {
            // Pods that were started together don't look together.
            let pause = PAUSE.mul_f64(0.5 + rand::random::<f64>());
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                turn = self.turn() => match turn {
                    Ok(0) => {}
                    Ok(ended) => tracing::info!(ended, "rows whose time was over"),
                    Err(error) => tracing::warn!(error = chain(&error), "rows whose time is over stay for a while"),
                },
            }
        }
    }
}

/// Ends rows whose time is over, from now on and until the service stops.
///
/// # Errors
/// A metric's name is taken: this is called once.
pub fn keep_in_time(parts: &Parts, lifetimes: &'static [Lifetime]) -> Result<(), MetricsError> {
    let retention = Retention::new(&parts.db, lifetimes, &parts.metrics)?;
    drop(tokio::spawn(retention.keep(parts.stop.clone())));
    Ok(())
}
