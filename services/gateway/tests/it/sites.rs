//! Sites: what the operator's files lead to, beside the API. Real files, real sockets, plain backends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use rerp_gateway::front::Front;
use rerp_gateway::site::{Folders, Sites};
use rerp_gateway::table::Upstream;
use rerp_gateway::upstream::Maker;
use rerp_kit::metrics::Metrics;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::authority::Authority;
use crate::reading::{raw, status};
use crate::support::{until, visitor};
use crate::world::{Backend, Do, PLANS, World};

const HOST: &str = "portal.rerp.svc";

struct Site {
    world: World,
    dir: TempDir,
    tls: Arc<ServerConfig>,
}

/// A gateway with these rules and no certificates.
async fn site(rules: &[Value]) -> Site {
    let dir = tempfile::tempdir().unwrap();
    tell(dir.path(), rules, &[]);
    let maker = Maker::new(&Metrics::new().unwrap()).unwrap();
    let (sites, tls) = Sites::open(folders(dir.path()), maker).await.unwrap();
    let world = World::with(|gateway| gateway.sites = sites).await;
    Site { world, dir, tls }
}

fn folders(dir: &Path) -> Folders {
    Folders { routes: dir.to_owned(), certificates: dir.to_owned() }
}

/// Writes the operator's file, whole.
fn tell(dir: &Path, rules: &[Value], certificates: &[Value]) {
    let text = json!({"certificates": certificates, "rules": rules}).to_string();
    std::fs::write(dir.join("next"), text).unwrap();
    std::fs::rename(dir.join("next"), dir.join("routes.json")).unwrap();
}

fn rule(host: &str, path: &str, backends: &[&Backend]) -> Value {
    let address = |backend: &&Backend| backend.url().as_str().trim_end_matches('/').to_owned();
    let to: Vec<Value> = backends.iter().map(|one| json!({"address": address(one), "weight": 1})).collect();
    json!({"host": host, "path": path, "exact": false, "to": to})
}

async fn ask(site: &Site, host: &str, path: &str) -> Response {
    visitor().get(site.world.url(path)).header("host", host).send().await.unwrap()
}

#[tokio::test]
async fn a_visitor_and_a_site_say_to_each_other_what_they_like() {
    let backend = Backend::start().await;
    let site = site(&[rule(HOST, "/", &[&backend])]).await;
    let sent = visitor()
        .post(site.world.url("/docs/a/?b=c%20d"))
        .header("host", "Portal.rerp.svc:8080")
        .header("authorization", "Basic eDp5")
        .header("cookie", "a=b")
        .header("origin", "https://anywhere.example")
        .header("x-rerp-token", "of a stranger")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-forwarded-proto", "https")
        .header("connection", "x-mine")
        .header("x-mine", "x")
        .body("body");
    let answer = sent.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["set-cookie"], "a=b");
    for name in ["x-rerp-inner", "content-security-policy", "access-control-allow-origin", "ratelimit"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
    let id = answer.headers()["x-request-id"].clone();
    let heard = backend.last();
    assert_eq!(
        (heard.method.as_str(), heard.target.as_str(), &heard.body[..]),
        ("POST", "/docs/a/?b=c%20d", &b"body"[..])
    );
    for (name, value) in [
        ("host", "Portal.rerp.svc:8080"),
        ("authorization", "Basic eDp5"),
        ("cookie", "a=b"),
        ("origin", "https://anywhere.example"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-host", "Portal.rerp.svc:8080"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", id.to_str().unwrap()),
    ] {
        assert_eq!(heard.headers[name].to_str().unwrap(), value, "{name}");
    }
    for name in ["x-rerp-token", "x-mine", "rerp-deadline-ms", "x-rerp-client-address"] {
        assert!(!heard.headers.contains_key(name), "{name}");
    }
    assert_eq!(site.world.heard(), 0, "no service of ours heard of it");
}

#[tokio::test]
async fn the_api_is_on_every_host_and_what_nobody_serves_is_nowhere() {
    let backend = Backend::start().await;
    let api = json!({"host": HOST, "path": "/api", "exact": false, "api": true});
    let site = site(&[api, rule(HOST, "/", &[&backend]), rule("other.example", "/only", &[&backend])]).await;
    for (host, path, expected) in [
        (HOST, "/page", 200),
        (HOST, PLANS, 200),
        (HOST, "/api/nothing", 404),
        ("other.example", "/only/x", 200),
        ("other.example", "/page", 404),
        ("unknown.example", "/page", 404),
        ("unknown.example", PLANS, 200),
    ] {
        assert_eq!(ask(&site, host, path).await.status(), expected, "{host}{path}");
    }
    assert_eq!((backend.heard().len(), site.world.backend(Upstream::Billing).heard().len()), (2, 2));
}

#[tokio::test]
async fn a_header_chooses_the_backend() {
    let (usual, canary) = (Backend::start().await, Backend::start().await);
    let mut narrow = rule(HOST, "/", &[&canary]);
    narrow["headers"] = json!([{"name": "x-canary", "value": "yes"}]);
    let site = site(&[narrow, rule(HOST, "/", &[&usual])]).await;
    assert_eq!(ask(&site, HOST, "/page").await.status(), 200);
    let chosen = visitor().get(site.world.url("/page")).header("host", HOST).header("x-canary", "yes");
    assert_eq!(chosen.send().await.unwrap().status(), 200);
    assert_eq!((usual.heard().len(), canary.heard().len()), (1, 1));
}

#[tokio::test]
async fn a_rule_without_a_backend_keeps_its_requests() {
    let backend = Backend::start().await;
    let site = site(&[rule(HOST, "/gone", &[]), rule(HOST, "/", &[&backend])]).await;
    let answer = ask(&site, HOST, "/gone/x").await;
    assert_eq!((answer.status().as_u16(), backend.heard().len()), (503, 0));
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn what_a_site_answers_is_its_answer_and_its_absence_is_a_problem() {
    let backend = Backend::start().await;
    let site = site(&[rule(HOST, "/", &[&backend])]).await;
    backend.next([Do::Deny(401), Do::Deny(500), Do::Leak, Do::Fail, Do::Pour(300_000)]);
    for expected in [401, 500, 500, 503, 200] {
        let answer = ask(&site, HOST, "/page").await;
        assert_eq!(answer.status(), expected);
        assert!(!answer.headers().contains_key("www-authenticate"));
        if expected == 200 {
            assert_eq!(answer.bytes().await.unwrap().len(), 300_000);
        }
    }
    assert_eq!(backend.heard().len(), 5, "an answer is asked for once");
    backend.stop.cancel();
    let address = backend.url().to_string();
    until("nobody is there", async || {
        TcpStream::connect(address.trim_matches(|c: char| "htp:/".contains(c))).await.is_err()
    })
    .await;
    let answer = ask(&site, HOST, "/page").await;
    assert_eq!(answer.status(), 503);
    let text = answer.text().await.unwrap();
    assert!(!text.contains("127.0.0.1"), "the inside is nobody's business: {text}");
}

#[tokio::test]
async fn framing_is_read_in_one_way_for_sites_too() {
    let backend = Backend::start().await;
    let site = site(&[rule(HOST, "/", &[&backend])]).await;
    for (head, expected) in [
        ("GET /a/../b HTTP/1.1\r\nhost: portal.rerp.svc\r\n\r\n".to_owned(), "400"),
        ("GET /a//b HTTP/1.1\r\nhost: portal.rerp.svc\r\n\r\n".to_owned(), "400"),
        ("GET /a HTTP/1.1\r\nhost: portal.rerp.svc\r\nhost: b\r\n\r\n".to_owned(), "400"),
        ("POST /a HTTP/1.1\r\nhost: portal.rerp.svc\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), "411"),
        (format!("POST /a HTTP/1.1\r\nhost: portal.rerp.svc\r\ncontent-length: {}\r\n\r\n", 1024 * 1024 + 1), "413"),
    ] {
        let answer = raw(site.world.at, head.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{head}: {answer}");
    }
    assert_eq!(backend.heard().len(), 0);
}

#[tokio::test]
async fn a_change_is_followed_and_fails_no_request() {
    let (before, after) = (Backend::start().await, Backend::start().await);
    let site = site(&[rule(HOST, "/", &[&before])]).await;
    let (url, stop) = (site.world.url("/page"), CancellationToken::new());
    let stopped = stop.clone();
    let load = tokio::spawn(async move {
        let client = visitor();
        while !stopped.is_cancelled() {
            let answer = client.get(&url).header("host", HOST).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "fine".to_owned()));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    until("there is traffic", async || before.heard().len() > 5).await;
    std::fs::write(site.dir.path().join("routes.json"), "{\"rules\": [], \"certificates\": [], \"more\": 1}").unwrap();
    // More than the file is read in the time of so many requests.
    let seen = before.heard().len();
    until("it was looked at again", async || before.heard().len() > seen + 250).await;
    assert!(after.heard().is_empty(), "what can't be read changes nothing");
    tell(site.dir.path(), &[rule(HOST, "/", &[&after])], &[]);
    until("it is followed", async || after.heard().len() > 5).await;
    stop.cancel();
    load.await.unwrap();
    tell(site.dir.path(), &[], &[]);
    until("it is gone", async || ask(&site, HOST, "/page").await.status() == 404).await;
}

#[tokio::test]
async fn a_certificate_is_shown_for_its_host_and_for_no_other() {
    let backend = Backend::start().await;
    let site = site(&[rule(HOST, "/", &[&backend])]).await;
    let (authority, made) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.publish(made.path(), "portal", &[]);
    for (from, to) in [("tls.crt", "web.crt"), ("tls.key", "web.key")] {
        std::fs::copy(made.path().join("..data").join(from), site.dir.path().join(to)).unwrap();
    }
    tell(site.dir.path(), &[rule(HOST, "/", &[&backend])], &[json!({"name": "web", "hosts": [HOST]})]);
    let at = secured(&site).await;
    until("the certificate is in use", async || secret_page(at, &authority, HOST).await.is_some()).await;
    let answer = secret_page(at, &authority, HOST).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("fine"), "{answer}");
    assert_eq!(backend.last().headers["x-forwarded-proto"], "https");
    assert_eq!(secret_page(at, &authority, "localhost").await, None, "it would be valid, and isn't meant for it");
}

/// The same gateway behind TLS.
async fn secured(site: &Site) -> std::net::SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let front = Front { socket, tls: Some(Arc::clone(&site.tls)), connections: 10 };
    let maker = Maker::new(&Metrics::new().unwrap()).unwrap();
    let (sites, _) = Sites::open(folders(site.dir.path()), maker).await.unwrap();
    let (mut gateway, _) = crate::world::gateway(&site.world.issuer, site.world.addresses());
    gateway.sites = sites;
    tokio::spawn(front.serve(Arc::new(gateway), site.world.stop.clone()));
    at
}

/// A page over TLS, as it came; none if there is no handshake.
async fn secret_page(at: std::net::SocketAddr, authority: &Authority, host: &'static str) -> Option<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.roots().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let socket = TcpStream::connect(at).await.unwrap();
    let mut stream = connector.connect(ServerName::try_from(host).unwrap(), socket).await.ok()?;
    let request = format!("GET /page HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    // However it ends: a page is judged by what there is of it.
    let _ = stream.read_to_end(&mut answer).await;
    Some(String::from_utf8_lossy(&answer).into_owned())
}
