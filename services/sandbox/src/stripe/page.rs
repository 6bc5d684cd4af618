//! What a page may do, with the key that everybody may know: confirm the one intent whose secret it shows. In: a call. Out: the intent, without what is the
//! account's own business. Test cards stand for what somebody types into Stripe's form.

use serde_json::Value;

use super::call::Call;
use super::form::{Given, document};
use super::people::{attach, confirm_setup};
use super::refusal::Refusal;
use super::state::{Kind, State};
use super::subscription;

/// How keys begin that pages have.
const KEY: &str = "pk_";
/// What is never shown to a page.
const OWN: [&str; 2] = ["customer", "metadata"];

/// Whether a key is one of pages.
pub(super) fn is_key(key: Option<&str>) -> bool {
    key.is_some_and(|key| key.starts_with(KEY))
}

/// Confirms an intent for whoever knows its secret.
pub(super) fn confirm(state: &mut State, call: Call<'_>) -> Result<Value, Refusal> {
    let steps: Vec<&str> = call.path.trim_start_matches("/v1/").split('/').collect();
    let (kind, id) = match (call.method, steps.as_slice()) {
        ("POST", ["setup_intents", id, "confirm"]) => (Kind::SetupIntent, *id),
        ("POST", ["payment_intents", id, "confirm"]) => (Kind::PaymentIntent, *id),
        _ => return Err(Refusal::secret_key_needed()),
    };
    let form = document(call.form);
    let given = Given(&form);
    if let Some(other) = given.names().find(|name| !["client_secret", "payment_method"].contains(name)) {
        return Err(Refusal::unknown(other));
    }
    let secret = given.text("/client_secret").ok_or_else(|| Refusal::required("client_secret"))?;
    if state.get(kind, id)?["client_secret"] != secret {
        return Err(Refusal::invalid("client_secret", "The client_secret provided does not match this object."));
    }
    let mut intent = if kind == Kind::SetupIntent { confirm_setup(state, id, given)? } else { paid(state, id, given)? };
    if let Some(fields) = intent.as_object_mut() {
        fields.retain(|name, _| !OWN.contains(&name.as_str()));
    }
    Ok(intent)
}

/// Pays with a card that becomes the customer's by that.
fn paid(state: &mut State, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    let customer = state.get(Kind::PaymentIntent, id)?["customer"].as_str().unwrap_or_default().to_owned();
    let card = given.text("/payment_method").ok_or_else(|| Refusal::required("payment_method"))?;
    let method = attach(state, card, &customer)?;
    subscription::confirm(state, id, &method)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::call::{Call, Stripe};

    fn ask(stripe: &Stripe, key: &str, path: &str, form: &str) -> (u16, Value) {
        let path = format!("/v1/{path}");
        let call = Call { method: "POST", path: &path, account: Some(key), key: None, form: form.as_bytes() };
        let answer = stripe.call(call);
        (answer.status, answer.body)
    }

    fn made(stripe: &Stripe, path: &str, form: &str) -> Value {
        let (status, body) = ask(stripe, "sk_test_1", path, form);
        assert_eq!(status, 200, "{path} {form}: {body}");
        body
    }

    fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
        object.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    #[test]
    fn a_page_confirms_the_setup_whose_secret_it_knows() {
        let stripe = Stripe::at(0);
        let customer = made(&stripe, "customers", "");
        let setup = made(&stripe, "setup_intents", &format!("customer={}", text(&customer, "/id")));
        let (path, secret) = (format!("setup_intents/{}/confirm", text(&setup, "/id")), text(&setup, "/client_secret"));
        let page = |form: &str| ask(&stripe, "pk_test_1", &path, form);
        assert_eq!(page("payment_method=pm_card_visa").0, 400);
        assert_eq!(page("client_secret=x&payment_method=pm_card_visa").0, 400);
        assert_eq!(page(&format!("client_secret={secret}&payment_method=pm_card_visa&card[number]=1")).0, 400);
        let (status, declined) = page(&format!("client_secret={secret}&payment_method=pm_card_chargeDeclined"));
        assert_eq!((status, text(&declined, "/error/code")), (402, "card_declined"));
        let (status, confirmed) = page(&format!("client_secret={secret}&payment_method=pm_card_visa"));
        assert_eq!((status, text(&confirmed, "/status")), (200, "succeeded"));
        assert!(confirmed.get("customer").is_none() && confirmed.get("metadata").is_none(), "{confirmed}");
    }

    #[test]
    fn a_page_pays_the_first_invoice_with_a_card_that_is_kept_then() {
        let stripe = Stripe::at(0);
        made(&stripe, "products", "id=rerp_plan&name=Plan");
        let price = made(&stripe, "prices", "product=rerp_plan&currency=eur&unit_amount=900&recurring[interval]=month");
        let customer = made(&stripe, "customers", "");
        let form = format!(
            "customer={}&items[0][price]={}&payment_behavior=default_incomplete&expand[0]=latest_invoice.confirmation_secret",
            text(&customer, "/id"),
            text(&price, "/id")
        );
        let subscription = made(&stripe, "subscriptions", &form);
        let secret = text(&subscription, "/latest_invoice/confirmation_secret/client_secret").to_owned();
        let path = format!("payment_intents/{}/confirm", secret.split("_secret_").next().unwrap());
        let pay =
            |card: &str| ask(&stripe, "pk_test_1", &path, &format!("client_secret={secret}&payment_method={card}"));
        assert_eq!(pay("pm_card_chargeCustomerFail").0, 402);
        assert_eq!(text(&pay("pm_card_visa").1, "/status"), "succeeded");
        let id = format!("subscriptions/{}", text(&subscription, "/id"));
        let call = Call { method: "GET", path: &format!("/v1/{id}"), account: Some("sk_1"), key: None, form: b"" };
        assert_eq!(stripe.call(call).body["status"], json!("active"));
    }

    #[test]
    fn a_page_may_do_nothing_else() {
        let stripe = Stripe::at(0);
        for path in ["customers", "setup_intents", "subscriptions", "test_helpers/forget_keys"] {
            let (status, body) = ask(&stripe, "pk_test_1", path, "");
            assert_eq!((status, text(&body, "/error/code")), (403, "secret_key_required"), "{path}");
        }
    }
}
