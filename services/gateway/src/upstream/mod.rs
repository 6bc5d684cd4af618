//! The services behind the gateway. In: a request and where it goes. Out: that service's answer, or a problem.
//!
//! `lines` keeps connections to services, `plain` to backends of sites, `breaker` and `budget` decide whether to use them, `service` puts the three together, `outgoing` is the
//! request.

pub mod breaker;
pub mod budget;
mod lines;
mod outgoing;
mod plain;
mod service;

use std::net::SocketAddr;

use hyper::body::Incoming;
use hyper::{Response, Uri};
use prometheus::{IntCounterVec, IntGaugeVec};
use rerp_kit::client::Dial;
use rerp_kit::metrics::{Metrics, MetricsError};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INTERNAL;
use rerp_kit::tls::Tls;
use tokio::time::Instant;
use url::Url;

pub use outgoing::{Outgoing, Payload};
pub use service::NoAddress;

pub(crate) use service::Service;

use crate::table::Upstream;

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Scheme, name and port.
    pub base: Url,
    /// Where to connect to, whatever the name resolves to.
    pub to: Option<SocketAddr>,
}

/// All services.
#[derive(Debug)]
pub struct Upstreams(Vec<Service>, Maker);

/// Makes what requests are sent to, with their numbers.
#[derive(Debug, Clone)]
pub struct Maker {
    calls: IntCounterVec,
    levels: IntGaugeVec,
}

/// Why they can't be called.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// TLS can't be set up.
    #[error("setting up TLS for calls to services")]
    Tls(#[from] rustls::Error),
    /// An address isn't one.
    #[error("reading the address of a service")]
    Uri(#[from] axum::http::uri::InvalidUri),
    /// An address lacks a part.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// A metric's name is taken.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

impl Upstreams {
    /// Services at `addresses`, in the order of [`Upstream::ALL`], which are shown the certificate of `tls`.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn new(
        addresses: [Address; Upstream::ALL.len()],
        tls: Option<&Tls>,
        metrics: &Metrics,
    ) -> Result<Self, SetupError> {
        let maker = Maker::new(metrics)?;
        let mut services = Vec::with_capacity(addresses.len());
        for (upstream, address) in Upstream::ALL.into_iter().zip(addresses) {
            let uri: Uri = address.base.as_str().parse()?;
            let (dial, level) = (Dial::http2(tls, address.to)?, maker.levels.with_label_values(&[upstream.name()]));
            services.push(Service::new(upstream.name(), uri, dial, maker.calls.clone(), level)?);
        }
        Ok(Self(services, maker))
    }

    /// Makes further ones.
    #[must_use]
    pub fn maker(&self) -> Maker {
        self.1.clone()
    }

    /// Sends a request to a service. `deadline`: when its answer must have begun.
    ///
    /// # Errors
    /// A problem: there is no answer.
    pub async fn ask(
        &self,
        to: Upstream,
        outgoing: Outgoing<'_>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Problem> {
        match self.0.get(to.index()) {
            Some(service) => service.ask(outgoing, deadline).await,
            None => Err(Problem::new(INTERNAL)),
        }
    }
}

impl Maker {
    /// Makes things whose numbers are in `metrics`.
    ///
    /// # Errors
    /// There is one for these already.
    pub fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let help = "Whether a service is called: 0 yes, 1 now and then, 2 no";
        let levels = metrics.gauges("rerp_gateway_breaker_level", help, &["service"])?;
        Ok(Self { calls: metrics.calls.clone(), levels })
    }

    /// A backend that speaks plain HTTP at `address`, as in `http://portal.rerp.svc:8080`.
    ///
    /// # Errors
    /// It is no such address.
    pub(crate) fn plain(&self, address: &str) -> Result<Service, SetupError> {
        let uri: Uri = address.parse()?;
        if uri.scheme_str() != Some("http") {
            return Err(NoAddress.into());
        }
        Ok(Service::plain(address, &uri, self.calls.clone(), self.levels.with_label_values(&[address]))?)
    }

    /// Nobody asks the backend at `address` any more.
    pub(crate) fn forget(&self, address: &str) {
        // There is one, or was never one.
        let _ = self.levels.remove_label_values(&[address]);
    }
}
