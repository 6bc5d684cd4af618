//! A service that listens with mutual TLS, and others that call it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use rerp_kit::client::{CallError, Repeat, ServiceClient, builder};
use rerp_kit::config::HttpSettings;
use rerp_kit::http::{self, Listener};
use rerp_kit::metrics::Metrics;
use rerp_kit::tls::{Mode, Tls, TlsSettings};
use rerp_proto::identity::v1::email_service_client::EmailServiceClient;
use rerp_proto::identity::v1::email_service_server::{EmailService, EmailServiceServer};
use rerp_proto::identity::v1::{UpsertEmailRequest, UpsertEmailResponse};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::authority::{Authority, id};

/// Waits for a condition, with a deadline.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A service with its files.
pub(crate) struct Party {
    pub(crate) tls: Tls,
    /// The directory; `..data` in it is the version in use, whose files may be changed one by one.
    pub(crate) files: PathBuf,
    pub(crate) metrics: Metrics,
    _dir: TempDir,
}

pub(crate) async fn open(authority: &Authority, name: &str, callers: &[&str]) -> Party {
    let dir = tempfile::tempdir().unwrap();
    let peers: String = callers.iter().map(|name| id(name) + "\n").collect();
    std::fs::write(dir.path().join("peers"), peers).unwrap();
    authority.renew(dir.path(), name, &authority.roots());
    let settings =
        TlsSettings { dir: dir.path().to_owned(), mode: Some(Mode::Strict), refresh: Duration::from_millis(10) };
    let metrics = Metrics::new().unwrap();
    let tls = Tls::open(&settings, metrics.tls.clone()).await.unwrap();
    Party { tls, files: dir.path().to_owned(), metrics, _dir: dir }
}

/// One call over gRPC.
pub(crate) async fn ask(client: &ServiceClient) -> Result<(), CallError> {
    client
        .call(UpsertEmailRequest::default(), Repeat::Never, |line, request| async move {
            EmailServiceClient::new(line).upsert_email(request).await
        })
        .await
        .map(|_| ())
}

/// Counts calls over gRPC.
struct Served(Arc<AtomicUsize>);

#[tonic::async_trait]
impl EmailService for Served {
    async fn upsert_email(
        &self,
        _: tonic::Request<UpsertEmailRequest>,
    ) -> Result<tonic::Response<UpsertEmailResponse>, tonic::Status> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(tonic::Response::new(UpsertEmailResponse::default()))
    }
}

/// The service `identity`, listening.
pub(crate) struct Callee {
    party: Party,
    pub(crate) files: PathBuf,
    address: SocketAddr,
    roots: String,
    /// Requests that reached a handler.
    pub(crate) served: Arc<AtomicUsize>,
    _stop: DropGuard,
}

impl Callee {
    pub(crate) async fn start(authority: &Authority, callers: &[&str], mode: Mode) -> Self {
        let party = open(authority, "identity", callers).await;
        let served = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&served);
        let who = async move || {
            count.fetch_add(1, Ordering::Relaxed);
            axum::Json(json!({"said": "hello"}))
        };
        let calls = EmailServiceServer::new(Served(Arc::clone(&served)));
        let router = rerp_kit::grpc::mount(Router::new().route("/who", post(who)), calls);
        let router = http::guarded(router, &HttpSettings::default(), &party.metrics);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let listener = Listener::new(socket, Some(party.tls.clone()), Some(mode));
        let (stop, settings) = (CancellationToken::new(), HttpSettings::default());
        tokio::spawn(http::serve(listener, router, settings, stop.clone()));
        let files = party.files.clone();
        Self { party, files, address, roots: authority.roots(), served, _stop: stop.drop_guard() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://identity.rerp.svc:{}{path}", self.address.port())
    }

    /// A client of the kit. Names resolve by DNS in a cluster; here the client is told.
    pub(crate) fn client(&self, tls: Option<&Tls>) -> ServiceClient {
        self.client_for("identity.rerp.svc", tls)
    }

    pub(crate) fn client_for(&self, host: &str, tls: Option<&Tls>) -> ServiceClient {
        let base = format!("https://{host}:{}", self.address.port()).parse().unwrap();
        ServiceClient::dialing(Some(self.address), "identity", &base, Metrics::new().unwrap(), tls).unwrap()
    }

    /// One call over gRPC.
    pub(crate) async fn call(&self, tls: Option<&Tls>) -> Result<(), CallError> {
        ask(&self.client(tls)).await
    }

    /// A client that trusts the callee, whatever it has to show itself.
    pub(crate) fn trusting_client(&self, tls: Option<&Tls>) -> reqwest::Client {
        let builder = match tls {
            Some(_) => builder(tls).unwrap(),
            None => {
                let mut roots = rustls::RootCertStore::empty();
                use rustls::pki_types::{CertificateDer, pem::PemObject as _};
                roots.add(CertificateDer::from_pem_slice(self.roots.as_bytes()).unwrap()).unwrap();
                let provider = Arc::new(rustls::crypto::ring::default_provider());
                let config =
                    rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
                let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
                reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy()
            }
        };
        builder.resolve("identity.rerp.svc", self.address).build().unwrap()
    }

    /// Makes clients that share no connection.
    pub(crate) fn factory(&self, tls: Tls) -> impl Fn() -> reqwest::Client + Send + 'static {
        let address = self.address;
        move || builder(Some(&tls)).unwrap().resolve("identity.rerp.svc", address).build().unwrap()
    }

    /// A counter of the callee's, by its only label.
    pub(crate) fn counted(&self, counter: &str, outcome: &str) -> u64 {
        let line = format!("rerp_tls_{counter}_total{{outcome=\"{outcome}\"}} ");
        let page = self.party.metrics.page().unwrap();
        page.lines().find_map(|text| text.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    }

    pub(crate) fn reloads(&self) -> u64 {
        self.counted("reloads", "used")
    }
}
