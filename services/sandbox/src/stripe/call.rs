//! Calls. In: method, path, key and form. Out: an answer; the same one for the same idempotency key, refusals of the card included.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::form::{Given, document};
use super::refusal::Refusal;
use super::state::{Kind, State};
use super::{catalogue, invoice, people, subscription, verification};

/// Longest idempotency key, in characters.
const LONGEST_KEY: usize = 255;
/// Most objects on a page, and how many there are unless told otherwise.
const PAGE: (i64, i64) = (100, 10);

/// A call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// From `/v1` on.
    pub path: &'a str,
    /// The secret key.
    pub account: Option<&'a str>,
    /// The idempotency key.
    pub key: Option<&'a str>,
    /// The form, of the body or of the query.
    pub form: &'a [u8],
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The document.
    pub body: Value,
    /// It was given before, under the same key.
    pub replayed: bool,
}

/// An account at Stripe: any secret key of the right form opens the same one.
#[derive(Debug)]
pub struct Stripe {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    keys: HashMap<String, (String, Answer)>,
}

impl Stripe {
    /// An empty account whose clock shows this time, seconds.
    #[must_use]
    pub fn at(now: i64) -> Self {
        Self { inner: Mutex::new(Inner { state: State::at(now), keys: HashMap::new() }) }
    }

    /// Does what is called for.
    pub fn call(&self, call: Call<'_>) -> Answer {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let known = call.account.is_some_and(|key| key.starts_with("sk_") || key.starts_with("rk_"));
        if !known {
            return refused(&Refusal::no_key());
        }
        // As a day does.
        if (call.method, call.path) == ("POST", "/v1/test_helpers/forget_keys") {
            inner.keys.clear();
            return Answer { status: 200, body: json!({}), replayed: false };
        }
        let Some(key) = call.key.filter(|_| call.method == "POST") else { return inner.answer(call) };
        if !(1..=LONGEST_KEY).contains(&key.chars().count()) {
            return refused(&Refusal::invalid("Idempotency-Key", "Idempotency keys have 1 to 255 characters."));
        }
        let asked = format!("{} {}", call.path, document(call.form));
        if let Some((before, answer)) = inner.keys.get(key) {
            let same = *before == asked;
            return if same { Answer { replayed: true, ..answer.clone() } } else { refused(&Refusal::key_reused()) };
        }
        let answer = inner.answer(call);
        // What was not even tried, because the request was wrong, may be tried again under the key.
        if !(400..500).contains(&answer.status) || answer.status == 402 {
            inner.keys.insert(key.to_owned(), (asked, answer.clone()));
        }
        answer
    }

    /// Events from the `after`th on, and how many there are in all.
    #[must_use]
    pub fn events(&self, after: usize) -> (Vec<Value>, usize) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let events = &inner.state.events;
        (events.iter().skip(after).cloned().collect(), events.len())
    }

    /// What the clock shows, seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).state.now
    }
}

fn refused(refusal: &Refusal) -> Answer {
    Answer { status: refusal.status, body: refusal.body(), replayed: false }
}

impl Inner {
    fn answer(&mut self, call: Call<'_>) -> Answer {
        match self.act(call) {
            Ok(body) => Answer { status: 200, body, replayed: false },
            Err(refusal) => refused(&refusal),
        }
    }

    fn act(&mut self, call: Call<'_>) -> Result<Value, Refusal> {
        let form = document(call.form);
        let given = Given(&form);
        let state = &mut self.state;
        let path = call.path.trim_start_matches("/v1/").trim_end_matches('/');
        let steps: Vec<&str> = path.split('/').collect();
        match (call.method, steps.as_slice()) {
            ("POST", ["products"]) => catalogue::create_product(state, given),
            ("POST", ["prices"]) => catalogue::create_price(state, given),
            ("POST", ["customers"]) => people::create_customer(state, given),
            ("POST", ["customers", id]) => people::update_customer(state, id, given),
            ("DELETE", ["customers", id]) => people::delete_customer(state, id),
            ("POST", ["setup_intents"]) => people::create_setup(state, given),
            ("POST", ["setup_intents", id, "confirm"]) => people::confirm_setup(state, id, given),
            ("POST", ["payment_methods", id, "attach"]) => {
                let customer = given.text("/customer").ok_or_else(|| Refusal::required("customer"))?;
                people::attach(state, id, customer)
            }
            ("POST", ["payment_methods", id, "detach"]) => people::detach(state, id),
            ("POST", ["payment_intents", id, "confirm"]) => {
                let method = invoice::method_given(state, id, given)?;
                subscription::confirm(state, id, &method)
            }
            ("POST", ["subscriptions"]) => {
                let made = subscription::create(state, given)?;
                Ok(expanded(state, made))
            }
            ("POST", ["subscriptions", id]) => subscription::update(state, id, given),
            ("DELETE", ["subscriptions", id]) => subscription::cancel(state, id),
            ("POST", ["identity", "verification_sessions"]) => verification::create(state, given),
            ("POST", ["identity", "verification_sessions", id, "cancel"]) => verification::cancel(state, id),
            ("POST", ["test_helpers", "identity", "verification_sessions", id, verdict @ ("verify" | "refuse")]) => {
                verification::decide(state, id, *verdict == "verify")
            }
            ("POST", ["test_helpers", "clock"]) => {
                let until = given.number("/frozen_time").ok_or_else(|| Refusal::required("frozen_time"))?;
                if until < state.now {
                    return Err(Refusal::invalid("frozen_time", "Time goes on, never back."));
                }
                subscription::advance(state, until)?;
                Ok(json!({ "object": "test_helpers.test_clock", "frozen_time": state.now, "status": "ready" }))
            }
            ("GET", ["events"]) => Ok(page(state.events.iter().rev(), given, |_| true)),
            ("GET", ["customers", "search"]) => search(state, Kind::Customer, given),
            ("GET", ["subscriptions", "search"]) => search(state, Kind::Subscription, given),
            ("GET", steps) => read(state, steps, given),
            _ => Err(Refusal::no_route(call.method, call.path)),
        }
    }
}

/// The invoice in place of its identifier, which is what our clients ask for when they subscribe.
fn expanded(state: &State, mut subscription: Value) -> Value {
    if let Some(invoice) = subscription["latest_invoice"].as_str().and_then(|id| state.get(Kind::Invoice, id).ok()) {
        subscription["latest_invoice"] = invoice.clone();
    }
    subscription
}

fn read(state: &State, steps: &[&str], given: Given<'_>) -> Result<Value, Refusal> {
    let (steps, id) = match steps {
        ["identity", "verification_sessions", id] => (["verification_sessions"].as_slice(), Some(*id)),
        ["identity", "verification_sessions"] => (["verification_sessions"].as_slice(), None),
        [_, id] => (&steps[..1], Some(*id)),
        _ => (steps, None),
    };
    let kind = Kind::ALL.into_iter().find(|kind| [plural(*kind)].as_slice() == steps);
    let kind = kind.ok_or_else(|| Refusal::no_route("GET", &steps.join("/")))?;
    match id {
        Some(id) => state.get(kind, id).cloned(),
        None => Ok(page(state.all(kind), given, |object| {
            let same = |field: &str| given.text(&format!("/{field}")).is_none_or(|wanted| object[field] == wanted);
            let status = given.text("/status");
            let of_status = match status {
                None if kind == Kind::Subscription => object["status"] != "canceled",
                None | Some("all") => true,
                Some(wanted) => object["status"] == wanted,
            };
            same("customer") && of_status
        })),
    }
}

/// Objects by one field of their metadata, the only clause that is understood here. Unlike at Stripe they are found at once.
fn search(state: &State, kind: Kind, given: Given<'_>) -> Result<Value, Refusal> {
    let query = given.text("/query").ok_or_else(|| Refusal::required("query"))?;
    let clause = query.strip_prefix("metadata['").and_then(|rest| rest.strip_suffix('\'')?.split_once("']:'"));
    let (field, wanted) =
        clause.ok_or_else(|| Refusal::invalid("query", "Only metadata['field']:'value' is understood."))?;
    let mut found = page(state.all(kind), given, |object| object["metadata"][field] == wanted);
    found["object"] = json!("search_result");
    Ok(found)
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Customer => "customers",
        Kind::Product => "products",
        Kind::Price => "prices",
        Kind::SetupIntent => "setup_intents",
        Kind::PaymentMethod => "payment_methods",
        Kind::PaymentIntent => "payment_intents",
        Kind::Invoice => "invoices",
        Kind::VerificationSession => "verification_sessions",
        Kind::Subscription => "subscriptions",
    }
}

fn page<'a>(all: impl Iterator<Item = &'a Value>, given: Given<'_>, wanted: impl Fn(&Value) -> bool) -> Value {
    let limit = given.number("/limit").unwrap_or(PAGE.1).clamp(1, PAGE.0);
    let limit = usize::try_from(limit).unwrap_or_default();
    let after = given.text("/starting_after");
    let matching = all.filter(|object| wanted(object));
    let mut rest: Vec<Value> = match after {
        Some(after) => matching.skip_while(|object| object["id"] != after).skip(1).take(limit + 1).cloned().collect(),
        None => matching.take(limit + 1).cloned().collect(),
    };
    let more = rest.len() > limit;
    rest.truncate(limit);
    json!({ "object": "list", "data": rest, "has_more": more, "url": "/v1" })
}
