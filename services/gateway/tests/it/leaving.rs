//! Connections: certificates outside and inside, and leaving without a failed request.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use rerp_gateway::front::{Front, certificate};
use rerp_gateway::table::Upstream;
use rerp_gateway::upstream::{Address, Upstreams};
use rerp_kit::config::HttpSettings;
use rerp_kit::http::{Listener, guarded, serve};
use rerp_kit::metrics::Metrics;
use rerp_kit::tls::{Mode, Tls, TlsSettings};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::authority::Authority;
use crate::support::{until, visitor};
use crate::world::{Do, Issuer, PLANS, World, gateway};

#[tokio::test]
async fn stopping_ends_nothing_that_has_begun() {
    let world = World::start().await;
    world.backend(Upstream::Billing).next([Do::Wait(Duration::from_millis(500))]);
    let slow = tokio::spawn(visitor().get(world.url(PLANS)).send());
    until("it is under way", async || world.heard() == 1).await;
    world.stop.cancel();
    assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "late");
    world.server.await.unwrap();
    assert!(TcpStream::connect(world.at).await.is_err());
}

#[tokio::test]
async fn leaving_fails_no_request_of_a_client_that_keeps_its_connection() {
    let world = World::with(|gateway| gateway.http.drain_delay = Duration::from_millis(200)).await;
    let url = world.url(PLANS);
    // Over HTTP/2, where a server can say which requests are the last ones.
    let client = rerp_kit::client::builder(None).unwrap().http2_prior_knowledge().build().unwrap();
    let load = tokio::spawn(async move {
        let mut answered = 0;
        loop {
            match client.get(&url).send().await {
                Ok(answer) => assert_eq!(answer.text().await.unwrap(), "fine"),
                Err(error) => return (answered, error.is_connect()),
            }
            answered += 1;
            // One address may not ask without a pause.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    until("there is traffic", async || world.heard() > 20).await;
    world.stop.cancel();
    // It goes on until nobody listens any more, and that is the first that fails.
    let (answered, is_refused) = load.await.unwrap();
    assert!(answered > 20 && is_refused);
    world.server.await.unwrap();
}

/// TLS of a client that trusts an authority.
fn trusting(authority: &Authority) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.roots().as_bytes()).unwrap()).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// A client that trusts an authority, in place of a browser.
fn browser(authority: &Authority, at: std::net::SocketAddr) -> reqwest::Client {
    let config = trusting(authority);
    reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().resolve("api.rerp.svc", at).build().unwrap()
}

#[tokio::test]
async fn the_certificate_for_the_outside_changes_under_way() {
    let (first, second) = (Authority::new(), Authority::new());
    let dir = tempfile::tempdir().unwrap();
    first.publish(dir.path(), "api", &[]);
    let world = World::start().await;
    let end = Metrics::new().unwrap().gauges("end", "end", &["listener"]).unwrap().with_label_values(&["outside"]);
    let tls = certificate::open(dir.path().to_owned(), Duration::from_millis(10), end.clone()).await.unwrap();
    assert!(end.get() > 0);
    let addresses = world.backends.iter().map(|backend| Address { base: backend.url(), to: None }).collect::<Vec<_>>();
    let (inner, _) = gateway(&world.issuer, addresses.try_into().expect("five"));
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
    tokio::spawn(Front { socket, tls: Some(tls), connections: 100 }.serve(Arc::new(inner), stop.clone()));
    let url = format!("https://api.rerp.svc:{}{PLANS}", at.port());

    let kept = browser(&first, at);
    let answer = kept.get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
    std::fs::write(dir.path().join("..data/tls.key"), "no key").unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(browser(&first, at).get(&url).send().await.is_ok(), "files that can't be used leave the last ones in use");
    second.publish(dir.path(), "api", &[]);
    until("the new one is shown", async || browser(&second, at).get(&url).send().await.is_ok()).await;
    assert_eq!(kept.get(&url).send().await.unwrap().status(), 200, "the connection that was there stays");
    stop.cancel();
}

#[tokio::test]
async fn who_shakes_hands_and_says_nothing_is_not_waited_for() {
    let authority = Authority::new();
    let dir = tempfile::tempdir().unwrap();
    authority.publish(dir.path(), "api", &[]);
    let issuer = Issuer::start().await;
    let nowhere = || Address { base: "http://127.0.0.1:1".parse().unwrap(), to: None };
    let (mut inner, metrics) = gateway(&issuer, std::array::from_fn(|_| nowhere()));
    inner.http.header_timeout = Duration::from_secs(1);
    let end = metrics.gauges("end", "end", &["listener"]).unwrap().with_label_values(&["outside"]);
    let tls = certificate::open(dir.path().to_owned(), Duration::from_secs(60), end).await.unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(Front { socket, tls: Some(tls), connections: 10 }.serve(Arc::new(inner), CancellationToken::new()));
    let connector = tokio_rustls::TlsConnector::from(Arc::new(trusting(&authority)));
    let stream = TcpStream::connect(at).await.unwrap();
    let mut stream = connector.connect("api.rerp.svc".try_into().unwrap(), stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut said = Vec::new();
    // How it ends doesn't matter, but it must.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await.expect("the connection ends");
}

pub(crate) async fn open(dir: &Path) -> Tls {
    let settings = TlsSettings { dir: dir.to_owned(), mode: Some(Mode::Strict), refresh: Duration::from_millis(10) };
    Tls::open(&settings, Metrics::new().unwrap().tls).await.unwrap()
}

#[tokio::test]
async fn services_are_called_with_the_gateway_s_certificate() {
    let ours = Authority::new();
    let (service, caller, stranger) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    ours.publish(service.path(), "billing", &["gateway"]);
    ours.publish(caller.path(), "gateway", &[]);
    ours.publish(stranger.path(), "stranger", &[]);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let billing = socket.local_addr().unwrap();
    let routes = guarded(
        Router::new().route("/{*path}", any(async || "fine")),
        &HttpSettings::default(),
        &Metrics::new().unwrap(),
    );
    let listener = Listener::new(socket, Some(open(service.path()).await), Some(Mode::Strict));
    tokio::spawn(serve(listener, routes, HttpSettings::default(), CancellationToken::new()));
    let issuer = Issuer::start().await;
    for (dir, expected) in [(&caller, 200), (&stranger, 503)] {
        let address = || Address {
            base: format!("https://billing.rerp.svc:{}", billing.port()).parse().unwrap(),
            to: Some(billing),
        };
        let (mut inner, _) = gateway(&issuer, std::array::from_fn(|_| address()));
        let tls = open(dir.path()).await;
        let metrics = Metrics::new().unwrap();
        inner.upstreams = Upstreams::new(std::array::from_fn(|_| address()), Some(&tls), &metrics).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = socket.local_addr().unwrap();
        tokio::spawn(Front { socket, tls: None, connections: 10 }.serve(Arc::new(inner), CancellationToken::new()));
        let answer = visitor().get(format!("http://{at}{PLANS}")).send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
}
