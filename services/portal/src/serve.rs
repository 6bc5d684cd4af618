//! The life of `rerp-portal serve`. In: settings. Out: served requests, until told to stop.

use std::sync::Arc;

use rerp_kit::app::{AppError, Bare};
use rerp_kit::bearer::{self, Auth};
use rerp_kit::config::Settings;

use crate::bundle::{Bundle, BundleError};
use crate::cluster::Cluster;
use crate::cluster::apiserver::{Apiserver, ApiserverError};
use crate::cluster::settings::ClusterSettings;
use crate::config::PortalSettings;
use crate::form::Keys;
use crate::forward::{Gateway, GatewayError};
use crate::payments::standin::StandInError;
use crate::router::{Portal, router};
use crate::session::Sessions;
use crate::session::supabase::SupabaseError;

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
    /// People sign in on its pages, and nobody says where.
    #[error("the bundle asks for sessions, and RERP_AUTH_PROJECT, RERP_AUTH_KEY and RERP_SESSION_KEY are not set")]
    NoSessions,
    /// Only staff may sign in, and nobody says who that is.
    #[error(
        "the bundle asks for a second factor, and RERP_STAFF_AUDIENCE is not set: the `aud` of staff's tokens, as the gateway has it"
    )]
    NoStaffAudience,
    /// It shows the cluster to staff, and nobody says whose tokens are staff's.
    #[error(
        "the bundle shows the cluster, and RERP_TOKEN_ISSUER, RERP_TOKEN_KEYS_ADDRESS, RERP_PERSON_AUDIENCE and RERP_STAFF_AUDIENCE are not set"
    )]
    NoIssuer,
    /// The apiserver can't be called.
    #[error(transparent)]
    Apiserver(#[from] ApiserverError),
    /// The client for the issuer's keys has no TLS.
    #[error("setting up TLS for the keys of the issuer")]
    KeysTls(#[from] rustls::Error),
    /// The client for the issuer's keys can't be built.
    #[error("setting up the client for the keys of the issuer")]
    Keys(#[from] reqwest::Error),
    /// Supabase can't be called.
    #[error(transparent)]
    Supabase(#[from] SupabaseError),
    /// The gateway can't be called.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// What stands in for Stripe can't be called.
    #[error(transparent)]
    StandIn(#[from] StandInError),
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
    if bundle.asks_for_sessions() && own.sessions.is_none() {
        return Err(ServeError::NoSessions);
    }
    if bundle.asks_for_factor() && own.staff_audience.is_none() {
        return Err(ServeError::NoStaffAudience);
    }
    if bundle.shows_cluster() && own.cluster.is_none() {
        return Err(ServeError::NoIssuer);
    }
    if bundle.asks_for_payments() && own.payments.is_none() {
        tracing::warn!(
            "the bundle takes payments, and neither RERP_STRIPE_PUBLISHABLE_KEY nor RERP_STRIPE_STANDIN is set: no card can be added"
        );
    }
    tracing::info!(addresses = bundle.addresses(), "the bundle is read");
    let bare = Bare::open(&settings).await?;
    let gateway = own.gateway.map(|base| Gateway::new(base, bare.tls.as_ref())).transpose()?;
    let staff = own.staff_audience.filter(|_| bundle.asks_for_factor());
    let sessions = own.sessions.filter(|_| bundle.asks_for_sessions());
    let sessions = sessions.map(|settings| Sessions::new(settings, staff)).transpose()?.map(Arc::new);
    let cluster = own.cluster.filter(|_| bundle.shows_cluster()).map(|own| cluster(own, &bare)).transpose()?;
    let portal =
        Portal { bundle, gateway, keys: Keys::new(own.form_key.as_ref()), sessions, cluster, payments: own.payments };
    Ok(bare.serve(settings, router(portal)?).await?)
}

/// Opens what shows the cluster. Portals without such a view hold no client for it.
fn cluster(own: ClusterSettings, bare: &Bare) -> Result<Cluster, ServeError> {
    let ClusterSettings { trust, namespace } = own;
    let fetching = trust.client(bare.tls.as_ref())?.build()?;
    let auth = Auth::new(bearer::Keys::open(trust.keys, fetching), trust.rules, &bare.metrics);
    Ok(Cluster::new(auth, Apiserver::of_pod(namespace)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_kit::config::Env;

    /// Why a bundle that says this of itself isn't served with these settings.
    async fn refused<const N: usize>(says: &str, settings: [(&str, &str); N]) -> String {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("answers")).unwrap();
        for name in ["index.html", "answers/not-found.html", "answers/refused.html", "answers/busy.html"] {
            std::fs::write(dir.path().join(name), "<p>page</p>").unwrap();
        }
        std::fs::write(dir.path().join("portal.json"), says).unwrap();
        let mut env = Env::of(settings);
        let own = PortalSettings { bundle: dir.path().to_owned(), ..PortalSettings::read(&mut env) };
        serve(Settings::read(&mut env, "portal"), own).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_bundle_that_asks_for_a_second_factor_is_not_served_without_staffs_audience() {
        let sessions = [
            ("RERP_AUTH_PROJECT", "http://sandbox"),
            ("RERP_AUTH_KEY", "sb_publishable_a"),
            ("RERP_SESSION_KEY", "a key that all pods have and nobody else"),
        ];
        let refused = refused(r#"{"sessions": true, "factor": true}"#, sessions).await;
        assert!(refused.contains("RERP_STAFF_AUDIENCE"), "{refused}");
    }

    #[tokio::test]
    async fn a_bundle_that_asks_for_what_is_not_set_is_not_served() {
        let sessions = ["RERP_AUTH_PROJECT", "RERP_AUTH_KEY", "RERP_SESSION_KEY"];
        let cluster = ["RERP_TOKEN_ISSUER", "RERP_TOKEN_KEYS_ADDRESS", "RERP_STAFF_AUDIENCE"];
        for (asks, variables) in [("sessions", sessions), ("cluster", cluster)] {
            let refused = refused(&format!(r#"{{"app": true, "{asks}": true}}"#), []).await;
            for variable in variables {
                assert!(refused.contains(variable), "{refused}");
            }
        }
    }
}
