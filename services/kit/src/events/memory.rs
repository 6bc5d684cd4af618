//! A broker in memory, for tests of whoever publishes and reads. In come messages; out go deliveries, and troubles on request. It keeps what
//! [`Broker`] promises and forgets all of it with the process. Must not be given to a service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::broker::{Broker, BrokerError, Delivery, Message, Receipt};

/// Between two looks for something new.
const LOOK: Duration = Duration::from_millis(2);

/// The broker. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    log: Vec<Message>,
    readers: BTreeMap<&'static str, Place>,
    trouble: Trouble,
}

/// How far a service has come.
#[derive(Debug, Default)]
struct Place {
    next: usize,
    handed_out: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It can't be reached.
    Away,
    /// It answers nothing to messages of this type, as to somebody without the right to publish them.
    AwayFor(&'static str),
    /// It refuses what it is given.
    Refuses,
    /// It stores a message, and the answer is lost.
    LosesAnswers,
    /// It stores a message and never answers.
    Hangs,
    /// It has forgotten which messages it had before.
    Forgets,
}

/// The broker as one service sees it.
#[derive(Debug, Clone)]
struct Seat {
    broker: Memory,
    service: &'static str,
    wants: Arc<[&'static str]>,
}

impl Memory {
    /// For one service: where it publishes, and reads types whose names without a version are in `wants`.
    #[must_use]
    pub fn seat(&self, service: &'static str, wants: &[&'static str]) -> Arc<dyn Broker> {
        Arc::new(Seat { broker: self.clone(), service, wants: wants.into() })
    }

    /// What goes wrong from now on.
    pub fn suffer(&self, trouble: Trouble) {
        self.state().trouble = trouble;
    }

    /// Every message, in its order.
    #[must_use]
    pub fn log(&self) -> Vec<Message> {
        self.state().log.clone()
    }

    /// Hands everything out to a service once more.
    pub fn rewind(&self, service: &'static str) {
        self.state().readers.insert(service, Place::default());
    }

    /// Whether a service has taken everything.
    #[must_use]
    pub fn is_read(&self, service: &'static str) -> bool {
        let state = self.state();
        state.readers.get(service).is_some_and(|place| place.next >= state.log.len() && !place.handed_out)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a message; what went wrong.
    fn take(&self, message: Message) -> Result<Trouble, BrokerError> {
        let mut state = self.state();
        match state.trouble {
            Trouble::Away => return Err(away()),
            Trouble::AwayFor(kind) if message.kind.as_str() == kind => return Err(away()),
            Trouble::Refuses => return Err(BrokerError::Refused("told to refuse".into())),
            _ => {}
        }
        let known = state.trouble != Trouble::Forgets && state.log.iter().any(|old| old.id == message.id);
        if !known {
            state.log.push(message);
        }
        Ok(state.trouble)
    }
}

fn away() -> BrokerError {
    BrokerError::Away("told to be away".into())
}

impl Seat {
    /// The next message, unless one is handed out.
    fn look(&self) -> Result<Option<Delivery>, BrokerError> {
        let mut state = self.broker.state();
        if state.trouble == Trouble::Away {
            return Err(away());
        }
        let State { log, readers, .. } = &mut *state;
        let place = readers.entry(self.service).or_default();
        if place.handed_out {
            return Ok(None);
        }
        while let Some(message) = log.get(place.next) {
            if self.wants.contains(&message.kind.base()) {
                place.handed_out = true;
                let receipt = HandedOut { broker: self.broker.clone(), service: self.service };
                let (kind, body) = (Some(message.kind.clone()), message.body.clone());
                return Ok(Some(Delivery { kind, body, receipt: Box::new(receipt) }));
            }
            place.next += 1;
        }
        Ok(None)
    }
}

impl Broker for Seat {
    fn publish(&self, message: Message) -> BoxFuture<'_, Result<(), BrokerError>> {
        Box::pin(async move {
            match self.broker.take(message)? {
                Trouble::LosesAnswers => Err(away()),
                Trouble::Hangs => std::future::pending().await,
                _ => Ok(()),
            }
        })
    }

    fn next(&self, wait: Duration) -> BoxFuture<'_, Result<Option<Delivery>, BrokerError>> {
        Box::pin(async move {
            let until = Instant::now() + wait;
            loop {
                let found = self.look()?;
                if found.is_some() || Instant::now() >= until {
                    return Ok(found);
                }
                sleep(LOOK).await;
            }
        })
    }
}

/// A message that waits to be acknowledged. Dropped without it, it is handed out again.
#[derive(Debug)]
struct HandedOut {
    broker: Memory,
    service: &'static str,
}

impl Receipt for HandedOut {
    fn taken(self: Box<Self>) -> BoxFuture<'static, Result<(), BrokerError>> {
        if let Some(place) = self.broker.state().readers.get_mut(self.service) {
            // Nothing is handed out after a rewind.
            place.next += usize::from(place.handed_out);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn again(self: Box<Self>, _pause: Duration) -> BoxFuture<'static, Result<(), BrokerError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Drop for HandedOut {
    fn drop(&mut self) {
        if let Some(place) = self.broker.state().readers.get_mut(self.service) {
            place.handed_out = false;
        }
    }
}
