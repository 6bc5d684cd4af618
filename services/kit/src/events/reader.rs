//! From the broker into the inbox, and from there to the effect. In come deliveries; out go changes of a service's own tables, each once. What
//! has come is stored and acknowledged at once, whatever it is: so one event that can't have its effect holds up its subject and nobody else.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::broker::{Broker, BrokerError, Delivery};
use super::handlers::Meaning;
use super::inbox::Claimed;
use super::looks::{Looks, Reach, Reaches};
use super::{Envelope, Handlers, inbox};
use crate::http::context::Context;
use crate::metrics::EventMetrics;
use crate::pool::{Db, DbError};
use crate::telemetry::chain;

/// Time one effect has.
const EFFECT: Duration = Duration::from_secs(10);
/// How long one question for the next delivery waits.
const WAIT: Duration = Duration::from_secs(20);
/// Pause when nothing is due, unless something comes.
pub const IDLE: Duration = Duration::from_secs(1);
/// Pause after a failure of the broker or the database.
const TROUBLE: Duration = Duration::from_secs(1);

/// Reads events for a service. Clones share everything.
#[derive(Debug, Clone)]
pub struct Reader {
    db: Db,
    handlers: Arc<Handlers>,
    metrics: EventMetrics,
    /// Raised when something has been stored.
    stored: Arc<Notify>,
}

impl Reader {
    /// Into the tables of `db`, with the effects in `handlers`.
    #[must_use]
    pub fn new(db: Db, handlers: Handlers, metrics: EventMetrics) -> Self {
        Self { db, handlers: Arc::new(handlers), metrics, stored: Arc::default() }
    }

    /// Stores what was delivered, so that it may be acknowledged. What nobody here wants (any more), what is no event, and what says that it is something
    /// else than it was published as, is passed over: whoever may announce one type could else announce any.
    ///
    /// # Errors
    /// See [`DbError`]; it has to come again.
    pub async fn store(&self, delivery: &Delivery) -> Result<(), DbError> {
        let envelope = match Envelope::read(&delivery.body) {
            Ok(envelope) if delivery.kind.as_ref() == Some(&envelope.kind) => envelope,
            _ => {
                // What it says may be anything, a name of a person too, so nothing of it is told or kept; the broker has it for a while.
                let published_as = delivery.kind.as_ref().map(tracing::field::display);
                tracing::error!(
                    bytes = delivery.body.len(),
                    published_as,
                    "a delivery is no event of its type and is passed over"
                );
                self.count_received("unknown", "broken");
                return Ok(());
            }
        };
        let park = match self.handlers.meaning(&envelope.kind) {
            Meaning::Known => false,
            Meaning::Newer => true,
            Meaning::None => {
                self.count_received("unknown", "ignored");
                return Ok(());
            }
        };
        let new = inbox::put(&self.db, &envelope, park).await?;
        let outcome = match (new, park) {
            (false, _) => "repeated",
            (true, true) => "parked",
            (true, false) => "stored",
        };
        self.count_received(envelope.kind.as_str(), outcome);
        self.stored.notify_one();
        Ok(())
    }

    /// Has events that are due have their effects, at most one claim's. How many were claimed.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single event is written down at it and is no error.
    pub async fn turn(&self) -> Result<usize, DbError> {
        Ok(self.turn_within(Reach::Far).await?.0)
    }

    /// The same within a reach; and whether something was old.
    ///
    /// # Errors
    /// See [`Reader::turn`].
    pub async fn turn_within(&self, reach: Reach) -> Result<(usize, bool), DbError> {
        let claimed = inbox::claim(&self.db, &self.handlers.types(), reach).await?;
        let (count, old) = (claimed.len(), claimed.iter().any(|event| event.old));
        for Claimed { id, kind, envelope, dead, .. } in claimed {
            if dead {
                tracing::error!(%id, kind, "an event was begun too often and is given up; what follows about its subject waits for a replay");
                self.count_handled(&kind, "dead");
            } else {
                self.work(id, envelope).await?;
            }
        }
        Ok((count, old))
    }

    async fn work(&self, id: Uuid, stored: Value) -> Result<(), DbError> {
        let Ok(envelope) = serde_json::from_value::<Envelope>(stored) else {
            tracing::error!(%id, "a stored event can't be read and is given up");
            self.count_handled("unknown", "dead");
            return inbox::failed(&self.db, id, "it can't be read", true).await.map(drop);
        };
        let kind = envelope.kind.as_str();
        // What follows from it carries the name of the request that caused it.
        let context = Context::of_cause(envelope.trace.as_deref(), EFFECT);
        let error = match context.scope(self.effect(&envelope)).await {
            Ok(first) => {
                self.count_handled(kind, if first { "done" } else { "repeated" });
                return Ok(());
            }
            Err(error) => error,
        };
        self.fail(id, kind, &error).await
    }

    async fn fail(&self, id: Uuid, kind: &str, error: &DbError) -> Result<(), DbError> {
        let hopeless = matches!(error, DbError::Refused(sqlx::Error::Decode(_)));
        let dead = inbox::failed(&self.db, id, &error.to_string(), hopeless).await?;
        self.count_handled(kind, if dead { "dead" } else { "failed" });
        if dead {
            tracing::error!(%id, kind, error = chain(error), "an event is given up; what follows about its subject waits for a replay");
        } else {
            tracing::warn!(%id, kind, error = chain(error), "an event waits");
        }
        Ok(())
    }

    /// Whether this was the first time.
    async fn effect(&self, envelope: &Envelope) -> Result<bool, DbError> {
        let given = (self.handlers.as_ref(), envelope);
        // An effect is nobody's request: it writes whatever the event is about.
        self.db
            .at_work()
            .transaction_idempotent(&given, |session, (handlers, envelope)| {
                Box::pin(async move {
                    if !inbox::done(session, envelope.id).await? {
                        return Ok(false);
                    }
                    handlers.apply(session, envelope).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Lets go on what was parked by a program that knew less, lets sleep what is behind another, tells how much waits, and deletes what was kept long
    /// enough.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn look(&self) -> Result<(), DbError> {
        let freed = inbox::unpark(&self.db, &self.handlers.types()).await?;
        if freed > 0 {
            tracing::info!(freed, "events of a version that is known now go on");
        }
        inbox::lay_aside(&self.db).await?;
        let state = inbox::state(&self.db).await?;
        for (name, number) in [("waiting", state.waiting), ("parked", state.parked), ("dead", state.dead)] {
            self.metrics.inbox.with_label_values(&[name]).set(number);
        }
        inbox::sweep(&self.db).await.map(drop)
    }

    fn count_received(&self, kind: &str, outcome: &str) {
        self.metrics.received.with_label_values(&[kind, outcome]).inc();
    }

    fn count_handled(&self, kind: &str, outcome: &str) {
        self.metrics.handled.with_label_values(&[kind, outcome]).inc();
    }
}

/// Stores what the broker delivers until told to stop.
pub async fn keep_stored(reader: Reader, broker: Arc<dyn Broker>, stop: CancellationToken) {
    let mut said = false;
    while !stop.is_cancelled() {
        // What was handed out is stored and acknowledged, come what may: dropped, it would hold up the whole service until it comes again.
        let next = tokio::select! {
            biased;
            next = broker.next(WAIT) => next,
            () = stop.cancelled() => return,
        };
        let taken = take(&reader, next).await;
        match taken {
            Ok(()) => said = false,
            Err(error) => {
                // Once: it would come with every turn.
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!(error = chain(&error), "no events come");
                }
                sleep(TROUBLE).await;
            }
        }
    }
}

/// One delivery, if one came.
async fn take(reader: &Reader, next: Result<Option<Delivery>, BrokerError>) -> Result<(), BrokerError> {
    let Some(delivery) = next? else { return Ok(()) };
    match reader.store(&delivery).await {
        Ok(()) => delivery.receipt.taken().await,
        Err(error) => {
            tracing::warn!(error = chain(&error), "an event comes again: the database can't keep it now");
            delivery.receipt.again(TROUBLE).await
        }
    }
}

/// Has events have their effects until told to stop. `idle`: the pause when nothing is due, unless something comes.
pub async fn keep_working(reader: Reader, idle: Duration, stop: CancellationToken) {
    let (mut looks, mut reaches) = (Looks::default(), Reaches::default());
    loop {
        let look = looks.are_due();
        if look && let Err(error) = reader.look().await {
            Looks::failed(&error);
        }
        let turn = reader.turn_within(reaches.next(look)).await;
        let (more, old) = turn.unwrap_or_else(|error| waits_for_database(&error));
        reaches.found(old);
        // There may be more, behind those that are done now.
        if more > 0 && !stop.is_cancelled() {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = reader.stored.notified() => {}
            () = sleep(idle) => {}
        }
    }
}

/// Nothing was done.
fn waits_for_database(error: &DbError) -> (usize, bool) {
    tracing::warn!(error = chain(error), "events wait for the database");
    (0, false)
}
