//! Which events a service wants, and what they do to its tables. In come functions; out goes what the reader asks them for. Must not know brokers.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::Envelope;
use super::catalogue::Event;
use super::name::{self, EventType};
use crate::pool::Session;

/// What an event does, in the transaction that also marks it as done. It may find no row that it is about: an event can come before
/// anything else does. It must not call anybody, nor wait for anything but the database.
pub type Effect<E> = for<'c> fn(&'c mut Session, &'c Envelope, E) -> BoxFuture<'c, Result<(), sqlx::Error>>;

/// Which events a service wants.
#[derive(Default)]
pub struct Handlers {
    of: BTreeMap<&'static str, Box<dyn Handler>>,
}

/// What an [`Envelope`] means to this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It has an effect here.
    Known,
    /// It is of a type that has one, in a version newer than all that this program knows: a newer program will.
    Newer,
    /// Nobody here wants it, or nobody any more: its version is older than one that has an effect.
    None,
}

trait Handler: Send + Sync {
    fn handle<'c>(&self, session: &'c mut Session, envelope: &'c Envelope) -> BoxFuture<'c, Result<(), sqlx::Error>>;
}

struct Typed<E>(Effect<E>);

impl<E: Event> Handler for Typed<E> {
    fn handle<'c>(&self, session: &'c mut Session, envelope: &'c Envelope) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        match read::<E>(envelope) {
            Ok(event) => (self.0)(session, envelope, event),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

/// What an event tells. The error is logged, and says no more than that there is one: a parser would quote what it found.
fn read<E: Event>(envelope: &Envelope) -> Result<E, sqlx::Error> {
    envelope.data().map_err(|_| sqlx::Error::Decode("the event isn't what its type promises".into()))
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.of.keys()).finish()
    }
}

impl Handlers {
    /// Adds what events of a type do.
    #[must_use]
    pub fn on<E: Event>(mut self, effect: Effect<E>) -> Self {
        self.of.insert(E::TYPE, Box::new(Typed(effect)));
        self
    }

    /// Names of the types that have an effect.
    #[must_use]
    pub fn types(&self) -> Vec<&'static str> {
        self.of.keys().copied().collect()
    }

    pub(super) fn meaning(&self, kind: &EventType) -> Meaning {
        if self.of.contains_key(kind.as_str()) {
            return Meaning::Known;
        }
        let related = self.of.keys().map(|known| name::parts(known)).filter(|(base, _)| *base == kind.base());
        let newest = related.map(|(_, version)| version).max();
        if newest.is_some_and(|newest| newest < kind.version()) { Meaning::Newer } else { Meaning::None }
    }

    /// Has an event do what it does.
    ///
    /// # Errors
    /// The driver's; `Decode` if the event isn't what its type promises, or has no effect here.
    pub(super) fn apply<'c>(
        &self,
        session: &'c mut Session,
        envelope: &'c Envelope,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        match self.of.get(envelope.kind.as_str()) {
            Some(handler) => handler.handle(session, envelope),
            None => Box::pin(std::future::ready(Err(sqlx::Error::Decode("nobody wants this type of events".into())))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::catalogue::UserVerified;
    use crate::pool::DbError;
    use crate::telemetry::chain;
    use serde::{Deserialize, Serialize};
    use uuid::Uuid;

    fn nothing<'c>(_: &'c mut Session, _: &'c Envelope, _: UserVerified) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// A version of the future.
    #[derive(Serialize, Deserialize)]
    struct Tenth(Uuid);

    impl Event for Tenth {
        const TYPE: &'static str = "identity.user.verified.v10";

        fn subject(&self) -> Uuid {
            self.0
        }
    }

    fn nothing_anew<'c>(_: &'c mut Session, _: &'c Envelope, _: Tenth) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    #[test]
    fn only_a_newer_version_is_one_to_wait_for() {
        let newer = Handlers::default().on::<Tenth>(nothing_anew);
        let both = Handlers::default().on::<Tenth>(nothing_anew).on::<UserVerified>(nothing);
        for (version, of_newer, of_both) in [
            (1, Meaning::None, Meaning::Known),
            (9, Meaning::None, Meaning::None),
            (10, Meaning::Known, Meaning::Known),
            (11, Meaning::Newer, Meaning::Newer),
        ] {
            let kind = EventType::parse(&format!("identity.user.verified.v{version}")).unwrap();
            assert_eq!((newer.meaning(&kind), both.meaning(&kind)), (of_newer, of_both), "{version}");
        }
    }

    #[test]
    fn what_an_event_holds_is_not_logged() {
        let envelope = Envelope {
            id: Uuid::now_v7(),
            kind: EventType::parse(UserVerified::TYPE).unwrap(),
            subject: Uuid::now_v7(),
            sequence: 1,
            time: "2026-11-26T08:00:00Z".parse().unwrap(),
            trace: None,
            data: serde_json::json!("ann@example.com"),
        };
        assert!(envelope.data::<UserVerified>().unwrap_err().to_string().contains("ann"), "a parser quotes");
        let logged = chain(&DbError::Refused(read::<UserVerified>(&envelope).unwrap_err()));
        assert!(logged.contains("promises") && !logged.contains("ann"), "{logged}");
    }

    #[test]
    fn another_version_is_not_another_type() {
        let handlers = Handlers::default().on::<UserVerified>(nothing);
        for (name, meaning) in [
            ("identity.user.verified.v1", Meaning::Known),
            ("identity.user.verified.v2", Meaning::Newer),
            ("identity.user.erased.v1", Meaning::None),
            ("identity.user.verified.again.v1", Meaning::None),
        ] {
            assert_eq!(handlers.meaning(&EventType::parse(name).unwrap()), meaning, "{name}");
        }
        assert_eq!(handlers.types(), ["identity.user.verified.v1"]);
    }
}
