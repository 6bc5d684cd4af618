//! Another price for a subscription, and what that comes to: the same lines for a preview and for the invoice. Out: previews, or a subscription at its new
//! price with an invoice that is paid. Source: <https://docs.stripe.com/billing/subscriptions/prorations> and <https://docs.stripe.com/api/invoices/create_preview>,
//! read in November 2026.
//!
//! Prorations are by the second. Prices of one interval keep the period; another interval begins a new one, which is paid for at once. A trial goes on at the
//! new price.

use serde_json::{Value, json};

use super::form::Given;
use super::invoice::{Sums, bill, billed, line};
use super::people::declined;
use super::refusal::Refusal;
use super::state::{Kind, State};
use super::subscription::{after, cost_of, method_of, period_end, settle_with};

/// What is understood below `subscription_details` of a preview.
const DETAILS: [&str; 3] = ["items", "proration_behavior", "proration_date"];

/// A change of price that was asked for.
#[derive(Debug)]
pub(super) struct Change {
    price: Value,
    /// What is invoiced at once.
    lines: Vec<Value>,
    /// The period that it is in then.
    period: (i64, i64),
    /// Whether there is an invoice.
    invoiced: bool,
}

/// The change of price that a call asks for below `root`, if it asks for one.
pub(super) fn wanted(state: &State, id: &str, given: Given<'_>, root: &str) -> Result<Option<Change>, Refusal> {
    let at = |name: &str| format!("{root}/{name}");
    let Some(price) = given.text(&at("items/0/price")) else { return Ok(None) };
    let subscription = state.get(Kind::Subscription, id)?;
    let item = &subscription["items"]["data"][0];
    // Without the item's identifier Stripe adds a second one beside it.
    if given.text(&at("items/0/id")) != item["id"].as_str() {
        return Err(Refusal::invalid("items[0][id]", "The sandbox changes the price of the one item, by its id."));
    }
    let prorates = match given.text(&at("proration_behavior")) {
        Some("always_invoice") => true,
        Some("none") => false,
        _ => return Err(Refusal::invalid("proration_behavior", "The sandbox knows always_invoice and none.")),
    };
    let price = state.get(Kind::Price, price)?.clone();
    if price["currency"] != subscription["currency"] {
        let message = "The price specified only supports another currency than that of the subscription.";
        return Err(Refusal::invalid("items[0][price]", message));
    }
    let (start, end) =
        (item["current_period_start"].as_i64().unwrap_or_default(), period_end(subscription).unwrap_or_default());
    let date = match given.text(&at("proration_date")) {
        None => state.now,
        Some(_) => {
            given.number(&at("proration_date")).filter(|date| (start..=end).contains(date)).ok_or_else(|| {
                Refusal::invalid(
                    "proration_date",
                    "Cannot specify a proration date outside of the current billing period.",
                )
            })?
        }
    };
    let (restarts, trial) = (
        price["recurring"]["interval"] != item["price"]["recurring"]["interval"],
        subscription["status"] == "trialing",
    );
    let period = if restarts && !trial { (state.now, after(state.now, &price)) } else { (start, end) };
    let mut of = Vec::new();
    if !trial && price["id"] != item["price"]["id"] {
        let rest = |amount: i64| share(amount, end - date, end - start);
        if prorates {
            of.push(line(subscription, &item["price"], -rest(cost_of(&item["price"])), (date, end), true));
        }
        if restarts {
            of.push(line(subscription, &price, cost_of(&price), period, false));
        } else if prorates {
            of.push(line(subscription, &price, rest(cost_of(&price)), (date, end), true));
        }
    }
    Ok(Some(Change { price, invoiced: !of.is_empty(), lines: of, period }))
}

/// A part of an amount, to the nearest unit.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let (amount, part, whole) = (i128::from(amount), i128::from(part), i128::from(whole.max(1)));
    i64::try_from((amount * part + whole / 2) / whole).unwrap_or(i64::MAX)
}

/// `POST /v1/invoices/create_preview`: the invoice that an update would make at once, or without one the next period's. Nothing is kept of it.
pub(super) fn preview(state: &State, given: Given<'_>) -> Result<Value, Refusal> {
    let id = given.text("/subscription").ok_or_else(|| Refusal::required("subscription"))?;
    let details = given.0.get("subscription_details").and_then(Value::as_object);
    if let Some(name) =
        details.into_iter().flatten().map(|(name, _)| name).find(|name| !DETAILS.contains(&name.as_str()))
    {
        return Err(Refusal::unknown(&format!("subscription_details[{name}]")));
    }
    let subscription = changeable(state, id)?.clone();
    let of = match wanted(state, id, given, "/subscription_details")? {
        Some(change) => change.lines,
        None => {
            let (price, start) =
                (&subscription["items"]["data"][0]["price"], period_end(&subscription).unwrap_or_default());
            vec![line(&subscription, price, cost_of(price), (start, after(start, price)), false)]
        }
    };
    let sums = Sums::of(state, &subscription, &of);
    let mut invoice = billed(&subscription, &sums, of);
    invoice["id"] = json!(format!("upcoming_{}", state.id(Kind::Invoice)));
    for (name, value) in [
        ("object", json!("invoice")),
        ("created", json!(state.now)),
        ("livemode", json!(false)),
        ("status", json!("draft")),
    ] {
        invoice[name] = value;
    }
    invoice["billing_reason"] = json!("upcoming");
    Ok(invoice)
}

/// Gives a subscription the price. The invoice is paid at once, or nothing has changed.
pub(super) fn apply(state: &mut State, id: &str, change: Change, given: Given<'_>) -> Result<(), Refusal> {
    if given.text("/payment_behavior") != Some("error_if_incomplete") {
        let message =
            "The sandbox changes a price with error_if_incomplete: it is paid at once, or nothing has changed.";
        return Err(Refusal::invalid("payment_behavior", message));
    }
    let subscription = changeable(state, id)?.clone();
    let payer = if Sums::of(state, &subscription, &change.lines).due > 0 {
        let none = "This customer has no attached payment source or default payment method.";
        let method = method_of(state, &subscription).ok_or_else(|| Refusal::state("resource_missing", none))?;
        if let Some(decline) = declined(&method) {
            return Err(Refusal::declined(decline));
        }
        Some(method)
    } else {
        None
    };
    let invoice =
        if change.invoiced { Some(bill(state, &subscription, change.lines, "subscription_update")?) } else { None };
    if let (Some(invoice), Some(method)) = (&invoice, &payer) {
        settle_with(state, invoice, method)?;
    }
    state.change(Kind::Subscription, id, "updated", |subscription| {
        if let Some(invoice) = &invoice {
            subscription["latest_invoice"] = invoice["id"].clone();
        }
        let item = &mut subscription["items"]["data"][0];
        item["price"] = change.price;
        item["current_period_start"] = json!(change.period.0);
        item["current_period_end"] = json!(change.period.1);
    })?;
    Ok(())
}

/// A subscription whose price the sandbox changes: what is owed for others first isn't played.
fn changeable<'a>(state: &'a State, id: &str) -> Result<&'a Value, Refusal> {
    let subscription = state.get(Kind::Subscription, id)?;
    if ["active", "trialing"].iter().any(|status| subscription["status"] == *status) {
        return Ok(subscription);
    }
    Err(Refusal::invalid("subscription", "The sandbox knows changes of subscriptions that are active or on trial."))
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
