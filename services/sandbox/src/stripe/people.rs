//! Customers, and how they pay: setup intents and payment methods. No card is ever typed here: like Stripe's own test mode, the names of test
//! payment methods stand for cards that work, or don't.

use serde_json::{Value, json};

use super::form::Given;
use super::refusal::{Decline, Refusal};
use super::state::{Kind, State};

/// A card of Stripe's test mode: the end of its names (`pm_card_…`, `tok_…`), brand, last four digits, whether it can be kept, and whether it can be
/// charged then.
type Card = (&'static str, &'static str, &'static str, Option<Decline>, Option<Decline>);

/// Those that are played.
const CARDS: [Card; 8] = [
    ("visa", "visa", "4242", None, None),
    ("mastercard", "mastercard", "4444", None, None),
    ("amex", "amex", "0005", None, None),
    ("chargeCustomerFail", "visa", "0341", None, Some(Decline::GENERIC)),
    ("chargeDeclined", "visa", "0002", Some(Decline::GENERIC), Some(Decline::GENERIC)),
    ("chargeDeclinedInsufficientFunds", "visa", "9995", Some(Decline::FUNDS), Some(Decline::FUNDS)),
    ("chargeDeclinedExpiredCard", "visa", "0069", Some(Decline::EXPIRED), Some(Decline::EXPIRED)),
    ("chargeDeclinedIncorrectCvc", "visa", "0127", Some(Decline::CVC), Some(Decline::CVC)),
];

/// The card of a name.
fn card(prefix: &str, name: &str) -> Option<Card> {
    let end = name.strip_prefix(prefix)?;
    // Names of cards that say no have `visa` in them or not, as Stripe's do.
    let end = end.strip_prefix("visa_").unwrap_or(end);
    CARDS.into_iter().find(|(known, ..)| *known == end)
}

/// `POST /v1/customers`.
pub(super) fn create_customer(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let customer = json!({
        "id": state.id(Kind::Customer),
        "email": given.text("/email"),
        "name": given.text("/name"),
        "phone": given.text("/phone"),
        "description": given.text("/description"),
        "address": null,
        "balance": 0,
        "delinquent": false,
        "test_clock": given.text("/test_clock"),
        "metadata": given.metadata(),
        "invoice_settings": { "default_payment_method": null },
    });
    state.add(Kind::Customer, customer, Some("created"))
}

/// `POST /v1/customers/{id}`.
pub(super) fn update_customer(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    let method = given.text("/invoice_settings/default_payment_method").map(str::to_owned);
    if let Some(method) = &method {
        owned(state, method, id)?;
    }
    state.change(Kind::Customer, id, "updated", |customer| {
        if let Some(method) = method {
            customer["invoice_settings"]["default_payment_method"] = json!(method);
        }
        for field in ["email", "name", "phone", "description"] {
            if given.0.get(field).is_some() {
                customer[field] = json!(given.text(&format!("/{field}")));
            }
        }
        given.change_metadata(&mut customer["metadata"]);
    })
}

/// `DELETE /v1/customers/{id}`. What is left of it says that it is gone.
pub(super) fn delete_customer(state: &mut State, id: &str) -> Result<Value, Refusal> {
    if state.get(Kind::Customer, id)?["deleted"] == true {
        return Err(Refusal::missing("customer", id));
    }
    state.change(Kind::Customer, id, "deleted", |customer| {
        *customer = json!({ "id": id, "object": "customer", "deleted": true });
    })
}

/// `POST /v1/setup_intents`.
pub(super) fn create_setup(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let customer = given.text("/customer").ok_or_else(|| Refusal::required("customer"))?.to_owned();
    state.get(Kind::Customer, &customer)?;
    let id = state.id(Kind::SetupIntent);
    let setup = json!({
        "client_secret": State::secret(&id),
        "id": id,
        "customer": customer,
        "status": "requires_payment_method",
        "payment_method": null,
        "payment_method_types": ["card"],
        "last_setup_error": null,
        "usage": given.text("/usage").unwrap_or("off_session"),
        "metadata": given.metadata(),
    });
    state.add(Kind::SetupIntent, setup, Some("created"))
}

/// `POST /v1/setup_intents/{id}/confirm`: what the person's browser does at Stripe.
pub(super) fn confirm_setup(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    let setup = state.get(Kind::SetupIntent, id)?;
    if setup["status"] == "succeeded" || setup["status"] == "canceled" {
        let refusal = Refusal::state("setup_intent_unexpected_state", "This SetupIntent has ended already.");
        return Err(refusal.leaving("setup_intent", setup.clone()));
    }
    let customer = setup["customer"].as_str().unwrap_or_default().to_owned();
    let card = given.text("/payment_method").ok_or_else(|| Refusal::required("payment_method"))?;
    let method = match attach(state, card, &customer) {
        Ok(method) => method,
        Err(refusal) => return Err(seen(state, id, card, refusal)),
    };
    state.change(Kind::SetupIntent, id, "succeeded", |setup| {
        setup["status"] = json!("succeeded");
        setup["payment_method"] = method["id"].clone();
        setup["last_setup_error"] = Value::Null;
    })
}

/// A setup remembers that a card said no, and is shown with the refusal.
fn seen(state: &mut State, setup: &str, name: &str, refusal: Refusal) -> Refusal {
    let Some((.., Some(decline), _)) = card("pm_card_", name) else { return refusal };
    let changed =
        state.change(Kind::SetupIntent, setup, "setup_failed", |setup| setup["last_setup_error"] = decline.document());
    match changed {
        Ok(setup) => refusal.leaving("setup_intent", setup),
        Err(refusal) => refusal,
    }
}

/// `POST /v1/setup_intents/{id}/cancel`.
pub(super) fn cancel_setup(state: &mut State, id: &str) -> Result<Value, Refusal> {
    if !["requires_payment_method", "requires_confirmation", "requires_action"]
        .iter()
        .any(|status| state.get(Kind::SetupIntent, id).is_ok_and(|setup| setup["status"] == *status))
    {
        let setup = state.get(Kind::SetupIntent, id)?.clone();
        let refusal = Refusal::state("setup_intent_unexpected_state", "You cannot cancel this SetupIntent any more.");
        return Err(refusal.leaving("setup_intent", setup));
    }
    state.change(Kind::SetupIntent, id, "canceled", |setup| setup["status"] = json!("canceled"))
}

/// `POST /v1/payment_methods`: of a card by its test token, and nobody's yet.
pub(super) fn create_method(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    if given.text("/type") != Some("card") {
        return Err(Refusal::invalid("type", "The sandbox knows cards."));
    }
    let token = given.text("/card/token").ok_or_else(|| Refusal::required("card[token]"))?;
    let card = card("tok_", token).ok_or_else(|| Refusal::missing("token", token))?;
    let method = method(state, card, Value::Null, given.metadata());
    state.add(Kind::PaymentMethod, method, None)
}

fn method(state: &State, (name, brand, last4, ..): Card, customer: Value, metadata: Value) -> Value {
    json!({
        "id": state.id(Kind::PaymentMethod),
        "type": "card",
        "customer": customer,
        "billing_details": { "address": null, "email": null, "name": null, "phone": null },
        "card": {
            "brand": brand, "last4": last4, "exp_month": 12, "exp_year": 2034, "funding": "credit", "country": "US",
            // Of one card always the same, and the only thing that tells which test card it is.
            "fingerprint": name,
        },
        "metadata": metadata,
    })
}

/// `POST /v1/payment_methods/{id}/attach`: a test card becomes a payment method of the customer's own.
pub(super) fn attach(state: &mut State, id: &str, customer: &str) -> Result<Value, Refusal> {
    if state.get(Kind::Customer, customer)?["deleted"] == true {
        return Err(Refusal::missing("customer", customer));
    }
    if let Some(card) = card("pm_card_", id) {
        if let (.., Some(decline), _) = card {
            return Err(Refusal::declined(decline));
        }
        let method = method(state, card, json!(customer), json!({}));
        return state.add(Kind::PaymentMethod, method, Some("attached"));
    }
    let (kept, _) = declines(state.get(Kind::PaymentMethod, id)?);
    if let Some(decline) = kept {
        return Err(Refusal::declined(decline));
    }
    state.change(Kind::PaymentMethod, id, "attached", |method| method["customer"] = json!(customer))
}

/// How a payment method says no when it is kept, and when it is charged.
fn declines(method: &Value) -> (Option<Decline>, Option<Decline>) {
    let name = method["card"]["fingerprint"].as_str().unwrap_or_default();
    CARDS.into_iter().find(|(known, ..)| *known == name).map_or((None, None), |(.., kept, charged)| (kept, charged))
}

/// `POST /v1/payment_methods/{id}/detach`.
pub(super) fn detach(state: &mut State, id: &str) -> Result<Value, Refusal> {
    state.change(Kind::PaymentMethod, id, "detached", |method| method["customer"] = Value::Null)
}

/// The payment method, if it is the customer's.
pub(super) fn owned(state: &State, id: &str, customer: &str) -> Result<Value, Refusal> {
    let method = state.get(Kind::PaymentMethod, id)?;
    if method["customer"] == customer {
        return Ok(method.clone());
    }
    Err(Refusal::invalid("payment_method", "The payment method doesn't belong to this customer."))
}

/// How charging a payment method fails; not at all if it is somebody's and works.
pub(super) fn declined(method: &Value) -> Option<Decline> {
    if method["customer"].is_string() { declines(method).1 } else { Some(Decline::GENERIC) }
}

/// What a customer pays with when nobody says: its default, and never just any that it has.
pub(super) fn default_method(state: &State, customer: &str) -> Option<Value> {
    let default = state.get(Kind::Customer, customer).ok()?["invoice_settings"]["default_payment_method"].as_str()?;
    owned(state, default, customer).ok()
}
