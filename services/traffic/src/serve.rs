//! The life of `traffic serve`. In: settings. Out: served requests.
//!
//! A load generator has no database, so it is ready as soon as it listens; what it measures is none of its health.

use crate::config::ServeSettings;
use crate::http::router;
use crate::load::control::Control;
use crate::load::run::Target;
use rerp_kit::app::{AppError, Bare};
use std::sync::Arc;

/// Serves until SIGTERM or SIGINT, then stops the load and drains.
///
/// # Errors
/// A listener, the certificate or the signals can't be had.
pub async fn serve(settings: ServeSettings) -> Result<(), AppError> {
    let ServeSettings { common, marketing, places, plan, ledger_dir } = settings;
    let bare = Bare::open(&common).await?;
    let target = Target { base: marketing, tls: bare.tls.clone() };
    let control = Arc::new(Control::new(target, plan, ledger_dir).with_journeys(places));
    let (stop, routes) = (bare.stop.clone(), router(Arc::clone(&control)));
    let end = async {
        stop.cancelled().await;
        control.cancel().await;
    };
    let served = async {
        let served = bare.serve(common, routes).await;
        // A listener that can't be had ends the load as well.
        stop.cancel();
        served
    };
    tokio::join!(served, end).0
}
