//! A gateway with five services behind it and an issuer of tokens beside it.

mod backend;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use crate::issuer::{Issuer, claims};
pub(crate) use backend::{Backend, Do};

use rerp_gateway::cors::Origins;
use rerp_gateway::front::Front;
use rerp_gateway::gateway::Gateway;
use rerp_gateway::limit::Limits;
use rerp_gateway::numbers::Numbers;
use rerp_gateway::routes::Routes;
use rerp_gateway::site::Sites;
use rerp_gateway::table::Upstream;
use rerp_gateway::upstream::{Address, Upstreams};
use rerp_kit::bearer::{Auth, Keys, KeysSettings, Rules};
use rerp_kit::config::HttpSettings;
use rerp_kit::metrics::Metrics;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const PLANS: &str = "/api/billing/plans";
pub(crate) const CONTACT: &str = "/api/marketing/contact";
pub(crate) const WEBSITE: &str = "https://www.example";
pub(crate) const PORTAL: &str = "https://app.example";
pub(crate) const PLATFORM: &str = "https://platform.example";

pub(crate) struct World {
    pub(crate) at: SocketAddr,
    pub(crate) backends: Vec<Backend>,
    pub(crate) issuer: Issuer,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
    pub(crate) server: JoinHandle<()>,
}

/// Short times, so that tests needn't wait.
pub(crate) fn times() -> HttpSettings {
    HttpSettings {
        request_timeout: Duration::from_secs(5),
        header_timeout: Duration::from_secs(2),
        drain_delay: Duration::ZERO,
        drain_timeout: Duration::from_secs(5),
        ..HttpSettings::default()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose gateway was changed before it serves.
    pub(crate) async fn with(change: impl FnOnce(&mut Gateway)) -> Self {
        let mut backends = Vec::new();
        for _ in Upstream::ALL {
            backends.push(Backend::start().await);
        }
        let issuer = Issuer::start().await;
        let (mut gateway, metrics) = gateway(&issuer, addresses(&backends));
        change(&mut gateway);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
        let front = Front { socket, tls: None, connections: 200 };
        let server = tokio::spawn(front.serve(Arc::new(gateway), stop.clone()));
        Self { at, backends, issuer, metrics, stop, server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    pub(crate) fn backend(&self, upstream: Upstream) -> &Backend {
        &self.backends[upstream.index()]
    }

    /// Where its services are.
    pub(crate) fn addresses(&self) -> [Address; 5] {
        addresses(&self.backends)
    }

    /// How many requests any service has seen.
    pub(crate) fn heard(&self) -> usize {
        self.backends.iter().map(|backend| backend.heard().len()).sum()
    }

    pub(crate) fn counted(&self, line: &str) -> u64 {
        let page = self.metrics.page().unwrap();
        page.lines().find_map(|text| text.strip_prefix(line)).map_or(0, |count| count.trim().parse().unwrap())
    }
}

fn addresses(backends: &[Backend]) -> [Address; 5] {
    let addresses: Vec<Address> = backends.iter().map(|backend| Address { base: backend.url(), to: None }).collect();
    addresses.try_into().expect("five")
}

pub(crate) fn key_settings(issuer: &Issuer) -> KeysSettings {
    KeysSettings {
        url: issuer.url(),
        refresh: Duration::from_secs(60),
        hold_off: Duration::from_millis(100),
        overlap: Duration::from_secs(2),
        hard: Duration::from_secs(60),
    }
}

pub(crate) fn auth(settings: KeysSettings, metrics: &Metrics) -> Auth {
    let rules =
        Rules { issuer: "issuer".to_owned(), person_audience: "people".to_owned(), staff_audience: "staff".to_owned() };
    Auth::new(Keys::open(settings, rerp_kit::client::builder(None).unwrap().build().unwrap()), rules, metrics)
}

pub(crate) fn gateway(issuer: &Issuer, addresses: [Address; 5]) -> (Gateway, Metrics) {
    let metrics = Metrics::new().unwrap();
    let gateway = Gateway {
        routes: Routes::new().unwrap(),
        origins: Origins {
            website: vec![WEBSITE.to_owned()],
            portal: vec![PORTAL.to_owned()],
            platform: vec![PLATFORM.to_owned()],
        },
        limits: Limits::new(1000),
        auth: auth(key_settings(issuer), &metrics),
        speaker: None,
        upstreams: Upstreams::new(addresses, None, &metrics).unwrap(),
        sites: Sites::none(),
        trusted: vec!["127.0.0.0/8".parse().unwrap()],
        secure: false,
        http: times(),
        numbers: Numbers::new(&metrics),
    };
    (gateway, metrics)
}
