//! Stripe's events, read as hints. In comes a body whose signature was checked; out goes which object to fetch. Pure.
//!
//! What an event says about its object is not looked at: it was true once, and events come late, twice and in any order.

use jiff::Timestamp;
use serde::Deserialize;

/// What kind of object an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `customer`.
    Customer,
    /// `payment_method`.
    PaymentMethod,
    /// `setup_intent`.
    SetupIntent,
    /// `subscription`.
    Subscription,
    /// `payment_intent`.
    PaymentIntent,
    /// `invoice`.
    Invoice,
    /// `identity.verification_session`.
    VerificationSession,
}

impl Kind {
    /// Every kind that is kept here.
    pub const ALL: [Self; 7] = [
        Self::Customer,
        Self::PaymentMethod,
        Self::SetupIntent,
        Self::Subscription,
        Self::PaymentIntent,
        Self::Invoice,
        Self::VerificationSession,
    ];

    /// The kind of a name: Stripe's, as in the field `object` of every object.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::PaymentMethod => "payment_method",
            Self::SetupIntent => "setup_intent",
            Self::Subscription => "subscription",
            Self::PaymentIntent => "payment_intent",
            Self::Invoice => "invoice",
            Self::VerificationSession => "identity.verification_session",
        }
    }

    /// Where objects of it are, below Stripe's address.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Customer => "/v1/customers",
            Self::PaymentMethod => "/v1/payment_methods",
            Self::SetupIntent => "/v1/setup_intents",
            Self::Subscription => "/v1/subscriptions",
            Self::PaymentIntent => "/v1/payment_intents",
            Self::Invoice => "/v1/invoices",
            Self::VerificationSession => "/v1/identity/verification_sessions",
        }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Stripe's identifier; the same however often it is delivered.
    pub id: String,
    /// Its type.
    pub name: String,
    /// When it happened, to the second.
    pub created: Timestamp,
    /// What to fetch; none if nobody here needs it.
    pub object: Option<(Kind, String)>,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    name: String,
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    object: String,
    /// Some have none, such as the preview of an invoice.
    id: Option<String>,
}

impl Event {
    /// Reads an event. Types that nobody knows are events like any other: refused, they would be sent for days.
    ///
    /// # Errors
    /// What is wrong with it; it is not repeated, because a body may hold anything.
    pub fn read(body: &[u8]) -> Result<Self, &'static str> {
        let envelope: Envelope = serde_json::from_slice(body).map_err(|_| "not an event of Stripe's")?;
        let is_named = (1..=255).contains(&envelope.name.len()) && !envelope.name.chars().any(char::is_control);
        if !is_identifier(&envelope.id) || !is_named {
            return Err("an event without a usable id or type");
        }
        let created = Timestamp::from_second(envelope.created).map_err(|_| "an event of no possible time")?;
        let object = envelope.data.object;
        let wanted = Kind::parse(&object.object).zip(object.id.filter(|id| is_identifier(id)));
        Ok(Self { id: envelope.id, name: envelope.name, created, object: wanted })
    }
}

/// Whether a text can be an identifier of Stripe's: it becomes part of an address.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(id: &str, object: serde_json::Value) -> Result<Event, &'static str> {
        let event = json!({ "id": id, "type": "customer.subscription.updated", "created": 1_790_000_000, "object": "event",
            "api_version": "2026-10-28.endive", "livemode": false, "data": { "object": object } });
        Event::read(event.to_string().as_bytes())
    }

    #[test]
    fn an_event_is_a_hint_at_an_object() {
        let event = read("evt_1", json!({ "object": "subscription", "id": "sub_1", "status": "active" })).unwrap();
        assert_eq!(event.object, Some((Kind::Subscription, "sub_1".to_owned())));
        assert_eq!((event.id.as_str(), event.name.as_str()), ("evt_1", "customer.subscription.updated"));
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
            assert!(kind.path().starts_with("/v1/"));
        }
    }

    #[test]
    fn what_nobody_needs_is_taken_and_what_could_be_an_address_is_not_fetched() {
        assert_eq!(read("evt_1", json!({ "object": "radar.rule", "id": "x_1" })).unwrap().object, None);
        assert_eq!(read("evt_1", json!({ "object": "invoice" })).unwrap().object, None);
        assert_eq!(read("evt_1", json!({ "object": "invoice", "id": "../v1/refunds" })).unwrap().object, None);
        for id in ["", "evt 1", "evt/1", &"e".repeat(256)] {
            assert!(read(id, json!({ "object": "invoice", "id": "in_1" })).is_err(), "{id}");
        }
        assert!(Event::read(b"{}").is_err() && Event::read(b"").is_err());
        let unnamed = br#"{"id":"evt_1","type":"a\u0000","created":1,"data":{"object":{"object":"invoice"}}}"#;
        assert!(Event::read(unnamed).is_err(), "a database has no such text");
    }
}
