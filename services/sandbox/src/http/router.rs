//! Routes. In: nothing. Out: a router with its state. A vendor's paths are its own, below its name: clients are pointed at
//! `http://…/resend` instead of `https://api.resend.com`.

use super::world::World;
use super::{captcha, control, patterns, resend, scenarios, stripe, supabase, twilio, webhook};
use crate::post::twilio::VERSION;
use crate::supabase::settings::Settings;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, patch, post, put};
use std::sync::Arc;

/// Largest body of a vendor's call: no message of ours comes close, and what arrives is kept.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// The routes of the sandbox. `http` is what events are sent with, and hooks asked.
pub fn router(http: reqwest::Client) -> Router {
    router_with(http, Settings::default())
}

/// The routes of a sandbox whose project at Supabase is set like this.
pub fn router_with(http: reqwest::Client, settings: Settings) -> Router {
    Router::new()
        .route("/trading/patterns", post(patterns::detect))
        .route("/trading/scenarios", post(scenarios::begin))
        .route("/trading/scenarios/{id}", get(scenarios::show))
        .route("/trading/scenarios/{id}/actions", post(scenarios::act))
        .merge(vendors())
        .route("/sandbox/messages", get(control::messages))
        .route("/sandbox/calls", get(control::calls))
        .route("/sandbox/faults", post(control::wish))
        .route("/sandbox/captcha/tokens", post(captcha::solve))
        .route("/sandbox/stripe/webhook", put(webhook::endpoint).delete(webhook::withdraw))
        .route("/sandbox/stripe/deliver", post(webhook::deliver))
        .route("/sandbox/supabase/settings", patch(supabase::set))
        .route("/sandbox/supabase/keys", post(supabase::rotate))
        .route("/sandbox/supabase/keys/{id}", delete(supabase::withdraw))
        .with_state(Arc::new(World::new(http, settings)))
}

fn vendors() -> Router<Arc<World>> {
    Router::new()
        .route("/resend/emails", post(resend::send))
        .route("/resend/emails/{id}", get(resend::show))
        .route(&format!("/twilio/{VERSION}/Accounts/{{account}}/Messages.json"), post(twilio::send))
        .route(&format!("/twilio/{VERSION}/Accounts/{{account}}/Messages/{{file}}"), get(twilio::show))
        .route("/google/recaptcha/api/siteverify", post(captcha::recaptcha))
        .route("/cloudflare/turnstile/v0/siteverify", post(captcha::turnstile))
        .route("/stripe/v1/{*rest}", any(stripe::call))
        .route("/supabase/auth/v1/{*rest}", any(supabase::call))
        .layer(DefaultBodyLimit::max(LARGEST_MESSAGE))
}
