//! Which call does what. In: a call whose key and idempotency are settled. Out: what is answered, with what was asked for put in place of
//! identifiers.

use serde_json::{Value, json};

use super::call::Call;
use super::form::{Given, document};
use super::list::{by_events, listed, searched};
use super::refusal::Refusal;
use super::state::{Kind, State};
use super::{catalogue, change, clock, expand, invoice, params, people, subscription, verification};

/// Does what is called for.
pub(super) fn act(state: &mut State, call: Call<'_>) -> Result<Value, Refusal> {
    let form = document(call.form);
    let given = Given(&form);
    let path = call.path.trim_start_matches("/v1/").trim_end_matches('/');
    let steps: Vec<&str> = path.split('/').collect();
    params::known(call.method, &steps, given)?;
    let found = match call.method {
        "GET" => read(state, &steps, given),
        "POST" => post(state, &steps, given),
        "DELETE" => delete(state, &steps),
        _ => Err(Refusal::no_route(call.method, call.path)),
    };
    expand::shown(state, &found?, &given.list("/expand"))
}

fn post(state: &mut State, steps: &[&str], given: Given<'_>) -> Result<Value, Refusal> {
    match steps {
        ["products"] => catalogue::create_product(state, given),
        ["products", id] => catalogue::update(state, Kind::Product, id, given),
        ["prices"] => catalogue::create_price(state, given),
        ["prices", id] => catalogue::update(state, Kind::Price, id, given),
        ["customers"] => people::create_customer(state, given),
        ["customers", id] => people::update_customer(state, id, given),
        ["setup_intents"] => people::create_setup(state, given),
        ["setup_intents", id, "confirm"] => people::confirm_setup(state, id, given),
        ["setup_intents", id, "cancel"] => people::cancel_setup(state, id),
        ["payment_methods"] => people::create_method(state, given),
        ["payment_methods", id, "attach"] => {
            let customer = given.text("/customer").ok_or_else(|| Refusal::required("customer"))?;
            people::attach(state, id, customer)
        }
        ["payment_methods", id, "detach"] => people::detach(state, id),
        ["payment_intents", id, "confirm"] => {
            let method = invoice::method_given(state, id, given)?;
            subscription::confirm(state, id, &method)
        }
        ["invoices", "create_preview"] => change::preview(state, given),
        ["subscriptions"] => subscription::create(state, given),
        ["subscriptions", id] => subscription::update(state, id, given),
        ["identity", "verification_sessions"] => verification::create(state, given),
        ["identity", "verification_sessions", id, "cancel"] => verification::cancel(state, id),
        ["test_helpers", rest @ ..] => help(state, rest, given),
        _ => Err(Refusal::no_route("POST", &steps.join("/"))),
    }
}

/// What only tests do.
fn help(state: &mut State, steps: &[&str], given: Given<'_>) -> Result<Value, Refusal> {
    match steps {
        ["identity", "verification_sessions", id, verdict @ ("verify" | "refuse")] => {
            verification::decide(state, id, *verdict == "verify")
        }
        ["clock"] => {
            clock::turn(state, given)?;
            Ok(json!({ "object": "test_helpers.test_clock", "frozen_time": state.now, "status": "ready" }))
        }
        ["test_clocks"] => clock::create(state, given),
        ["test_clocks", id, "advance"] => clock::advance(state, id, given),
        _ => Err(Refusal::no_route("POST", &format!("test_helpers/{}", steps.join("/")))),
    }
}

fn delete(state: &mut State, steps: &[&str]) -> Result<Value, Refusal> {
    match steps {
        ["customers", id] => people::delete_customer(state, id),
        ["subscriptions", id] => subscription::cancel(state, id),
        ["test_helpers", "test_clocks", id] => state.delete(Kind::TestClock, id),
        _ => Err(Refusal::no_route("DELETE", &steps.join("/"))),
    }
}

fn read(state: &State, steps: &[&str], given: Given<'_>) -> Result<Value, Refusal> {
    match steps {
        ["events"] => by_events(state, given),
        ["events", id] => {
            let event = state.events.iter().find(|event| event["id"] == *id);
            event.cloned().ok_or_else(|| Refusal::missing("event", id))
        }
        ["customers", customer, "payment_methods"] => {
            state.get(Kind::Customer, customer)?;
            let is_theirs = |method: &Value| method["customer"] == *customer;
            listed(state, Kind::PaymentMethod, &format!("/v1/{}", steps.join("/")), given, is_theirs)
        }
        [kind @ .., "search"] => {
            let kind = of(kind).filter(|kind| kind.is_searched());
            searched(state, kind.ok_or_else(|| Refusal::no_route("GET", &steps.join("/")))?, given)
        }
        _ => {
            if let Some(kind) = of(steps) {
                return listed(state, kind, &format!("/v1/{}", kind.path()), given, |_| true);
            }
            let one = steps.split_last().and_then(|(id, rest)| Some((of(rest)?, *id)));
            let (kind, id) = one.ok_or_else(|| Refusal::no_route("GET", &steps.join("/")))?;
            state.get(kind, id).cloned()
        }
    }
}

fn of(steps: &[&str]) -> Option<Kind> {
    let path = steps.join("/");
    Kind::ALL.into_iter().find(|kind| kind.path() == path)
}
