//! Calls. In: method, path, key and form. Out: an answer; the same one for the same idempotency key, refusals of the card included.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::form::document;
use super::page;
use super::refusal::Refusal;
use super::route::act;
use super::state::State;

/// Longest idempotency key, in characters.
const LONGEST_KEY: usize = 255;

/// A call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// From `/v1` on.
    pub path: &'a str,
    /// The secret key, or of a page the publishable one.
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
        if page::is_key(call.account) {
            return answered(page::confirm(&mut inner.state, call));
        }
        let known = call.account.is_some_and(|key| key.starts_with("sk_") || key.starts_with("rk_"));
        if !known {
            return refused(&Refusal::no_key(call.account));
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

fn answered(came: Result<Value, Refusal>) -> Answer {
    match came {
        Ok(body) => Answer { status: 200, body, replayed: false },
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Answer {
    Answer { status: refusal.status, body: refusal.body(), replayed: false }
}

impl Inner {
    fn answer(&mut self, call: Call<'_>) -> Answer {
        answered(act(&mut self.state, call))
    }
}
