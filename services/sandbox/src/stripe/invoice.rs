//! Invoices and the payments that settle them. In: lines with what a subscription costs. Out: an invoice that is paid, or open with a payment to confirm.

use serde_json::{Value, json};
use uuid::Uuid;

use super::form::Given;
use super::people::{declined, owned};
use super::refusal::{Decline, Refusal};
use super::state::{Kind, State};

/// What an invoice comes to, with what the customer has left from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    /// All lines.
    pub total: i64,
    /// What is to be paid.
    pub due: i64,
    /// The customer's balance before, negative for a credit.
    pub before: i64,
    /// And after.
    pub after: i64,
}

impl Sums {
    /// The sums of these lines for a subscription's customer. Less than nothing becomes a credit, which pays for what comes next.
    pub(super) fn of(state: &State, subscription: &Value, lines: &[Value]) -> Self {
        let customer = subscription["customer"].as_str().and_then(|id| state.get(Kind::Customer, id).ok());
        let before = customer.and_then(|customer| customer["balance"].as_i64()).unwrap_or_default();
        let total = lines.iter().filter_map(|line| line["amount"].as_i64()).sum();
        Self { total, due: (total + before).max(0), before, after: (total + before).min(0) }
    }
}

/// A line of an invoice: a price for a time.
pub(super) fn line(
    subscription: &Value,
    price: &Value,
    amount: i64,
    (start, end): (i64, i64),
    proration: bool,
) -> Value {
    json!({
        "id": format!("il_{}", Uuid::now_v7().simple()),
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "parent": { "type": "subscription_item_details", "subscription_item_details": {
            "proration": proration, "subscription": subscription["id"], "subscription_item": subscription["items"]["data"][0]["id"],
        } },
        "period": { "start": start, "end": end },
        "pricing": { "type": "price_details", "price_details": { "price": price["id"], "product": price["product"] } },
        "quantity": 1,
    })
}

/// An invoice's sums and lines, which a preview has too.
pub(super) fn billed(subscription: &Value, sums: &Sums, lines: Vec<Value>) -> Value {
    json!({
        "customer": subscription["customer"],
        "currency": subscription["currency"],
        "subtotal": sums.total,
        "total": sums.total,
        "starting_balance": sums.before,
        "ending_balance": sums.after,
        "amount_due": sums.due,
        "amount_paid": 0,
        "amount_remaining": sums.due,
        "attempt_count": 0,
        "next_payment_attempt": null,
        "parent": { "type": "subscription_details", "subscription_details": { "subscription": subscription["id"] } },
        "lines": { "object": "list", "data": lines, "has_more": false },
        "metadata": {},
    })
}

/// Makes an invoice for a subscription, with a payment if there is something to pay. What costs nothing is paid.
pub(super) fn bill(state: &mut State, subscription: &Value, lines: Vec<Value>, reason: &str) -> Result<Value, Refusal> {
    let (id, sums) = (state.id(Kind::Invoice), Sums::of(state, subscription, &lines));
    let is_free = sums.due == 0;
    let payment = if is_free { Value::Null } else { create_intent(state, subscription, sums.due)? };
    if sums.after != sums.before {
        let customer = subscription["customer"].as_str().unwrap_or_default();
        state.change(Kind::Customer, customer, "updated", |customer| customer["balance"] = json!(sums.after))?;
    }
    let mut invoice = billed(subscription, &sums, lines);
    invoice["id"] = json!(id);
    invoice["billing_reason"] = json!(reason);
    invoice["status"] = json!(if is_free { "paid" } else { "open" });
    invoice["confirmation_secret"] = payment
        .get("client_secret")
        .map_or(Value::Null, |secret| json!({ "client_secret": secret, "type": "payment_intent" }));
    invoice["payments"] = json!({ "object": "list", "data": [{ "payment": { "type": "payment_intent", "payment_intent": payment["id"] } }] });
    state.add(Kind::Invoice, invoice, Some(if is_free { "paid" } else { "finalized" }))
}

fn create_intent(state: &mut State, subscription: &Value, amount: i64) -> Result<Value, Refusal> {
    let id = state.id(Kind::PaymentIntent);
    let intent = json!({
        "client_secret": State::secret(&id),
        "id": id,
        "customer": subscription["customer"],
        "amount": amount,
        "amount_received": 0,
        "currency": subscription["currency"],
        "status": "requires_payment_method",
        "payment_method": null,
        "last_payment_error": null,
        "metadata": {},
    });
    state.add(Kind::PaymentIntent, intent, Some("created"))
}

/// The invoice that a payment is for.
pub(super) fn of_intent(state: &State, intent: &str) -> Option<Value> {
    let of = |invoice: &&Value| invoice["payments"]["data"][0]["payment"]["payment_intent"] == intent;
    state.all(Kind::Invoice).find(of).cloned()
}

/// Charges a payment method for a payment; how it failed, if it did. The money is taken once: a payment that succeeded or was canceled is never charged again.
pub(super) fn charge(state: &mut State, intent: &str, method: &Value) -> Result<Option<Decline>, Refusal> {
    let before = state.get(Kind::PaymentIntent, intent)?;
    if before["status"] == "succeeded" || before["status"] == "canceled" {
        let refusal = Refusal::state("payment_intent_unexpected_state", "This PaymentIntent has ended already.");
        return Err(refusal.leaving("payment_intent", before.clone()));
    }
    let failed = declined(method);
    let works = failed.is_none();
    let verb = if works { "succeeded" } else { "payment_failed" };
    state.change(Kind::PaymentIntent, intent, verb, |intent| {
        intent["payment_method"] = method["id"].clone();
        if works {
            intent["status"] = json!("succeeded");
            intent["amount_received"] = intent["amount"].clone();
            intent["last_payment_error"] = Value::Null;
        } else {
            intent["status"] = json!("requires_payment_method");
            intent["payment_method"] = Value::Null;
            intent["last_payment_error"] = json!(failed.map(Decline::document));
        }
    })?;
    if let Some(invoice) = of_intent(state, intent) {
        let id = invoice["id"].as_str().unwrap_or_default();
        state.change(Kind::Invoice, id, if works { "paid" } else { "payment_failed" }, |invoice| {
            invoice["attempt_count"] = json!(invoice["attempt_count"].as_i64().unwrap_or_default() + 1);
            if works {
                invoice["status"] = json!("paid");
                invoice["amount_paid"] = invoice["amount_due"].clone();
                invoice["amount_remaining"] = json!(0);
                invoice["next_payment_attempt"] = Value::Null;
            }
        })?;
    }
    Ok(failed)
}

/// Takes an open invoice back.
pub(super) fn void(state: &mut State, invoice: &str) -> Result<(), Refusal> {
    if state.get(Kind::Invoice, invoice)?["status"] != "open" {
        return Ok(());
    }
    state.change(Kind::Invoice, invoice, "voided", |invoice| {
        invoice["status"] = json!("void");
        invoice["next_payment_attempt"] = Value::Null;
    })?;
    let intent = state.get(Kind::Invoice, invoice)?["payments"]["data"][0]["payment"]["payment_intent"].clone();
    if let Some(intent) = intent.as_str() {
        state.change(Kind::PaymentIntent, intent, "canceled", |intent| intent["status"] = json!("canceled"))?;
    }
    Ok(())
}

/// What `POST /v1/payment_intents/{id}/confirm` charges.
pub(super) fn method_given(state: &State, intent: &str, given: Given<'_>) -> Result<Value, Refusal> {
    let customer = state.get(Kind::PaymentIntent, intent)?["customer"].as_str().unwrap_or_default().to_owned();
    let method = given.text("/payment_method").ok_or_else(|| Refusal::required("payment_method"))?;
    owned(state, method, &customer)
}
