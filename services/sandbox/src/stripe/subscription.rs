//! Subscriptions: how they begin, go on and end. In: calls, and the time. Out: states with all that follows from them.
//! Source of the states: <https://docs.stripe.com/billing/subscriptions/overview>, read in November 2026.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::form::Given;
use super::invoice::{bill, charge, void};
use super::people::{default_method, owned};
use super::refusal::Refusal;
use super::state::{Kind, State};

const DAY: i64 = 86_400;
/// How long a first payment may take.
const FIRST_PAYMENT: i64 = 23 * 3600;
/// When a renewal that failed is tried again, counted from the attempt before.
const RETRIES: [i64; 3] = [3 * DAY, 5 * DAY, 7 * DAY];

/// `POST /v1/subscriptions`, with `payment_behavior=default_incomplete`: the first payment is confirmed by the person.
pub(super) fn create(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let customer = given.text("/customer").ok_or_else(|| Refusal::required("customer"))?.to_owned();
    if state.get(Kind::Customer, &customer)?["deleted"] == true {
        return Err(Refusal::missing("customer", &customer));
    }
    let price = given.text("/items/0/price").ok_or_else(|| Refusal::required("items[0][price]"))?;
    let price = state.get(Kind::Price, price)?.clone();
    let trial = given.number("/trial_period_days").filter(|days| *days > 0);
    let end = match trial {
        Some(days) => state.now + days * DAY,
        None => after(state.now, &price),
    };
    let id = state.id(Kind::Subscription);
    let subscription = json!({
        "id": id,
        "customer": customer,
        "currency": price["currency"],
        "status": if trial.is_some() { "trialing" } else { "incomplete" },
        "cancel_at_period_end": false,
        "canceled_at": null,
        "ended_at": null,
        "trial_start": trial.map(|_| state.now),
        "trial_end": trial.map(|_| end),
        "trial_settings": { "end_behavior": { "missing_payment_method":
            given.text("/trial_settings/end_behavior/missing_payment_method").unwrap_or("create_invoice") } },
        "default_payment_method": null,
        "items": { "object": "list", "data": [{
            "id": format!("si_{}", id.trim_start_matches("sub_")), "object": "subscription_item", "price": price, "quantity": 1,
            "current_period_start": state.now, "current_period_end": end, "subscription": id,
        }] },
        "latest_invoice": null,
        "metadata": given.metadata(),
    });
    let subscription = state.add(Kind::Subscription, subscription, Some("created"))?;
    let amount = if trial.is_some() { 0 } else { cost(&subscription) };
    let invoice = bill(state, &subscription, amount, "subscription_create")?;
    state.change(Kind::Subscription, &id, "updated", |subscription| {
        subscription["latest_invoice"] = invoice["id"].clone();
        if trial.is_none() && amount == 0 {
            subscription["status"] = json!("active");
        }
    })
}

/// `POST /v1/subscriptions/{id}`.
pub(super) fn update(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    living(state, id)?;
    let customer = state.get(Kind::Subscription, id)?["customer"].as_str().unwrap_or_default().to_owned();
    let method = given.text("/default_payment_method").map(str::to_owned);
    if let Some(method) = &method {
        owned(state, method, &customer)?;
    }
    state.change(Kind::Subscription, id, "updated", |subscription| {
        if let Some(flag) = given.flag("/cancel_at_period_end") {
            subscription["cancel_at_period_end"] = json!(flag);
        }
        if let Some(method) = method {
            subscription["default_payment_method"] = json!(method);
        }
    })
}

/// `DELETE /v1/subscriptions/{id}`.
pub(super) fn cancel(state: &mut State, id: &str) -> Result<Value, Refusal> {
    living(state, id)?;
    end(state, id, "canceled", "deleted")
}

/// `POST /v1/payment_intents/{id}/confirm`: what the person's browser does at Stripe.
pub(super) fn confirm(state: &mut State, intent: &str, method: &Value) -> Result<Value, Refusal> {
    let works = charge(state, intent, method)?;
    if !works {
        return Err(Refusal::declined());
    }
    if let Some(id) = subscription_of(state, intent) {
        state.change(Kind::Subscription, &id, "updated", |subscription| {
            subscription["default_payment_method"] = method["id"].clone();
            if ["incomplete", "past_due", "unpaid"].iter().any(|status| subscription["status"] == *status) {
                subscription["status"] = json!("active");
            }
        })?;
    }
    state.get(Kind::PaymentIntent, intent).cloned()
}

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
    let invoice = bill(state, subscription, cost(subscription), "subscription_cycle")?;
    let start = period_end(subscription).unwrap_or(state.now);
    let end = after(start, &subscription["items"]["data"][0]["price"]);
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
        Some(method) => charge(state, intent, &method),
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

fn end(state: &mut State, id: &str, status: &str, verb: &str) -> Result<Value, Refusal> {
    let (now, invoice) = (state.now, state.get(Kind::Subscription, id)?["latest_invoice"].clone());
    if let Some(invoice) = invoice.as_str() {
        void(state, invoice)?;
    }
    state.change(Kind::Subscription, id, verb, |subscription| {
        subscription["status"] = json!(status);
        subscription["ended_at"] = json!(now);
        if status == "canceled" {
            subscription["canceled_at"] = json!(now);
        }
    })
}

fn living(state: &State, id: &str) -> Result<(), Refusal> {
    let subscription = state.get(Kind::Subscription, id)?;
    if ["canceled", "incomplete_expired"].iter().any(|status| subscription["status"] == *status) {
        return Err(Refusal::missing("subscription", id));
    }
    Ok(())
}

fn method_of(state: &State, subscription: &Value) -> Option<Value> {
    let customer = subscription["customer"].as_str()?;
    let own = subscription["default_payment_method"].as_str().and_then(|id| owned(state, id, customer).ok());
    own.or_else(|| default_method(state, customer))
}

fn subscription_of(state: &State, intent: &str) -> Option<String> {
    let invoice = super::invoice::of_intent(state, intent)?;
    Some(invoice["parent"]["subscription_details"]["subscription"].as_str()?.to_owned())
}

fn period_end(subscription: &Value) -> Option<i64> {
    subscription["items"]["data"][0]["current_period_end"].as_i64()
}

fn cost(subscription: &Value) -> i64 {
    subscription["items"]["data"][0]["price"]["unit_amount"].as_i64().unwrap_or_default()
}

/// A month or a year later, by the calendar: the last day of a shorter month stands for those it lacks.
fn after(start: i64, price: &Value) -> i64 {
    let span = if price["recurring"]["interval"] == "year" { Span::new().years(1) } else { Span::new().months(1) };
    let later = Timestamp::from_second(start)
        .ok()
        .map(|at| at.to_zoned(TimeZone::UTC))
        .and_then(|at| at.checked_add(span).ok());
    later.map_or(start + 30 * DAY, |at| at.timestamp().as_second())
}
