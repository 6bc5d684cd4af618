//! The life of `sandbox serve`. In: settings. Out: served requests. A stand-in has no database and depends on nobody.

use crate::http::router_with;
use crate::supabase::settings::Settings as Supabase;
use rerp_kit::app::{AppError, Bare};
use rerp_kit::config::Settings;

/// Serves until SIGTERM or SIGINT, then drains. `http` is what events are sent with, and hooks asked.
///
/// # Errors
/// A listener, the certificate or the signals can't be had.
pub async fn serve(settings: Settings, supabase: Supabase, http: reqwest::Client) -> Result<(), AppError> {
    let bare = Bare::open(&settings).await?;
    bare.serve(settings, router_with(http, supabase)).await
}
