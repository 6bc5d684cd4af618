//! The life of `rerp-portal serve`. In: settings. Out: served requests, until told to stop.

use rerp_kit::app::{AppError, Bare};
use rerp_kit::config::Settings;

use crate::bundle::{Bundle, BundleError};
use crate::config::PortalSettings;
use crate::form::Keys;
use crate::forward::{Gateway, GatewayError};
use crate::router::{Portal, router};

/// Why the portal can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What every service needs can't be had.
    #[error(transparent)]
    App(#[from] AppError),
    /// The bundle can't be served.
    #[error("opening the bundle")]
    Bundle(#[from] BundleError),
    /// Its forms have nowhere to go.
    #[error(
        "the bundle has forms, and RERP_GATEWAY_URL is not set; name `gateway` under spec.dependencies of this service"
    )]
    NoGateway,
    /// The gateway can't be called.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(settings: Settings, own: PortalSettings) -> Result<(), ServeError> {
    let bundle = Bundle::open(&own.bundle)?;
    if bundle.has_forms() && own.gateway.is_none() {
        return Err(ServeError::NoGateway);
    }
    tracing::info!(addresses = bundle.addresses(), "the bundle is read");
    let bare = Bare::open(&settings).await?;
    let gateway = own.gateway.map(|base| Gateway::new(base, bare.tls.as_ref())).transpose()?;
    let portal = Portal { bundle, gateway, keys: Keys::new(own.form_key.as_ref()) };
    Ok(bare.serve(settings, router(portal)).await?)
}
