//! Everything Stripe remembers. In: objects. Out: objects, and an event for each change. Rules are in the rooms beside.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::Refusal;

/// Most objects of a kind; a test that needs more has gone wrong.
const MOST: usize = 200_000;

/// The kinds of objects, each with the beginning of its identifiers and its part of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// Who pays.
    Customer,
    /// What is sold.
    Product,
    /// For how much.
    Price,
    /// A payment method on its way.
    SetupIntent,
    /// A card.
    PaymentMethod,
    /// A payment on its way.
    PaymentIntent,
    /// What is owed.
    Invoice,
    /// Who is who.
    VerificationSession,
    /// What is paid for again and again.
    Subscription,
    /// A time to turn.
    TestClock,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 10] = [
        Self::Customer,
        Self::Product,
        Self::Price,
        Self::SetupIntent,
        Self::PaymentMethod,
        Self::PaymentIntent,
        Self::Invoice,
        Self::VerificationSession,
        Self::Subscription,
        Self::TestClock,
    ];

    /// Its name in the field `object`.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Price => "price",
            Self::SetupIntent => "setup_intent",
            Self::PaymentMethod => "payment_method",
            Self::PaymentIntent => "payment_intent",
            Self::Invoice => "invoice",
            Self::VerificationSession => "identity.verification_session",
            Self::Subscription => "subscription",
            Self::TestClock => "test_helpers.test_clock",
        }
    }

    /// Where its objects are, below `/v1/`.
    #[must_use]
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Customer => "customers",
            Self::Product => "products",
            Self::Price => "prices",
            Self::SetupIntent => "setup_intents",
            Self::PaymentMethod => "payment_methods",
            Self::PaymentIntent => "payment_intents",
            Self::Invoice => "invoices",
            Self::VerificationSession => "identity/verification_sessions",
            Self::Subscription => "subscriptions",
            Self::TestClock => "test_helpers/test_clocks",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Customer => "cus",
            Self::Product => "prod",
            Self::Price => "price",
            Self::SetupIntent => "seti",
            Self::PaymentMethod => "pm",
            Self::PaymentIntent => "pi",
            Self::Invoice => "in",
            Self::VerificationSession => "vs",
            Self::Subscription => "sub",
            Self::TestClock => "clock",
        }
    }

    /// What its events are called: `customer.subscription.updated`.
    fn topic(self) -> &'static str {
        if self == Self::Subscription { "customer.subscription" } else { self.name() }
    }
}

/// An account at Stripe.
#[derive(Debug)]
pub(super) struct State {
    /// Seconds since 1970: wall time at first, then whatever the clock is advanced to.
    pub now: i64,
    objects: HashMap<Kind, BTreeMap<String, Value>>,
    /// Everything that happened, oldest first.
    pub events: Vec<Value>,
}

impl State {
    /// An empty account at this time.
    #[must_use]
    pub(super) fn at(now: i64) -> Self {
        Self { now, objects: HashMap::new(), events: Vec::new() }
    }

    /// A new identifier.
    #[must_use]
    pub(super) fn id(&self, kind: Kind) -> String {
        format!("{}_{}", kind.prefix(), Uuid::now_v7().simple())
    }

    /// A secret with which a browser finishes something.
    #[must_use]
    pub(super) fn secret(id: &str) -> String {
        format!("{id}_secret_{}", Uuid::new_v4().simple())
    }

    /// Adds an object of this kind; `object`, `created` and `livemode` are filled in. Says so in an event, if there is such an event.
    ///
    /// # Errors
    /// The account is full.
    pub(super) fn add(&mut self, kind: Kind, mut object: Value, event: Option<&str>) -> Result<Value, Refusal> {
        object["object"] = json!(kind.name());
        object["created"] = json!(self.now);
        object["livemode"] = json!(false);
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let all = self.objects.entry(kind).or_default();
        if all.len() >= MOST {
            return Err(Refusal::state("resource_exhausted", "The sandbox holds as much as it may."));
        }
        all.insert(id, object.clone());
        if let Some(event) = event {
            self.tell(kind, event, &object, None);
        }
        Ok(object)
    }

    /// An object.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn get(&self, kind: Kind, id: &str) -> Result<&Value, Refusal> {
        self.objects.get(&kind).and_then(|all| all.get(id)).ok_or_else(|| Refusal::missing(kind.name(), id))
    }

    /// Objects of a kind, the newest first, as Stripe lists them.
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        self.objects.get(&kind).into_iter().flat_map(|all| all.values().rev())
    }

    /// Changes an object, and says so if it is another one then. `event` is the verb of a special event, told before `updated`.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn change(
        &mut self,
        kind: Kind,
        id: &str,
        event: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Refusal> {
        let before = self.get(kind, id)?.clone();
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            self.objects.entry(kind).or_default().insert(id.to_owned(), after.clone());
            self.tell(kind, event, &after, Some(&before));
        }
        Ok(after)
    }

    /// Deletes an object, and says so.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn delete(&mut self, kind: Kind, id: &str) -> Result<Value, Refusal> {
        let gone = self.get(kind, id)?.clone();
        self.objects.entry(kind).or_default().remove(id);
        self.tell(kind, "deleted", &gone, None);
        Ok(json!({ "id": id, "object": kind.name(), "deleted": true }))
    }

    /// Notes that something happened.
    fn tell(&mut self, kind: Kind, verb: &str, object: &Value, before: Option<&Value>) {
        let mut data = json!({ "object": object });
        if kind == Kind::Invoice
            && let Some(fields) = data["object"].as_object_mut()
        {
            // An event shows what is shown unasked.
            fields.retain(|name, _| !super::expand::INVOICE.contains(&name.as_str()));
        }
        if let Some(before) = before {
            data["previous_attributes"] = difference(before, object);
        }
        self.events.push(json!({
            "id": format!("evt_{}", Uuid::now_v7().simple()),
            "object": "event",
            "api_version": super::VERSION,
            "created": self.now,
            "livemode": false,
            "pending_webhooks": 1,
            "type": format!("{}.{verb}", kind.topic()),
            "data": data,
            "request": { "id": null, "idempotency_key": null },
        }));
    }
}

/// What fields were before, where they changed.
fn difference(before: &Value, after: &Value) -> Value {
    let fields = before.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| after.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
