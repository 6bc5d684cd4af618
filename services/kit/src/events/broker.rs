//! What is asked of a broker. In come messages; out go deliveries, one at a time. Two keep it: NATS, and one in memory for tests.
//! Must not look into a message.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::name::EventType;

/// Something to publish.
#[derive(Debug, Clone)]
pub struct Message {
    /// Of the event: a broker drops the second one of an identifier for as long as it remembers it.
    pub id: Uuid,
    /// Where it goes.
    pub kind: EventType,
    /// The envelope.
    pub body: Bytes,
}

/// A broker that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It can't be reached, doesn't answer, or isn't set up yet. The same may work later.
    #[error("the broker can't be used now")]
    Away(#[source] Cause),
    /// It takes no such message.
    #[error("the broker refused")]
    Refused(#[source] Cause),
}

/// What a broker's library said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Whoever takes messages and hands them out again, each until it is acknowledged. To one service it hands out one at a time, in the order in
/// which they were published, whichever pod asks: the next one only when the one before is acknowledged.
pub trait Broker: std::fmt::Debug + Send + Sync {
    /// Publishes a message; done when the broker has stored it.
    fn publish(&self, message: Message) -> BoxFuture<'_, Result<(), BrokerError>>;

    /// The next message for this service, if one comes within `wait`.
    fn next(&self, wait: Duration) -> BoxFuture<'_, Result<Option<Delivery>, BrokerError>>;
}

/// A message that was handed out.
#[derive(Debug)]
pub struct Delivery {
    /// As what it was published: a broker lets each service publish types of its own alone, and knows nothing of what they say inside. None
    /// if that is the name of no type.
    pub kind: Option<EventType>,
    /// The envelope.
    pub body: Bytes,
    /// Says what became of it. Dropped, the message comes again after a while.
    pub receipt: Box<dyn Receipt>,
}

/// Says what became of a delivery.
pub trait Receipt: std::fmt::Debug + Send + Sync {
    /// It is safe here: it needn't come again.
    fn taken(self: Box<Self>) -> BoxFuture<'static, Result<(), BrokerError>>;

    /// It could not be kept: it has to come again, in `pause`.
    fn again(self: Box<Self>, pause: Duration) -> BoxFuture<'static, Result<(), BrokerError>>;
}
