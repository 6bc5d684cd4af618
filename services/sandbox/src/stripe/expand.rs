//! Objects in place of identifiers, where a client asks for them: `expand[]=latest_invoice.confirmation_secret`. In: an object. Out: the object as it is
//! shown, without what is only shown when asked for.

use serde_json::Value;

use super::refusal::Refusal;
use super::state::{Kind, State};

/// Deepest path.
const DEEPEST: usize = 4;
/// What an invoice shows only when asked for.
pub(super) const INVOICE: [&str; 2] = ["confirmation_secret", "payments"];

/// The object as it is shown.
pub(super) fn shown(state: &State, object: &Value, paths: &[&str]) -> Result<Value, Refusal> {
    if paths.iter().any(|path| path.split('.').count() > DEEPEST) {
        return Err(Refusal::invalid("expand", "You cannot expand more than 4 levels of a property."));
    }
    opened(state, object, paths)
}

fn opened(state: &State, object: &Value, paths: &[&str]) -> Result<Value, Refusal> {
    match object {
        Value::Array(all) => all.iter().map(|one| opened(state, one, paths)).collect(),
        Value::Object(fields) => {
            let mut shown = fields.clone();
            if object["object"] == "invoice" {
                shown.retain(|name, _| {
                    !INVOICE.contains(&name.as_str()) || paths.iter().any(|path| first(path) == name)
                });
            }
            for name in paths.iter().map(|path| first(path)) {
                let Some(value) = shown.get_mut(name) else { return Err(closed(name)) };
                let below: Vec<&str> =
                    paths.iter().filter_map(|path| path.strip_prefix(name)?.strip_prefix('.')).collect();
                *value = below_of(state, value, name, &below)?;
            }
            // What is listed is shown as by itself, whether or not anything of it was asked for.
            if object["object"] == "list" || object["object"] == "search_result" {
                let is_asked = paths.iter().any(|path| first(path) == "data");
                if let Some(data) = shown.get_mut("data").filter(|_| !is_asked) {
                    *data = opened(state, data, &[])?;
                }
            }
            Ok(Value::Object(shown))
        }
        other => Ok(other.clone()),
    }
}

/// What a field holds, with the object in place of an identifier.
fn below_of(state: &State, value: &Value, name: &str, below: &[&str]) -> Result<Value, Refusal> {
    match value {
        Value::String(id) => {
            let found = Kind::ALL.into_iter().find_map(|kind| state.get(kind, id).ok());
            opened(state, found.ok_or_else(|| closed(name))?, below)
        }
        Value::Null => Ok(Value::Null),
        value => opened(state, value, below),
    }
}

fn first(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn closed(name: &str) -> Refusal {
    Refusal::invalid("expand", &format!("This property cannot be expanded ({name})."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_stands_for_its_identifier_where_it_is_asked_for() {
        let mut state = State::at(0);
        state.add(Kind::Customer, json!({ "id": "cus_1" }), None).unwrap();
        let invoice =
            json!({ "id": "in_1", "customer": "cus_1", "payments": { "data": [] }, "confirmation_secret": null });
        state.add(Kind::Invoice, invoice, None).unwrap();
        let subscription =
            json!({ "object": "subscription", "latest_invoice": "in_1", "customer": "cus_1", "note": null });
        let shown = |paths: &[&str]| super::shown(&state, &subscription, paths);
        assert_eq!(shown(&[]).unwrap(), subscription);
        let invoice = &shown(&["latest_invoice"]).unwrap()["latest_invoice"];
        assert_eq!((&invoice["id"], invoice.get("payments")), (&json!("in_1"), None));
        let deep = shown(&["latest_invoice.payments", "latest_invoice.customer", "note"]).unwrap();
        assert_eq!((&deep["latest_invoice"]["customer"]["id"], &deep["customer"]), (&json!("cus_1"), &json!("cus_1")));
        assert!(deep["latest_invoice"]["payments"].is_object());
        for bad in ["object", "nothing", "a.b.c.d.e"] {
            assert!(shown(&[bad]).is_err(), "{bad}");
        }
        let list = json!({ "object": "list", "data": [state.get(Kind::Invoice, "in_1").unwrap()] });
        assert_eq!(super::shown(&state, &list, &[]).unwrap()["data"][0].get("payments"), None);
        let open = super::shown(&state, &list, &["data.payments"]).unwrap();
        assert!(open["data"][0]["payments"].is_object());
    }
}
