//! The life of `sandbox serve`. In: settings. Out: served requests. A stand-in has no database and depends on nobody.

use crate::http::router;
use rerp_kit::app::{AppError, Bare};
use rerp_kit::config::Settings;

/// Serves until SIGTERM or SIGINT, then drains. `http` is what events are sent with.
///
/// # Errors
/// A listener, the certificate or the signals can't be had.
pub async fn serve(settings: Settings, http: reqwest::Client) -> Result<(), AppError> {
    let bare = Bare::open(&settings).await?;
    bare.serve(settings, router(http)).await
}
