//! Journeys through services that ask who calls: the guards and the tables of account, billing and fte, over mutual TLS, before a stub that answers for
//! them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::authority::Authority;
use crate::journey_ends::stub;
use crate::support::service::serve;
use crate::support::until;
use rerp_kit::access::{Guard, Rule};
use rerp_kit::config::{Env, HttpSettings, Settings};
use rerp_kit::http::{self, Listener};
use rerp_kit::metrics::Metrics;
use rerp_kit::tls::{Mode, Tls, TlsSettings};
use rerp_traffic::http::report::{Report, Window};
use rerp_traffic::load::control::Control;
use rerp_traffic::load::journey::step::Places;
use rerp_traffic::load::plan::{Plan, Wish};
use rerp_traffic::load::run::Target;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

async fn open(dir: &Path) -> Tls {
    let settings = TlsSettings { dir: dir.to_owned(), mode: Some(Mode::Strict), refresh: Duration::from_secs(1) };
    Tls::open(&settings, Metrics::new().unwrap().tls).await.unwrap()
}

fn files(authority: &Authority, name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    authority.publish(dir.path(), name, &["traffic"]);
    dir
}

/// The stub behind the guard of a service, which lets traffic speak as the platform's manifests do.
async fn guarded(dir: &TempDir, name: &str, rules: &'static [Rule]) -> (SocketAddr, Metrics) {
    let (own, metrics, limits) = (dir.path().to_str().unwrap(), Metrics::new().unwrap(), HttpSettings::default());
    let env = [("RERP_TLS_DIR", own), ("RERP_TLS_MODE", "strict"), ("RERP_ACCESS_SPEAKERS", "gateway,traffic")];
    let settings = Settings::read(&mut Env::of(env), name);
    let tls = open(dir.path()).await;
    let guard = Guard::new(rules, &settings, Some(&tls), &metrics).unwrap();
    let router = http::guarded(guard.around(stub()), &limits, &metrics);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let listener = Listener::new(socket, Some(tls), settings.tls.and_then(|tls| tls.mode));
    tokio::spawn(http::serve(listener, router, limits, CancellationToken::new()));
    (at, metrics)
}

#[tokio::test(flavor = "multi_thread")]
async fn journeys_are_made_in_people_s_names_and_declared_in_staff_s() {
    let ours = Authority::new();
    let own = files(&ours, "traffic");
    let (mut bases, mut guards, mut dirs) = (Vec::new(), Vec::new(), Vec::new());
    for (name, rules) in [
        ("account", rerp_account::access::RULES),
        ("billing", rerp_billing::access::RULES),
        ("fte", rerp_fte::access::RULES),
    ] {
        let dir = files(&ours, name);
        let (at, metrics) = guarded(&dir, name, rules).await;
        bases.push(format!("https://localhost:{}", at.port()));
        guards.push((name, metrics));
        dirs.push(dir);
    }
    let [account, billing, fte] = bases.try_into().unwrap();
    let places = Places { account, billing, fte, seed: 1, rows: 1_000_000 };
    let plan = Plan {
        rate: 20,
        connections: 1,
        timeout: Duration::from_secs(10),
        max_requests: 20,
        max_time: Duration::from_secs(20),
        journeys: 0,
    };
    // Forms go to marketing, which asks nobody; here in the clear.
    let target = Target { base: format!("http://{}", serve(stub()).await), tls: Some(open(own.path()).await) };
    let ledger = tempfile::tempdir().unwrap();
    let control = Control::new(target, plan, ledger.path().to_owned()).with_journeys(Some(places));
    let wish = Wish { journeys: Some(10), seed_rows: Some(2_000), ..Wish::default() };
    control.start(&wish).await.unwrap();
    until("the run has ended", async || !control.view().await.unwrap().running).await;

    // What the stub itself refuses is all that was refused, and its progress is the last thing that journeys looked at.
    let report = Report::of(&control.view().await.unwrap(), &Window::default());
    let journeys = report.journeys;
    assert!(journeys.started > 0 && journeys.contradicting > 0, "{journeys:?}");
    assert_eq!(report.reasons.keys().collect::<Vec<_>>(), ["billing: status 503: Not now"], "{:?}", report.reasons);
    for (name, metrics) in guards {
        let page = metrics.page().unwrap();
        assert!(page.contains("rerp_access_requests_total{outcome=\"allowed\"}"), "{name}\n{page}");
        assert!(!page.contains("outcome=\"denied\""), "{name}\n{page}");
    }
}
