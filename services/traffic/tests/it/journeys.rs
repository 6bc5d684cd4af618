//! Journeys through the real services and the stand-ins, each service on a PostgreSQL of its own, beside forms.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::foreign_keys::{registry_state, state};
use crate::support::service::{answer, apply, client, serve};
use crate::support::{Home, open, until, visitor};
use rerp_entitlements::Billing;
use rerp_fte::client::account::Account;
use rerp_fte::client::trading::Trading;
use rerp_people::Identity;
use rerp_traffic::ledger::logbook::Line;
use rerp_traffic::load::control::Control;
use rerp_traffic::load::journey::step::Places;
use rerp_traffic::load::plan::Plan;
use rerp_traffic::load::run::Target;
use rerp_traffic::seed::args::SeedArgs;
use rerp_traffic::seed::plan::Counts;
use rerp_traffic::seed::run::fill;
use secrecy::SecretString;
use serde_json::{Value, json};

const ROWS: u64 = 2_000;
const SEED: u64 = 7;
const FORMS: u64 = 60;

/// The five services with their databases, and the load generator.
struct Platform {
    account: Home,
    billing: Home,
    fte: Home,
    traffic: String,
    _others: [Home; 2],
    _dir: tempfile::TempDir,
}

impl Platform {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (identity, account, marketing) = tokio::join!(Home::new(), Home::new(), Home::new());
        let (billing, fte) = tokio::join!(Home::new(), Home::new());
        for (name, home, migrations) in [
            ("identity", &identity, rerp_identity::migrations()),
            ("account", &account, rerp_account::migrations()),
            ("marketing", &marketing, rerp_marketing::migrations()),
            ("billing", &billing, rerp_billing::migrations()),
            ("fte", &fte, rerp_fte::migrations()),
        ] {
            apply(home, migrations).await;
            std::fs::create_dir(dir.path().join(name)).unwrap();
            std::fs::write(dir.path().join(name).join("current"), home.app()).unwrap();
            std::fs::write(dir.path().join(format!("{name}.uri")), home.migrate()).unwrap();
        }
        fill(&args(dir.path())).await.unwrap();
        let traffic = services(dir.path()).await;
        Self { account, billing, fte, traffic, _others: [identity, marketing], _dir: dir }
    }

    async fn post(&self, path: &str, wish: &Value) -> (u16, Value) {
        let request = visitor().post(format!("{}{path}", self.traffic)).body(wish.to_string());
        let (status, _, body) = answer(request).await;
        (status, body)
    }

    async fn report(&self) -> Value {
        answer(visitor().get(format!("{}/report", self.traffic))).await.2
    }

    async fn lines(&self) -> Vec<Line> {
        let text = visitor().get(format!("{}/journeys", self.traffic)).send().await.unwrap().text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn args(dir: &Path) -> SeedArgs {
    let file = |name: &str| dir.join(format!("{name}.uri"));
    SeedArgs {
        rows: ROWS,
        seed: SEED,
        identity_uri_file: file("identity"),
        account_uri_file: file("account"),
        marketing_uri_file: file("marketing"),
        foreign_keys: false,
    }
}

/// Starts everything; the address of the load generator.
async fn services(dir: &Path) -> String {
    let home = |name: &str| dir.join(name);
    let identity = serve(rerp_identity::router(open(&home("identity")).await.0)).await;
    let account = serve(rerp_account::router(registry_state(&home("account"), identity).await)).await;
    let marketing = serve(rerp_marketing::router(state(&home("marketing"), identity, account).await)).await;
    let sandbox = serve(rerp_sandbox::http::router(visitor())).await;
    let billing = billing(&home("billing"), identity, sandbox).await;
    let (db, metrics) = open(&home("fte")).await;
    let fte = serve(rerp_fte::router(rerp_fte::state::AppState {
        db,
        identity: Identity::new(client("identity", identity, &metrics), &metrics),
        account: Account::new(client("account", account, &metrics)),
        billing: Billing::new(client("billing", billing, &metrics)),
        trading: Trading::new(visitor(), format!("http://{sandbox}/trading").parse().unwrap()),
    }))
    .await;
    let base = |at: SocketAddr| format!("http://{at}");
    let plan = Plan {
        rate: 20,
        connections: 2,
        // A machine that compiles at the same time must not fail a journey.
        timeout: Duration::from_secs(20),
        max_requests: FORMS,
        max_time: Duration::from_secs(60),
        journeys: 0,
    };
    let places = Places { account: base(account), billing: base(billing), fte: base(fte), seed: SEED, rows: 1_000_000 };
    let target = Target { base: base(marketing), tls: None };
    let control = Control::new(target, plan, dir.to_owned()).with_journeys(Some(places));
    base(serve(rerp_traffic::http::router(Arc::new(control))).await)
}

async fn billing(dir: &Path, identity: SocketAddr, sandbox: SocketAddr) -> SocketAddr {
    let (db, metrics) = open(dir).await;
    let stripe = rerp_billing::stripe::Stripe {
        http: visitor(),
        base: format!("http://{sandbox}/stripe").parse().unwrap(),
        key: SecretString::from("sk_test_1"),
    };
    let identity = Identity::new(client("identity", identity, &metrics), &metrics);
    let webhook_secrets = [SecretString::from("whsec_test")].into();
    let state = rerp_billing::state::AppState { db, identity, stripe, webhook_secrets, publishable_key: None };
    serve(rerp_billing::router(state)).await
}

/// How many lines with this path have a row `of_line` finds in its table.
async fn found(home: &Home, lines: &[Line], path: &str, of_line: impl Fn(&Line) -> String) -> i64 {
    let mut found = 0;
    for line in lines.iter().filter(|line| line.path == path) {
        found += home.number(&format!("SELECT count(*) FROM svc.{}", of_line(line))).await;
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_journey_comes_to_its_end_and_the_ledger_is_what_the_databases_hold() {
    let platform = Platform::start().await;
    let (status, report) = platform.post("/start", &json!({ "journeys": 5, "seedRows": ROWS })).await;
    assert_eq!(status, 202, "{report}");
    until("the run has ended", async || platform.report().await["running"] == json!(false)).await;
    let report = platform.report().await;
    let journeys = &report["journeys"];
    let started = journeys["started"].as_u64().unwrap();
    // As many as there are connections: they are due in the first second, however slow the machine.
    assert!(started >= 4, "{report}");
    let whole =
        json!({ "started": started, "completed": started, "requests": 7 * started, "failed": 0, "contradicting": 0 });
    assert_eq!((journeys, &report["failed"]), (&whole, &json!(0)), "{report}");
    assert_eq!(report["total"], json!(FORMS + 7 * started));
    assert_eq!(report["acknowledged"], json!(FORMS + 5 * started));

    let lines = platform.lines().await;
    let people: HashSet<_> = lines.iter().map(|line| line.person).collect();
    assert_eq!((lines.len() as u64, people.len() as u64), (5 * started, started));
    let started = i64::try_from(started).unwrap();
    let Platform { account, billing, fte, .. } = &platform;
    let opened = |line: &Line| format!("accounts WHERE id = '{}' AND human_name_id = '{}'", line.row, line.person);
    assert_eq!(found(account, &lines, "/api/accounts", opened).await, started);
    let trial = |line: &Line| {
        assert_eq!(line.status.as_deref(), Some("trialing"));
        format!(
            "stripe_subscriptions WHERE id = '{}' AND human_name_id = '{}' AND status = 'trialing'",
            line.row, line.person
        )
    };
    assert_eq!(found(billing, &lines, "/api/billing/subscriptions", trial).await, started);
    let passed = |line: &Line| {
        assert_eq!(line.status.as_deref(), Some("completed"));
        format!(
            "test_sessions WHERE id = '{}' AND human_name_id = '{}' AND status = 'completed'",
            line.row, line.person
        )
    };
    assert_eq!(found(fte, &lines, "/api/fte/sessions/{id}/complete", passed).await, started);
    // And nothing beyond it.
    let seeded = i64::try_from(Counts::of(ROWS).accounts).unwrap();
    assert_eq!(account.number("SELECT count(*) FROM svc.accounts").await, seeded + started);
    assert_eq!(billing.number("SELECT count(*) FROM svc.stripe_subscriptions").await, started);
    assert_eq!(fte.number("SELECT count(*) FROM svc.test_sessions").await, started);

    // What a run needs may be there already.
    let (status, report) = platform.post("/start", &json!({ "journeys": 1, "seedRows": ROWS, "maxRequests": 1 })).await;
    assert_eq!(status, 202, "{report}");
    let (status, _) = platform.post("/stop", &json!({})).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn journeys_that_nobody_can_make_are_refused() {
    let plan = Plan {
        rate: 1,
        connections: 1,
        timeout: Duration::from_millis(200),
        max_requests: 1,
        max_time: Duration::from_secs(1),
        journeys: 1,
    };
    let target = Target { base: "http://127.0.0.1:9".to_owned(), tls: None };
    let control = || Control::new(target.clone(), plan.clone(), std::env::temp_dir());
    let refused = control().start(&Default::default()).await.unwrap_err().to_string();
    assert!(refused.contains("RERP_BILLING_URL"), "{refused}");
    let nowhere = || "http://127.0.0.1:9".to_owned();
    let places = Places { account: nowhere(), billing: nowhere(), fte: nowhere(), seed: 1, rows: 1 };
    let control = control().with_journeys(Some(places));
    let refused = control.start(&Default::default()).await.unwrap_err().to_string();
    assert_eq!(refused, "a data set of 1 rows has no verified person for a journey");
}
