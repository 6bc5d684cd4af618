//! One worker: a session on each side, one range after another.
//!
//! In: the queue. Out: ranges, each committed with its row of the journal. A session that is lost costs the range that
//! was under way. A worker that gets no sessions leaves its work to the others; a range that fails again and again ends
//! the copy.

use super::STALL;
use super::keeper::reader;
use super::pump::Pump;
use super::queue::{Queue, Task};
use super::range::Range;
use super::tally::Tally;
use super::throttle::Throttle;
use crate::failpoint::{self, Step};
use crate::inspect::Inventory;
use crate::journal::{self, chunk::Copied};
use crate::spec::Side;
use crate::step::{Class, Job, StepError, chain, failed, within};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How often one range may fail.
const RANGE_TRIES: u32 = 5;
/// How long sessions are tried to be got back: a server may be starting.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Ordinary triggers and foreign keys don't fire: the rows have been through them on the source. What has been answered
/// is durable, whatever is set for the role: a range that was committed isn't looked at again until the end. The server
/// notices by itself that this process is gone, so that nobody waits for the locks of a range under way.
const TARGET: &str = "SET session_replication_role = replica; SET idle_session_timeout = 0; SET synchronous_commit = on; \
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/// What the workers share.
pub(super) struct Shared<'a> {
    pub(super) job: &'a Job,
    pub(super) inventory: &'a Inventory,
    pub(super) snapshot: &'a str,
    pub(super) queue: Queue,
    pub(super) throttle: Throttle,
    pub(super) tally: Tally<'a>,
}

/// How a worker ended without ending the copy.
pub(super) enum Ended {
    /// Nothing is left to do.
    Drained,
    /// It got no sessions for too long.
    Left(StepError),
}

struct Sessions {
    reader: Client,
    target: Client,
}

impl Sessions {
    fn are_closed(&self) -> bool {
        self.reader.is_closed() || self.target.is_closed()
    }
}

impl Shared<'_> {
    /// Works until the queue is drained. An error is one that ends the copy.
    pub(super) async fn work(&self) -> Result<Ended, StepError> {
        loop {
            let mut sessions = tokio::select! {
                () = self.queue.drained() => return Ok(Ended::Drained),
                sessions = patiently(self.job, "opening the sessions of a worker", async || self.open().await) => match sessions {
                    Ok(sessions) => sessions,
                    Err(error) if error.class() == Class::Transient => return Ok(Ended::Left(error)),
                    Err(error) => return Err(error),
                },
            };
            if self.go_on(&mut sessions).await? {
                return Ok(Ended::Drained);
            }
        }
    }

    /// Copies ranges with these sessions; false if they are of no use any more. Sessions that have ended meanwhile are
    /// no fault of the next range.
    async fn go_on(&self, sessions: &mut Sessions) -> Result<bool, StepError> {
        while !sessions.are_closed() {
            let Some(task) = self.queue.take().await else { return Ok(true) };
            match self.copy(&task.range, sessions).await {
                Ok(copied) => {
                    self.tally.done(&task.range, copied);
                    self.queue.done();
                }
                Err(error) => {
                    self.failed(task, error)?;
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    /// Lets the range go to whoever is free, if it may be tried again.
    fn failed(&self, task: Task, error: StepError) -> Result<(), StepError> {
        if error.class() != Class::Transient || task.failures + 1 >= RANGE_TRIES {
            return Err(error);
        }
        let (table, range) = (&self.inventory.tables[task.range.table].name, task.range.number);
        tracing::warn!(migration = self.job.id(), table, range, error = chain(&error), "copy the range again");
        self.tally.failed(&task.range);
        self.queue.give_back(task);
        Ok(())
    }

    /// One range and its row of the journal, in one fenced transaction. A range that is written down already is one
    /// whose commit was not answered. If that commit is still under way, writing it down waits for it and fails.
    async fn copy(&self, range: &Range, sessions: &mut Sessions) -> Result<Copied, StepError> {
        let table = &self.inventory.tables[range.table];
        let (id, name) = (self.job.id(), table.name.as_str());
        let Sessions { reader, target } = sessions;
        let begin = async {
            let transaction = self.job.begin(target).await?;
            let known = journal::chunk::find(&transaction, id, name, range.number).await?;
            Ok((transaction, known))
        };
        let (transaction, known) = within("beginning a range", STALL.as_secs(), begin).await?;
        if let Some(copied) = known {
            return Ok(copied);
        }
        failpoint::step(Step::RangeBegun).await;
        let schemas = (self.inventory.schema.as_str(), self.job.spec.target.schema.as_str());
        let pump = Pump { table, schemas, throttle: &self.throttle, tally: &self.tally };
        let copied = pump.copy(range, reader, &transaction).await?;
        failpoint::step(Step::RangeCopied).await;
        let end = async {
            journal::chunk::record(&transaction, id, name, range.number, copied).await?;
            failpoint::step(Step::RangeRecorded).await;
            transaction.commit().await.map_err(failed(format!("commit a range of {name}")))
        };
        within("committing a range", STALL.as_secs(), end).await?;
        failpoint::step(Step::RangeCommitted).await;
        Ok(copied)
    }

    async fn open(&self) -> Result<Sessions, StepError> {
        let target = self.job.session(Side::Target, "copy").await?;
        target.batch_execute(TARGET).await.map_err(failed("set session_replication_role"))?;
        let reader = reader(self.job, self.inventory, self.snapshot).await?;
        Ok(Sessions { reader, target })
    }
}

/// Tries again while that may help, until `PATIENCE` is used up.
pub(super) async fn patiently<T>(
    job: &Job,
    what: &str,
    mut work: impl AsyncFnMut() -> Result<T, StepError>,
) -> Result<T, StepError> {
    let begun = Instant::now();
    loop {
        match within(what, STALL.as_secs(), work()).await {
            Err(error) if error.class() == Class::Transient && begun.elapsed() < PATIENCE => {
                tracing::debug!(migration = job.id(), what, error = chain(&error), "try again");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
