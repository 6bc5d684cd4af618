//! Customers, and how they pay: setup intents and payment methods. No card is ever typed here: like Stripe's own test mode, the names of test
//! payment methods stand for cards that work, or don't.

use serde_json::{Value, json};

use super::form::Given;
use super::refusal::Refusal;
use super::state::{Kind, State};

/// Test payment methods: name, brand, last four digits, and whether charges are declined.
const CARDS: [(&str, &str, &str, bool); 4] = [
    ("pm_card_visa", "visa", "4242", false),
    ("pm_card_mastercard", "mastercard", "4444", false),
    ("pm_card_amex", "amex", "0005", false),
    ("pm_card_chargeCustomerFail", "visa", "0341", true),
];

/// `POST /v1/customers`.
pub(super) fn create_customer(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let customer = json!({
        "id": state.id(Kind::Customer),
        "email": given.text("/email"),
        "name": given.text("/name"),
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
        if given.0.get("metadata").is_some() {
            customer["metadata"] = given.metadata();
        }
    })
}

/// `DELETE /v1/customers/{id}`. What is left of it says that it is gone.
pub(super) fn delete_customer(state: &mut State, id: &str) -> Result<Value, Refusal> {
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
        "usage": given.text("/usage").unwrap_or("off_session"),
        "metadata": given.metadata(),
    });
    state.add(Kind::SetupIntent, setup, Some("created"))
}

/// `POST /v1/setup_intents/{id}/confirm`: what the person's browser does at Stripe.
pub(super) fn confirm_setup(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    let setup = state.get(Kind::SetupIntent, id)?;
    if setup["status"] == "succeeded" {
        return Err(Refusal::state("setup_intent_unexpected_state", "This SetupIntent has succeeded already."));
    }
    let customer = setup["customer"].as_str().unwrap_or_default().to_owned();
    let card = given.text("/payment_method").ok_or_else(|| Refusal::required("payment_method"))?;
    let method = attach(state, card, &customer)?;
    state.change(Kind::SetupIntent, id, "succeeded", |setup| {
        setup["status"] = json!("succeeded");
        setup["payment_method"] = method["id"].clone();
    })
}

/// `POST /v1/payment_methods/{id}/attach`: a test card becomes a payment method of the customer's own.
pub(super) fn attach(state: &mut State, card: &str, customer: &str) -> Result<Value, Refusal> {
    state.get(Kind::Customer, customer)?;
    let Some((_, brand, last4, declines)) = CARDS.into_iter().find(|(name, ..)| *name == card) else {
        state.get(Kind::PaymentMethod, card)?;
        return state.change(Kind::PaymentMethod, card, "attached", |method| method["customer"] = json!(customer));
    };
    let method = json!({
        "id": state.id(Kind::PaymentMethod),
        "type": "card",
        "customer": customer,
        "card": {
            "brand": brand, "last4": last4, "exp_month": 12, "exp_year": 2034, "funding": "credit",
            "fingerprint": if declines { "declines" } else { "pays" },
        },
        "metadata": {},
    });
    state.add(Kind::PaymentMethod, method, Some("attached"))
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

/// Whether charging a payment method works.
pub(super) fn pays(method: &Value) -> bool {
    method["customer"].is_string() && method["card"]["fingerprint"] == "pays"
}

/// What a customer pays with when nobody says: its default, and never just any that it has.
pub(super) fn default_method(state: &State, customer: &str) -> Option<Value> {
    let default = state.get(Kind::Customer, customer).ok()?["invoice_settings"]["default_payment_method"].as_str()?;
    owned(state, default, customer).ok()
}
