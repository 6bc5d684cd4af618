//! The routes. In comes the state; out goes a router. Must not hold handlers.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use rerp_kit::events::dead_letters;

use crate::grpc;
use crate::http::{
    change, customer, ending, invoice, kyc, payment_method, people, plan, subscription, webhook, webhook_event,
};
use crate::state::AppState;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(state: AppState) -> Router {
    let entitlements = grpc::entitlement::server(&state.db);
    let rest = Router::new()
        .route("/api/billing/plans", get(plan::list))
        .route("/api/billing/plans/{code}", put(plan::declare))
        .route("/api/billing/customers", post(customer::create))
        .route("/api/billing/payment-methods", post(payment_method::create))
        .route("/api/billing/payment-methods/{human_name_id}", get(payment_method::list))
        .route("/api/billing/payment-methods/{human_name_id}/{payment_method_id}", delete(payment_method::remove))
        .route("/api/billing/subscriptions", post(subscription::create))
        .route("/api/billing/subscription/{account_id}", get(subscription::of_account).put(ending::change))
        .route("/api/billing/subscription/{account_id}/preview", post(change::preview))
        .route("/api/billing/subscription/{account_id}/price", put(change::change))
        .route("/api/billing/subscription/{account_id}/cancel", post(ending::cancel))
        .route("/api/billing/invoices/{account_id}", get(invoice::of_account))
        .route("/api/billing/kyc/verify", post(kyc::verify))
        .route("/api/billing/kyc/status/{account_id}", get(kyc::status))
        .route("/api/billing/webhooks/stripe", post(webhook::receive).layer(DefaultBodyLimit::max(webhook::LARGEST)))
        .route("/api/billing/webhooks/stripe/events", get(webhook_event::list))
        .route("/api/billing/webhooks/stripe/events/{id}/replay", post(webhook_event::replay))
        .route("/api/billing/people/{human_name_id}/export", get(people::export))
        .route("/api/billing/dead-letters", get(dead_letters::page))
        .route("/api/billing/dead-letters/{id}/replay", post(dead_letters::replay))
        .with_state(state);
    rerp_kit::grpc::mount(rest, entitlements)
}
