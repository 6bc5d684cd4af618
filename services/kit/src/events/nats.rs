//! NATS JetStream as the broker. In come settings and the service's certificate; out goes a [`Broker`]. The stream, and the consumer that holds how
//! far this service has read, are made by whoever runs the broker: a service that could make its own could read what it wasn't given.
//!
//! | what | where |
//! |---|---|
//! | events | subject `rerp.<type>`, with the event's identifier as `Nats-Msg-Id` |
//! | a service's place | a durable pull consumer with explicit acks and `max_ack_pending` 1: so events come in order, whichever pod asks |
//! | answers | inboxes `_INBOX.<consumer>.…`, so that no service can listen to another's |

use std::error::Error as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, AckKind, ErrorCode};
use async_nats::{ConnectError, ConnectOptions};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::broker::{Broker, BrokerError, Cause, Delivery, Message, Receipt};
use super::name::EventType;
use crate::config::BusSettings;
use crate::tls::{Protocol, Tls};

/// What subjects of events begin with.
pub const PREFIX: &str = "rerp.";

/// Time the broker has to accept a connection, or to answer a question.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks whether the connection is still the one that asked for an event.
const LOOK: Duration = Duration::from_secs(1);

/// The way to the broker could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// TLS can't be set up: a bug.
    #[error("setting up TLS for the broker")]
    Tls(#[source] rustls::Error),
    /// The address can't be used.
    #[error("using the address of the broker")]
    Address(#[source] ConnectError),
}

/// A connection to the broker, opened anew whenever it ends.
pub struct Nats {
    jetstream: jetstream::Context,
    stream: String,
    consumer: String,
    durable: OnceCell<PullConsumer>,
}

impl std::fmt::Debug for Nats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nats")
            .field("stream", &self.stream)
            .field("consumer", &self.consumer)
            .field("state", &self.jetstream.client().connection_state())
            .finish_non_exhaustive()
    }
}

impl Nats {
    /// Prepares the connection and doesn't wait for it: a broker that can't be reached is reached later. `name` is shown to whoever watches the
    /// broker. New connections show the certificate that `tls` has then.
    ///
    /// # Errors
    /// See [`NatsError`].
    pub async fn connect(settings: &BusSettings, name: &str, tls: Option<&Tls>) -> Result<Self, NatsError> {
        let mut options = ConnectOptions::new()
            .name(name)
            .custom_inbox_prefix(format!("_INBOX.{}", settings.consumer))
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .retry_on_initial_connect()
            .max_reconnects(None);
        if settings.url.scheme() == "tls" {
            let config = Tls::client(tls, Protocol::Nats).map_err(NatsError::Tls)?;
            options = options.require_tls(true).tls_client_config(config);
        }
        let client = options.connect(settings.url.as_str()).await.map_err(NatsError::Address)?;
        let mut jetstream = jetstream::new(client);
        jetstream.set_timeout(PATIENCE);
        let (stream, consumer) = (settings.stream.clone(), settings.consumer.clone());
        Ok(Self { jetstream, stream, consumer, durable: OnceCell::new() })
    }

    /// Nothing is handed to a client that is not connected: it would keep it, and send it at a time of its own.
    fn connected(&self) -> Result<(), BrokerError> {
        match self.jetstream.client().connection_state() {
            State::Connected => Ok(()),
            State::Pending | State::Disconnected => Err(away("not connected")),
        }
    }

    /// The how-manieth connection this is.
    fn connection(&self) -> u64 {
        self.jetstream.client().statistics().connects.load(Ordering::Relaxed)
    }

    async fn send(&self, message: Message) -> Result<(), BrokerError> {
        self.connected()?;
        let subject = format!("{PREFIX}{}", message.kind);
        let publish = PublishMessage::build().payload(message.body).message_id(message.id.to_string());
        let stored = self.jetstream.send_publish(subject, publish).await.map_err(unpublished)?;
        // A duplicate is as good: it was stored before.
        stored.await.map(drop).map_err(unpublished)
    }

    async fn durable(&self) -> Result<&PullConsumer, BrokerError> {
        let find = || async {
            let found: PullConsumer =
                self.jetstream.get_consumer_from_stream(&self.consumer, &self.stream).await.map_err(away)?;
            if found.cached_info().config.max_ack_pending == 1 {
                Ok(found)
            } else {
                Err(away("the consumer doesn't keep the order: its max_ack_pending isn't 1"))
            }
        };
        self.durable.get_or_try_init(find).await
    }

    async fn fetch(&self, wait: Duration) -> Result<Option<Delivery>, BrokerError> {
        self.connected()?;
        let durable = self.durable().await?;
        let connection = self.connection();
        let mut batch = durable.batch().max_messages(1).expires(wait).messages().await.map_err(away)?;
        let next = loop {
            match timeout(LOOK, batch.next()).await {
                Ok(next) => break next,
                // It took the question with it; nobody would answer before the time is over.
                Err(_) if self.connection() != connection => return Err(away("the connection ended during the wait")),
                Err(_) => {}
            }
        };
        let Some(message) = next.transpose().map_err(away)? else { return Ok(None) };
        let kind = message.subject.as_str().strip_prefix(PREFIX).and_then(|name| EventType::parse(name).ok());
        Ok(Some(Delivery { kind, body: message.payload.clone(), receipt: Box::new(Delivered(message)) }))
    }
}

impl Broker for Nats {
    fn publish(&self, message: Message) -> BoxFuture<'_, Result<(), BrokerError>> {
        Box::pin(self.send(message))
    }

    fn next(&self, wait: Duration) -> BoxFuture<'_, Result<Option<Delivery>, BrokerError>> {
        Box::pin(self.fetch(wait))
    }
}

/// A message of JetStream that waits to be acknowledged.
#[derive(Debug)]
struct Delivered(jetstream::Message);

impl Receipt for Delivered {
    fn taken(self: Box<Self>) -> BoxFuture<'static, Result<(), BrokerError>> {
        // Confirmed, so that the next one is not asked for in vain.
        Box::pin(async move { self.0.double_ack().await.map_err(away) })
    }

    fn again(self: Box<Self>, pause: Duration) -> BoxFuture<'static, Result<(), BrokerError>> {
        Box::pin(async move { self.0.ack_with(AckKind::Nak(Some(pause))).await.map_err(away) })
    }
}

fn away(cause: impl Into<Cause>) -> BrokerError {
    BrokerError::Away(cause.into())
}

/// A missing stream, rights that aren't there yet (nobody answers then), a disk or an account that is full, a stream without a leader: all of it is made
/// good by whoever runs the broker, and events wait for it. Most of it comes as `Other`; of that only a message that is too large for the stream stays so.
fn unpublished(error: PublishError) -> BrokerError {
    match error.kind() {
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending => BrokerError::Away(error.into()),
        PublishErrorKind::Other if !is_too_large(&error) => BrokerError::Away(error.into()),
        PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => BrokerError::Refused(error.into()),
    }
}

/// What the stream says of a message that the server would take.
fn is_too_large(error: &PublishError) -> bool {
    let answer = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    answer.is_some_and(|answer| {
        matches!(
            answer.error_code(),
            ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_waiting_cures_is_a_refusal() {
        for (kind, refused) in [
            (PublishErrorKind::TimedOut, false),
            (PublishErrorKind::StreamNotFound, false),
            (PublishErrorKind::MaxPayloadExceeded, true),
            (PublishErrorKind::Other, false),
        ] {
            let error = unpublished(PublishError::new(kind));
            assert_eq!(matches!(error, BrokerError::Refused(_)), refused, "{kind:?}");
        }
        // As JetStream answers: no resources, the store failed, no leader, no memory, and too large.
        for (code, refused) in [(10023, false), (10077, false), (10118, false), (10028, false), (10054, true)] {
            let answer = serde_json::json!({ "code": 503, "err_code": code, "description": "told so" });
            let answer: jetstream::Error = serde_json::from_value(answer).unwrap();
            let error = unpublished(PublishError::with_source(PublishErrorKind::Other, answer));
            assert_eq!(matches!(error, BrokerError::Refused(_)), refused, "{code}");
        }
    }
}
