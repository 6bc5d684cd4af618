//! The life of `rerp-gateway serve`. In: settings. Out: served requests, and the admin pages beside them, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use rerp_kit::access::Speaker;
use rerp_kit::admin::{self, Admin};
use rerp_kit::app::{AppError, Bare};
use rerp_kit::bearer::{Auth, Keys};
use rerp_kit::config::{HttpSettings, Settings};
use rerp_kit::http;
use rerp_kit::metrics::{Metrics, MetricsError};
use rerp_kit::tls::Tls;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::GatewaySettings;
use crate::front::Front;
use crate::front::certificate::{self, CertificateError};
use crate::gateway::Gateway;
use crate::limit::Limits;
use crate::numbers::Numbers;
use crate::routes::Routes;
use crate::site::Sites;
use crate::upstream::{Address, SetupError, Upstreams};

/// How often the certificate's files are read.
const REFRESH: Duration = Duration::from_secs(1);
/// Longest wait for the issuer's keys before requests are taken.
const KEYS: Duration = Duration::from_secs(10);
/// Addresses, persons and keys that are counted at the same time, by class of route.
const COUNTED: usize = 50_000;

/// Why the gateway can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What every service needs can't be had.
    #[error(transparent)]
    App(#[from] AppError),
    /// Services can't be called.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Two paths of the table mean the same.
    #[error("reading the table of routes")]
    Routes(#[from] matchit::InsertError),
    /// The certificate for the outside can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A metric's name is taken.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// TLS can't be set up.
    #[error("setting up TLS")]
    Tls(#[from] rustls::Error),
    /// The client for the keys can't be built.
    #[error("setting up the client for the keys of the issuer")]
    Client(#[from] reqwest::Error),
}

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(settings: Settings, own: GatewaySettings) -> Result<(), ServeError> {
    let Bare { metrics, tls, stop } = Bare::open(&settings).await?;
    let end = metrics.gauges(
        "rerp_gateway_certificate_end_seconds",
        "When the certificate for the outside ends",
        &["listener"],
    )?;
    let outer = match own.certificate.clone() {
        Some(dir) => Some(certificate::open(dir, REFRESH, end.with_label_values(&["outside"])).await?),
        None => None,
    };
    let (connections, folders, https_addr) = (own.connections, own.folders.clone(), own.https_addr);
    let mut gateway = gateway(&settings, own, &metrics, tls.as_ref())?;
    let mut named = None;
    if let Some(folders) = folders {
        let (sites, certificates) = Sites::open(folders, gateway.upstreams.maker()).await?;
        gateway.sites = sites;
        named = https_addr.map(|address| (address, certificates));
    }
    let gateway = Arc::new(gateway);
    // A pod that takes requests before it can check tokens refuses everybody who is signed in. But what is public needs no keys.
    if !gateway.auth.ready(KEYS).await {
        tracing::warn!("the keys of the issuer aren't there yet; until they are nobody can be signed in");
    }
    let mut fronts = vec![Front { socket: listen(settings.http_addr).await?, tls: outer, connections }];
    if let Some((address, certificates)) = named {
        fronts.push(Front { socket: listen(address).await?, tls: Some(certificates), connections });
    }
    attend(settings, fronts, gateway, metrics, stop).await
}

fn gateway(
    settings: &Settings,
    own: GatewaySettings,
    metrics: &Metrics,
    tls: Option<&Tls>,
) -> Result<Gateway, ServeError> {
    let fetching = own.trust.client(tls)?.build()?;
    let keys = Keys::open(own.trust.keys, fetching);
    let addresses = own.addresses.map(|base| Address { base, to: None });
    Ok(Gateway {
        routes: Routes::new()?,
        origins: own.origins,
        limits: Limits::new(COUNTED),
        auth: Auth::new(keys, own.trust.rules, metrics),
        speaker: tls.map(Speaker::new),
        upstreams: Upstreams::new(addresses, tls, metrics)?,
        sites: Sites::none(),
        trusted: own.trusted,
        secure: own.secure,
        http: settings.http,
        numbers: Numbers::new(metrics),
    })
}

/// All listeners, until told to stop.
async fn attend(
    settings: Settings,
    fronts: Vec<Front>,
    gateway: Arc<Gateway>,
    metrics: Metrics,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let admin_listener = listen(settings.admin_addr).await?;
    let draining = Arc::new(AtomicBool::new(false));
    let pages = admin::router(Admin { draining: Arc::clone(&draining), db: None, metrics, document: None });
    tracing::info!(service = settings.service, http = %settings.http_addr, admin = %settings.admin_addr, "serving");
    // The admin pages outlive the requests: whoever watches the draining shouldn't lose sight of it.
    let done = CancellationToken::new();
    let admin_settings =
        HttpSettings { drain_delay: Duration::ZERO, drain_timeout: Duration::from_secs(1), ..settings.http };
    let admin_task = tokio::spawn(http::serve(admin_listener, pages, admin_settings, done.clone()));
    let flag = async {
        stop.cancelled().await;
        draining.store(true, Ordering::Relaxed);
        tracing::info!("stopping");
    };
    let fronts = join_all(fronts.into_iter().map(|front| front.serve(Arc::clone(&gateway), stop.clone())));
    tokio::join!(fronts, flag);
    done.cancel();
    let _ = admin_task.await;
    tracing::info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, source })
}
