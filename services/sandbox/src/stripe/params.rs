//! Parameters that are understood. In: a call. Out: a refusal when it says something else: what is silently ignored here would do something at
//! Stripe.

use super::form::Given;
use super::refusal::Refusal;
use super::state::Kind;

/// For each call with a form: method, path with `*` for an identifier, parameters. Those of lists are with the lists.
const UNDERSTOOD: [(&str, &str, &[&str]); 23] = [
    ("POST", "products", &["id", "name", "description", "active", "metadata"]),
    ("POST", "products/*", &["name", "description", "active", "metadata"]),
    (
        "POST",
        "prices",
        &["product", "currency", "unit_amount", "recurring", "lookup_key", "nickname", "active", "metadata"],
    ),
    ("POST", "prices/*", &["lookup_key", "nickname", "active", "metadata"]),
    ("POST", "customers", &["email", "name", "phone", "description", "test_clock", "metadata"]),
    ("POST", "customers/*", &["email", "name", "phone", "description", "invoice_settings", "metadata"]),
    (
        "POST",
        "setup_intents",
        &["customer", "usage", "payment_method_types", "automatic_payment_methods", "description", "metadata"],
    ),
    ("POST", "setup_intents/*/confirm", &["payment_method", "return_url", "mandate_data"]),
    ("POST", "setup_intents/*/cancel", &["cancellation_reason"]),
    ("POST", "payment_methods", &["type", "card", "billing_details", "metadata"]),
    ("POST", "payment_methods/*/attach", &["customer"]),
    ("POST", "payment_methods/*/detach", &[]),
    ("POST", "payment_intents/*/confirm", &["payment_method", "return_url", "mandate_data", "off_session"]),
    (
        "POST",
        "subscriptions",
        &[
            "customer",
            "items",
            "payment_behavior",
            "payment_settings",
            "trial_period_days",
            "trial_settings",
            "default_payment_method",
            "cancel_at_period_end",
            "collection_method",
            "off_session",
            "metadata",
        ],
    ),
    (
        "POST",
        "subscriptions/*",
        &[
            "cancel_at_period_end",
            "default_payment_method",
            "trial_end",
            "items",
            "proration_behavior",
            "proration_date",
            "payment_behavior",
            "metadata",
        ],
    ),
    ("POST", "invoices/create_preview", &["subscription", "subscription_details"]),
    ("DELETE", "subscriptions/*", &["invoice_now", "prorate", "cancellation_details"]),
    ("POST", "identity/verification_sessions", &["type", "options", "return_url", "client_reference_id", "metadata"]),
    ("POST", "test_helpers/clock", &["frozen_time"]),
    ("POST", "test_helpers/test_clocks", &["frozen_time", "name"]),
    ("POST", "test_helpers/test_clocks/*/advance", &["frozen_time"]),
    ("GET", "events", &["limit", "starting_after", "ending_before", "type", "types"]),
    ("GET", "customers/*/payment_methods", &["limit", "starting_after", "ending_before", "type"]),
];
/// What every call may ask.
const EVERYWHERE: &str = "expand";

/// Whether a call says only what is understood.
pub(super) fn known(method: &str, steps: &[&str], given: Given<'_>) -> Result<(), Refusal> {
    let row = UNDERSTOOD.iter().find(|(verb, path, _)| *verb == method && leads(path, steps));
    let listed = Kind::ALL.into_iter().find(|kind| method == "GET" && kind.path() == steps.join("/"));
    let is_search = method == "GET" && steps.last() == Some(&"search");
    for name in given.names().filter(|name| *name != EVERYWHERE) {
        let is_known = match (row, listed) {
            (Some((_, _, names)), _) => names.contains(&name),
            (None, Some(kind)) => kind.list_params().any(|known| known == name),
            (None, None) => is_search && ["query", "limit", "page"].contains(&name),
        };
        if !is_known {
            return Err(Refusal::unknown(name));
        }
    }
    Ok(())
}

fn leads(path: &str, steps: &[&str]) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    path.len() == steps.len() && path.iter().zip(steps).all(|(known, step)| *known == "*" || known == step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_understood_is_refused() {
        let known = |method: &str, path: &str, name: &str| {
            let form = json!({ name: "x", "expand": { "0": "y" } });
            super::known(method, &path.split('/').collect::<Vec<_>>(), Given(&form)).is_ok()
        };
        assert!(known("POST", "customers", "email") && known("POST", "customers/cus_1", "invoice_settings"));
        assert!(known("GET", "subscriptions", "status") && known("GET", "customers/search", "query"));
        for (method, path, name) in [
            ("POST", "customers", "invoice_settings"),
            ("POST", "customers/cus_1", "nonsense"),
            ("POST", "subscriptions/sub_1", "customer"),
            ("GET", "customers", "status"),
            ("GET", "customers/cus_1", "email"),
            ("DELETE", "customers/cus_1", "x"),
        ] {
            assert!(!known(method, path, name), "{method} {path} {name}");
        }
    }
}
