//! Invoices and the payments that settle them. In: what a subscription costs. Out: an invoice that is paid, or open with a payment to confirm.

use serde_json::{Value, json};

use super::form::Given;
use super::people::{declined, owned};
use super::refusal::{Decline, Refusal};
use super::state::{Kind, State};

/// Makes an invoice for a subscription, with a payment if there is something to pay. What costs nothing is paid.
pub(super) fn bill(state: &mut State, subscription: &Value, amount: i64, reason: &str) -> Result<Value, Refusal> {
    let (id, customer) = (state.id(Kind::Invoice), &subscription["customer"]);
    let currency = subscription["currency"].clone();
    let payment = if amount == 0 { Value::Null } else { create_intent(state, subscription, amount)? };
    let invoice = json!({
        "id": id,
        "customer": customer,
        "currency": currency,
        "billing_reason": reason,
        "status": if amount == 0 { "paid" } else { "open" },
        "amount_due": amount,
        "amount_paid": 0,
        "amount_remaining": amount,
        "attempt_count": 0,
        "next_payment_attempt": null,
        "confirmation_secret": payment.get("client_secret").map(|secret| json!({ "client_secret": secret, "type": "payment_intent" })),
        "parent": { "type": "subscription_details", "subscription_details": { "subscription": subscription["id"] } },
        "payments": { "object": "list", "data": [{ "payment": { "type": "payment_intent", "payment_intent": payment["id"] } }] },
        "metadata": {},
    });
    state.add(Kind::Invoice, invoice, Some(if amount == 0 { "paid" } else { "finalized" }))
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
