//! Test clocks. In: a time. Out: everything that was due until then has happened. Unlike at Stripe the account has one time, and every clock shows it.

use serde_json::{Value, json};

use super::cycle;
use super::form::Given;
use super::refusal::Refusal;
use super::state::{Kind, State};

/// How long a clock stays at Stripe, in seconds.
const LIFE: i64 = 30 * 86_400;

/// Lets the time pass.
pub(super) fn turn(state: &mut State, given: Given<'_>) -> Result<(), Refusal> {
    let until = given.number("/frozen_time").ok_or_else(|| Refusal::required("frozen_time"))?;
    if until < state.now {
        return Err(Refusal::invalid("frozen_time", "Time goes on, never back."));
    }
    cycle::advance(state, until)
}

/// `POST /v1/test_helpers/test_clocks`.
pub(super) fn create(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    turn(state, given)?;
    let clock = json!({
        "id": state.id(Kind::TestClock), "name": given.text("/name"), "frozen_time": state.now, "status": "ready",
        "deletes_after": state.now + LIFE, "status_details": {},
    });
    state.add(Kind::TestClock, clock, Some("created"))
}

/// `POST /v1/test_helpers/test_clocks/{id}/advance`.
pub(super) fn advance(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    state.get(Kind::TestClock, id)?;
    turn(state, given)?;
    let now = state.now;
    let others: Vec<String> =
        state.all(Kind::TestClock).filter_map(|clock| clock["id"].as_str().map(str::to_owned)).collect();
    for other in others {
        state.change(Kind::TestClock, &other, "ready", |clock| clock["frozen_time"] = json!(now))?;
    }
    state.get(Kind::TestClock, id).cloned()
}
