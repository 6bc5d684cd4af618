//! Subscriptions: how they begin, change and end by calls. Out: states with all that follows from them. What time brings is in `cycle`.
//! Source of the states: <https://docs.stripe.com/billing/subscriptions/overview>, read in November 2026.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::change;
use super::form::Given;
use super::invoice::{bill, charge, line, void};
use super::people::{declined, default_method, owned};
use super::refusal::Refusal;
use super::state::{Kind, State};

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// `POST /v1/subscriptions`. With `payment_behavior=default_incomplete` the first payment is confirmed by the person, else it is taken at once.
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
    let own = given.text("/default_payment_method").map(|method| owned(state, method, &customer)).transpose()?;
    let payer = payer(state, given, &customer, own.as_ref(), trial.is_some() || cost_of(&price) == 0)?;
    let id = state.id(Kind::Subscription);
    let subscription = json!({
        "id": id,
        "customer": customer,
        "currency": price["currency"],
        "status": if trial.is_some() { "trialing" } else { "incomplete" },
        "cancel_at_period_end": given.flag("/cancel_at_period_end").unwrap_or(false),
        "collection_method": "charge_automatically",
        "start_date": state.now,
        "billing_cycle_anchor": end,
        "canceled_at": null,
        "ended_at": null,
        "trial_start": trial.map(|_| state.now),
        "trial_end": trial.map(|_| end),
        "trial_settings": { "end_behavior": { "missing_payment_method":
            given.text("/trial_settings/end_behavior/missing_payment_method").unwrap_or("create_invoice") } },
        "default_payment_method": own.map(|method| method["id"].clone()),
        "items": { "object": "list", "data": [{
            "id": format!("si_{}", id.trim_start_matches("sub_")), "object": "subscription_item", "price": price.clone(), "quantity": 1,
            "current_period_start": state.now, "current_period_end": end, "subscription": id,
        }] },
        "latest_invoice": null,
        "metadata": given.metadata(),
    });
    let subscription = state.add(Kind::Subscription, subscription, Some("created"))?;
    let amount = if trial.is_some() { 0 } else { cost_of(&price) };
    let first = line(&subscription, &price, amount, (state.now, end), false);
    let invoice = bill(state, &subscription, vec![first], "subscription_create")?;
    let is_paid = match payer {
        Some(method) => settle_with(state, &invoice, &method)?,
        None => trial.is_none() && amount == 0,
    };
    state.change(Kind::Subscription, &id, "updated", |subscription| {
        subscription["latest_invoice"] = invoice["id"].clone();
        if is_paid {
            subscription["status"] = json!("active");
        }
    })
}

/// What pays a first invoice at once; nothing where the person confirms it, or nothing is owed.
fn payer(
    state: &State,
    given: Given<'_>,
    customer: &str,
    own: Option<&Value>,
    is_free: bool,
) -> Result<Option<Value>, Refusal> {
    let behavior = given.text("/payment_behavior").unwrap_or("allow_incomplete");
    let pays = match behavior {
        "default_incomplete" => return Ok(None),
        "allow_incomplete" | "error_if_incomplete" if is_free => return Ok(None),
        "allow_incomplete" | "error_if_incomplete" => own.cloned().or_else(|| default_method(state, customer)),
        _ => {
            return Err(Refusal::invalid(
                "payment_behavior",
                "The sandbox knows default_incomplete, allow_incomplete and error_if_incomplete.",
            ));
        }
    };
    let none = "This customer has no attached payment source or default payment method.";
    let method = pays.ok_or_else(|| Refusal::state("resource_missing", none))?;
    match declined(&method) {
        Some(decline) if behavior == "error_if_incomplete" => Err(Refusal::declined(decline)),
        _ => Ok(Some(method)),
    }
}

/// Whether this pays an invoice.
pub(super) fn settle_with(state: &mut State, invoice: &Value, method: &Value) -> Result<bool, Refusal> {
    match invoice["payments"]["data"][0]["payment"]["payment_intent"].as_str() {
        Some(intent) => Ok(charge(state, intent, method)?.is_none()),
        None => Ok(true),
    }
}

/// `POST /v1/subscriptions/{id}`.
pub(super) fn update(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    living(state, id)?;
    let customer = state.get(Kind::Subscription, id)?["customer"].as_str().unwrap_or_default().to_owned();
    let method = given.text("/default_payment_method").map(str::to_owned);
    if let Some(method) = &method {
        owned(state, method, &customer)?;
    }
    let trial_end = trial_end(state, id, given)?;
    // First of what changes something: a card may refuse it.
    if let Some(change) = change::wanted(state, id, given, "")? {
        change::apply(state, id, change, given)?;
    }
    state.change(Kind::Subscription, id, "updated", |subscription| {
        if let Some(end) = trial_end {
            subscription["trial_end"] = json!(end);
            subscription["items"]["data"][0]["current_period_end"] = json!(end);
        }
        given.change_metadata(&mut subscription["metadata"]);
        if let Some(flag) = given.flag("/cancel_at_period_end") {
            subscription["cancel_at_period_end"] = json!(flag);
        }
        if let Some(method) = method {
            subscription["default_payment_method"] = json!(method);
        }
    })
}

/// When a trial is to end instead. It only gets longer here, or ends at the next turn of the clock.
fn trial_end(state: &State, id: &str, given: Given<'_>) -> Result<Option<i64>, Refusal> {
    let end = match given.text("/trial_end") {
        None => return Ok(None),
        Some("now") => state.now,
        Some(_) => given.number("/trial_end").filter(|end| *end > state.now).ok_or_else(|| {
            Refusal::invalid(
                "trial_end",
                "Invalid timestamp: must be an integer Unix timestamp in the future, or `now`.",
            )
        })?,
    };
    if state.get(Kind::Subscription, id)?["status"] != "trialing" {
        return Err(Refusal::invalid("trial_end", "The sandbox moves the end of a trial that is on."));
    }
    Ok(Some(end))
}

/// `DELETE /v1/subscriptions/{id}`.
pub(super) fn cancel(state: &mut State, id: &str) -> Result<Value, Refusal> {
    living(state, id)?;
    end(state, id, "canceled", "deleted")
}

/// `POST /v1/payment_intents/{id}/confirm`: what the person's browser does at Stripe.
pub(super) fn confirm(state: &mut State, intent: &str, method: &Value) -> Result<Value, Refusal> {
    if let Some(decline) = charge(state, intent, method)? {
        let intent = state.get(Kind::PaymentIntent, intent)?.clone();
        return Err(Refusal::declined(decline).leaving("payment_intent", intent));
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

/// A subscription ends, and what was owed for it with it.
pub(super) fn end(state: &mut State, id: &str, status: &str, verb: &str) -> Result<Value, Refusal> {
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

/// What pays for a subscription.
pub(super) fn method_of(state: &State, subscription: &Value) -> Option<Value> {
    let customer = subscription["customer"].as_str()?;
    let own = subscription["default_payment_method"].as_str().and_then(|id| owned(state, id, customer).ok());
    own.or_else(|| default_method(state, customer))
}

fn subscription_of(state: &State, intent: &str) -> Option<String> {
    let invoice = super::invoice::of_intent(state, intent)?;
    Some(invoice["parent"]["subscription_details"]["subscription"].as_str()?.to_owned())
}

/// When the period ends that is paid for.
pub(super) fn period_end(subscription: &Value) -> Option<i64> {
    subscription["items"]["data"][0]["current_period_end"].as_i64()
}

/// What a period costs.
pub(super) fn cost_of(price: &Value) -> i64 {
    price["unit_amount"].as_i64().unwrap_or_default()
}

/// A month or a year later, by the calendar: the last day of a shorter month stands for those it lacks.
pub(super) fn after(start: i64, price: &Value) -> i64 {
    let span = if price["recurring"]["interval"] == "year" { Span::new().years(1) } else { Span::new().months(1) };
    let later = Timestamp::from_second(start)
        .ok()
        .map(|at| at.to_zoned(TimeZone::UTC))
        .and_then(|at| at.checked_add(span).ok());
    later.map_or(start + 30 * DAY, |at| at.timestamp().as_second())
}
