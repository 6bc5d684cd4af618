//! From the outbox to the broker. In comes the table; out go messages, those of one subject one after the other. Each pod has a relay, and one of them
//! works. Must not hold a transaction while it waits for the broker: that would be in the way of a move of this database.
//!
//! Lost between publishing and deleting, an event is published once more by whoever has the turn then, under the same identifier: the broker drops it, or
//! the inbox of whoever gets it does.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Envelope;
use super::broker::{Broker, BrokerError, Message};
use super::looks::{LOOK, Looks, Reach, Reaches};
use super::name::EventType;
use super::outbox::{self, Waiting};
use crate::metrics::EventMetrics;
use crate::pool::{Db, DbError};
use crate::telemetry::chain;

/// Pause when nothing is due.
const IDLE: Duration = Duration::from_millis(250);
/// Time the broker has for one message.
const PATIENCE: Duration = Duration::from_secs(10);
/// First pause after the broker was away; doubles.
const AWAY: Duration = Duration::from_millis(500);
/// Longest pause while the broker is away.
const AWAY_LONGEST: Duration = Duration::from_secs(15);

/// Publishes what waits, when it has the turn. No two have the same name, so there are no clones.
#[derive(Debug)]
pub struct Relay {
    name: Uuid,
    db: Db,
    broker: Arc<dyn Broker>,
    metrics: EventMetrics,
}

/// What a turn ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There was nothing to do, or it is the turn of another relay.
    Idle,
    /// So many events are published.
    Published(usize),
    /// The broker can't be used: nothing could be published.
    Away,
}

/// What became of one event.
enum Sent {
    Published(Uuid),
    Refused(Uuid, String),
    Away(Uuid),
}

impl Relay {
    /// From the tables of `db` to `broker`.
    #[must_use]
    pub fn new(db: Db, broker: Arc<dyn Broker>, metrics: EventMetrics) -> Self {
        Self { name: Uuid::now_v7(), db, broker, metrics }
    }

    /// Publishes events that are due, one of each subject, at most one claim's.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn turn(&self) -> Result<Turn, DbError> {
        Ok(self.turn_within(Reach::Far).await?.0)
    }

    /// The same within a reach; and whether something was old.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn turn_within(&self, reach: Reach) -> Result<(Turn, bool), DbError> {
        let claimed = outbox::claim(&self.db, self.name, reach).await?;
        if claimed.is_empty() {
            return Ok((Turn::Idle, false));
        }
        let old = claimed.iter().any(|event| event.old);
        Ok((self.publish(claimed).await?, old))
    }

    async fn publish(&self, claimed: Vec<Waiting>) -> Result<Turn, DbError> {
        let (mut published, mut away, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for sent in join_all(claimed.into_iter().map(|event| self.send(event))).await {
            match sent {
                Sent::Published(id) => published.push(id),
                Sent::Away(id) => away.push(id),
                Sent::Refused(id, error) => refused.push((id, error)),
            }
        }
        // These first: if the database fails at a refusal, what was published beside it is done.
        outbox::published(&self.db, &published).await?;
        for (id, error) in &refused {
            outbox::refused(&self.db, *id, error).await?;
        }
        if published.is_empty() && refused.is_empty() {
            return Ok(Turn::Away);
        }
        // A type without rights is no reason to keep others waiting.
        outbox::put_off(&self.db, &away).await?;
        Ok(Turn::Published(published.len()))
    }

    async fn send(&self, event: Waiting) -> Sent {
        let (id, kind) = (event.id, event.kind.clone());
        let (sent, outcome) = match message(event) {
            Err(error) => (Sent::Refused(id, error), "refused"),
            Ok(message) => match timeout(PATIENCE, self.broker.publish(message)).await {
                Ok(Ok(())) => (Sent::Published(id), "published"),
                Ok(Err(error @ BrokerError::Refused(_))) => {
                    tracing::warn!(%id, kind, error = chain(&error), "the broker refuses an event");
                    (Sent::Refused(id, error.to_string()), "refused")
                }
                Ok(Err(error @ BrokerError::Away(_))) => {
                    tracing::debug!(%id, kind, error = chain(&error), "an event waits for the broker");
                    (Sent::Away(id), "away")
                }
                Err(_) => (Sent::Away(id), "away"),
            },
        };
        self.metrics.published.with_label_values(&[kind.as_str(), outcome]).inc();
        sent
    }

    /// Tells how much waits, and lets sleep what is behind another.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn look(&self) -> Result<(), DbError> {
        tell(&self.db, &self.metrics).await?;
        outbox::lay_aside(&self.db).await
    }

    /// Leaves the turn to another relay.
    async fn leave(&self) {
        if let Err(error) = outbox::leave(&self.db, self.name).await {
            tracing::debug!(error = chain(&error), "the next relay waits until the turn of this one is over");
        }
    }
}

fn message(event: Waiting) -> Result<Message, String> {
    let kind = EventType::parse(&event.kind).map_err(|error| error.to_string())?;
    let envelope = Envelope {
        id: event.id,
        kind: kind.clone(),
        subject: event.subject,
        sequence: event.sequence,
        time: event.created_at,
        trace: event.trace,
        data: event.data,
    };
    let body = envelope.write().map_err(|_| "it can't be written".to_owned())?;
    Ok(Message { id: event.id, kind, body: Bytes::from(body) })
}

/// Publishes until told to stop.
pub async fn keep(relay: Relay, stop: CancellationToken) {
    let (mut looks, mut reaches, mut away) = (Looks::default(), Reaches::default(), Duration::ZERO);
    loop {
        let look = looks.are_due();
        let turn = relay.turn_within(reaches.next(look)).await;
        reaches.found(turn.as_ref().is_ok_and(|(_, old)| *old));
        let pause = pause_after(turn.map(|(turn, _)| turn), &mut away);
        if look && let Err(error) = relay.look().await {
            Looks::failed(&error);
        }
        tokio::select! {
            () = stop.cancelled() => return relay.leave().await,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How long to wait after a turn. `away`: how long the last time for a broker that was away.
fn pause_after(turn: Result<Turn, DbError>, away: &mut Duration) -> Duration {
    match turn {
        Ok(Turn::Away) => {
            if away.is_zero() {
                tracing::warn!("the broker is away; events wait");
            }
            *away = (*away * 2).clamp(AWAY, AWAY_LONGEST);
            *away
        }
        // What was put off isn't due yet: that says nothing of the broker.
        Ok(Turn::Idle) => {
            *away = (*away).min(AWAY);
            IDLE
        }
        Ok(Turn::Published(_)) => {
            *away = Duration::ZERO;
            Duration::ZERO
        }
        Err(error) => {
            tracing::warn!(error = chain(&error), "events wait for the database");
            AWAY
        }
    }
}

/// Counts and bounds what waits where there is no broker, until told to stop.
pub async fn keep_unheard(db: Db, metrics: EventMetrics, stop: CancellationToken) {
    loop {
        let swept = async {
            tell(&db, &metrics).await?;
            outbox::sweep_unheard(&db).await
        };
        if let Err(error) = swept.await {
            tracing::debug!(error = chain(&error), "old events stay for a while");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn tell(db: &Db, metrics: &EventMetrics) -> Result<(), DbError> {
    let state = outbox::state(db).await?;
    metrics.outbox.with_label_values(&["waiting"]).set(state.waiting);
    metrics.outbox.with_label_values(&["dead"]).set(state.dead);
    metrics.outbox_age_seconds.set(state.age_s);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_the_broker_is_away_and_not_beyond() {
        let mut away = Duration::ZERO;
        let pauses = [(); 7].map(|()| pause_after(Ok(Turn::Away), &mut away).as_millis());
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
        // Between two turns in which nothing could be published, others come at once.
        assert_eq!(pause_after(Ok(Turn::Idle), &mut away), IDLE);
        assert_eq!(pause_after(Ok(Turn::Away), &mut away).as_millis(), 1000);
        assert_eq!((pause_after(Ok(Turn::Published(1)), &mut away), away), (Duration::ZERO, Duration::ZERO));
    }
}
