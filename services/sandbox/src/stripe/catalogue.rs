//! What is sold: products and prices.

use serde_json::{Value, json};

use super::form::Given;
use super::refusal::Refusal;
use super::state::{Kind, State};

/// `POST /v1/products`.
pub(super) fn create_product(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let name = given.text("/name").ok_or_else(|| Refusal::required("name"))?;
    // A caller may choose the identifier, so that its plans are the same in every account.
    let id = given.text("/id").map_or_else(|| state.id(Kind::Product), str::to_owned);
    if state.get(Kind::Product, &id).is_ok() {
        return Err(Refusal::taken(&id));
    }
    let product = json!({
        "id": id, "name": name, "description": given.text("/description"), "active": given.flag("/active").unwrap_or(true),
        "type": "service", "images": [], "marketing_features": [], "default_price": null, "updated": state.now,
        "metadata": given.metadata(),
    });
    state.add(Kind::Product, product, Some("created"))
}

/// `POST /v1/prices`.
pub(super) fn create_price(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let product = given.text("/product").ok_or_else(|| Refusal::required("product"))?.to_owned();
    state.get(Kind::Product, &product)?;
    let currency = given.text("/currency").ok_or_else(|| Refusal::required("currency"))?.to_ascii_lowercase();
    let amount = given.number("/unit_amount").ok_or_else(|| Refusal::required("unit_amount"))?;
    if amount < 0 {
        return Err(Refusal::invalid("unit_amount", "This value must be greater than or equal to 0."));
    }
    let interval = given.text("/recurring/interval").unwrap_or("month").to_owned();
    if !["month", "year"].contains(&interval.as_str()) {
        return Err(Refusal::invalid("recurring[interval]", "The sandbox knows month and year."));
    }
    let price = json!({
        "id": state.id(Kind::Price), "product": product, "currency": currency, "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(), "active": given.flag("/active").unwrap_or(true),
        "type": "recurring", "recurring": { "interval": interval, "interval_count": 1, "usage_type": "licensed" },
        "billing_scheme": "per_unit", "tax_behavior": "unspecified",
        "lookup_key": given.text("/lookup_key"), "nickname": given.text("/nickname"), "metadata": given.metadata(),
    });
    state.add(Kind::Price, price, Some("created"))
}

/// `POST /v1/products/{id}` and `POST /v1/prices/{id}`. A price's amount is what it is for ever.
pub(super) fn update(state: &mut State, kind: Kind, id: &str, given: Given<'_>) -> Result<Value, Refusal> {
    state.change(kind, id, "updated", |object| {
        for field in ["name", "description", "lookup_key", "nickname"] {
            if let Some(text) = given.text(&format!("/{field}")) {
                object[field] = json!(text);
            }
        }
        if let Some(active) = given.flag("/active") {
            object["active"] = json!(active);
        }
        given.change_metadata(&mut object["metadata"]);
    })
}
