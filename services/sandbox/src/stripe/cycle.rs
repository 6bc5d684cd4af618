//! What time brings: trials end, periods begin, payments that failed are tried again. In: a time. Out: states with all that follows from them.
//! Source of the states: <https://docs.stripe.com/billing/subscriptions/overview>, read in November 2026.

use serde_json::{Value, json};

use super::invoice::{bill, charge, line};
use super::refusal::Refusal;
use super::state::{Kind, State};
use super::subscription::{DAY, after, cost_of, end, method_of, period_end};

/// How long a first payment may take.
const FIRST_PAYMENT: i64 = 23 * 3600;
/// When a renewal that failed is tried again, counted from the attempt before.
const RETRIES: [i64; 3] = [3 * DAY, 5 * DAY, 7 * DAY];

/// Lets the time pass up to `until`, one due moment after the other.
pub(super) fn advance(state: &mut State, until: i64) -> Result<(), Refusal> {
    loop {
        let due = state.all(Kind::Subscription).filter_map(|subscription| {
            let at = due(state, subscription)?;
            Some((at, subscription["id"].as_str()?.to_owned()))
        });
        // Of what is due in one moment, the object that was made first.
        let Some((at, id)) = due.filter(|(at, _)| *at <= until).min() else { break };
        state.now = state.now.max(at);
        act(state, &id)?;
    }
    state.now = until;
    Ok(())
}

/// When something happens to a subscription by itself.
fn due(state: &State, subscription: &Value) -> Option<i64> {
    match subscription["status"].as_str()? {
        "incomplete" => Some(subscription["created"].as_i64()? + FIRST_PAYMENT),
        "trialing" => subscription["trial_end"].as_i64(),
        "active" => period_end(subscription),
        "past_due" => {
            let invoice = state.get(Kind::Invoice, subscription["latest_invoice"].as_str()?).ok()?;
            invoice["next_payment_attempt"].as_i64()
        }
        _ => None,
    }
}

fn act(state: &mut State, id: &str) -> Result<(), Refusal> {
    let subscription = state.get(Kind::Subscription, id)?.clone();
    match subscription["status"].as_str().unwrap_or_default() {
        "incomplete" => end(state, id, "incomplete_expired", "updated").map(drop),
        "active" | "trialing" if subscription["cancel_at_period_end"] == true => {
            end(state, id, "canceled", "deleted").map(drop)
        }
        "trialing" if method_of(state, &subscription).is_none() => trial_ends_without(state, &subscription),
        "past_due" => retry(state, &subscription),
        _ => renew(state, &subscription),
    }
}

fn trial_ends_without(state: &mut State, subscription: &Value) -> Result<(), Refusal> {
    let id = subscription["id"].as_str().unwrap_or_default();
    match subscription["trial_settings"]["end_behavior"]["missing_payment_method"].as_str() {
        Some("pause") => state.change(Kind::Subscription, id, "paused", |it| it["status"] = json!("paused")).map(drop),
        Some("cancel") => end(state, id, "canceled", "deleted").map(drop),
        _ => renew(state, subscription),
    }
}

/// The next period begins; what it costs is charged at once.
fn renew(state: &mut State, subscription: &Value) -> Result<(), Refusal> {
    let id = subscription["id"].as_str().unwrap_or_default().to_owned();
    let (price, start) = (&subscription["items"]["data"][0]["price"], period_end(subscription).unwrap_or(state.now));
    let end = after(start, price);
    let next = line(subscription, price, cost_of(price), (start, end), false);
    let invoice = bill(state, subscription, vec![next], "subscription_cycle")?;
    let works = settle(state, subscription, &invoice)?;
    if !works {
        wait(state, &invoice)?;
    }
    state.change(Kind::Subscription, &id, "updated", |subscription| {
        subscription["status"] = json!(if works { "active" } else { "past_due" });
        subscription["latest_invoice"] = invoice["id"].clone();
        let item = &mut subscription["items"]["data"][0];
        item["current_period_start"] = json!(start);
        item["current_period_end"] = json!(end);
    })?;
    Ok(())
}

/// A payment that failed is tried again; after the last time the subscription ends.
fn retry(state: &mut State, subscription: &Value) -> Result<(), Refusal> {
    let id = subscription["id"].as_str().unwrap_or_default();
    let invoice = state.get(Kind::Invoice, subscription["latest_invoice"].as_str().unwrap_or_default())?.clone();
    if settle(state, subscription, &invoice)? {
        return state.change(Kind::Subscription, id, "updated", |it| it["status"] = json!("active")).map(drop);
    }
    if wait(state, &invoice)? { Ok(()) } else { end(state, id, "canceled", "deleted").map(drop) }
}

/// Charges what the customer pays with; whether the invoice is paid then.
fn settle(state: &mut State, subscription: &Value, invoice: &Value) -> Result<bool, Refusal> {
    let Some(intent) = invoice["payments"]["data"][0]["payment"]["payment_intent"].as_str() else { return Ok(true) };
    match method_of(state, subscription) {
        Some(method) => Ok(charge(state, intent, &method)?.is_none()),
        None => {
            let id = invoice["id"].as_str().unwrap_or_default();
            let count = |invoice: &mut Value| {
                invoice["attempt_count"] = json!(invoice["attempt_count"].as_i64().unwrap_or_default() + 1);
            };
            state.change(Kind::Invoice, id, "payment_failed", count)?;
            Ok(false)
        }
    }
}

/// Sets the next attempt; whether there is one.
fn wait(state: &mut State, invoice: &Value) -> Result<bool, Refusal> {
    let (id, now) = (invoice["id"].as_str().unwrap_or_default(), state.now);
    let attempts = state.get(Kind::Invoice, id)?["attempt_count"].as_u64().unwrap_or_default();
    let pause = usize::try_from(attempts).ok().and_then(|count| RETRIES.get(count.saturating_sub(1)));
    let next = pause.map(|pause| now + pause);
    state.change(Kind::Invoice, id, "updated", |invoice| invoice["next_payment_attempt"] = json!(next))?;
    Ok(next.is_some())
}
