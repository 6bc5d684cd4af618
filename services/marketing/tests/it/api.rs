//! The service as visitors' browsers see it: the real router, a real database, and the real Identity beside it.
//!
//! Long because it is a list: one request per test.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use crate::support::service::{answer, apply, serve, serve_on, serve_until, split_of};
use crate::support::{Home, Split, open, until, visitor};
use axum::Router;
use rerp_kit::client::ServiceClient;
use rerp_kit::http::timing::{SERVER_TIMING, TOTAL, duration_of};
use rerp_kit::problem::catalogue::{self, Kind};
use rerp_marketing::client::account::Account;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::resolver;
use rerp_marketing::state::AppState;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const MARKETING: [&str; 4] = ["email_captures", "contact_messages", "idempotency_keys", "pending_companies"];

pub(crate) struct Platform {
    marketing: Split,
    identity: Split,
    identity_at: SocketAddr,
    identity_stop: CancellationToken,
    account: Registry,
    at: SocketAddr,
    http: reqwest::Client,
}

impl Platform {
    /// Marketing's routes, on the same databases.
    pub(crate) async fn router(&self) -> Router {
        rerp_marketing::router(state(self.marketing.dir(), self.identity_at, self.account.at).await)
    }

    pub(crate) async fn start() -> Self {
        let (marketing, identity, account) = tokio::join!(
            split_of(&MARKETING, rerp_marketing::migrations),
            split_of(&["email_addresses"], rerp_identity::migrations),
            Registry::start()
        );
        let (identity_db, _) = open(identity.dir()).await;
        let identity_stop = CancellationToken::new();
        let identity_at = serve_until(rerp_identity::router(identity_db), identity_stop.clone()).await;
        let at = serve(rerp_marketing::router(state(marketing.dir(), identity_at, account.at).await)).await;
        Self { marketing, identity, identity_at, identity_stop, account, at, http: visitor() }
    }

    async fn post(&self, route: &str, key: Option<&str>, body: &Value) -> (u16, bool, Value) {
        let mut request = self
            .http
            .post(format!("http://{}/api/marketing/{route}", self.at))
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        answer(request.body(body.to_string())).await
    }

    async fn rows(&self, table: &str) -> i64 {
        self.marketing.source.number(&format!("SELECT count(*) FROM svc.{table}")).await
    }
}

/// The registry of companies, which can go away and come back.
struct Registry {
    home: Home,
    dir: tempfile::TempDir,
    stop: CancellationToken,
    at: SocketAddr,
}

impl Registry {
    async fn start() -> Self {
        let home = Home::new().await;
        apply(&home, rerp_account::migrations()).await;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("current"), home.app()).unwrap();
        let stop = CancellationToken::new();
        let at = serve_until(rerp_account::router(registry_state(dir.path()).await), stop.clone()).await;
        Self { home, dir, stop, at }
    }

    /// The same address again, once it is free.
    async fn come_back(&self) {
        let state = registry_state(self.dir.path()).await;
        until("the address is free", async || match TcpListener::bind(self.at).await {
            Ok(listener) => {
                serve_on(listener, rerp_account::router(state.clone()), CancellationToken::new());
                true
            }
            Err(_) => false,
        })
        .await;
    }

    async fn companies(&self) -> i64 {
        self.home.number("SELECT count(*) FROM svc.companies").await
    }
}

/// Of Account, which needs no Identity for companies.
async fn registry_state(dir: &Path) -> rerp_account::state::AppState {
    let (db, metrics) = open(dir).await;
    let nobody = "http://127.0.0.1:1".parse().unwrap();
    let client = ServiceClient::new("identity", &nobody, metrics.clone(), None).unwrap();
    rerp_account::state::AppState { db, identity: rerp_people::Identity::new(client, &metrics) }
}

async fn state(dir: &Path, identity: SocketAddr, account: SocketAddr) -> AppState {
    let (db, metrics) = open(dir).await;
    let client = |service, at: SocketAddr| {
        ServiceClient::new(service, &format!("http://{at}").parse().unwrap(), metrics.clone(), None).unwrap()
    };
    let identity = Identity::new(client("identity", identity), &metrics);
    let account = Account::new(client("account", account), &metrics);
    AppState { db, identity, account }
}

fn capture(email: &str) -> Value {
    json!({ "email": email, "source": "hero", "name": "Ann", "plan_code": "pro", "recaptcha_token": "secret-of-two-minutes" })
}

fn contact(email: &str) -> Value {
    json!({ "email": email, "name": "Ann", "message": "Hello,\nworld" })
}

fn is_kind(answer: &(u16, bool, Value), kind: Kind) -> bool {
    answer.0 == kind.status().as_u16() && answer.2["type"] == json!(format!("{}{}", catalogue::BASE, kind.slug))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_calls_learns_what_the_answer_waited_for() {
    let platform = Platform::start().await;
    let (named, plain) =
        (json!({ "email": "ann@example.com", "source": "hero", "company": "Acme" }), capture("ann@example.com"));
    for (form, waits) in [(&named, &["identity", "account", "db"][..]), (&plain, &["db"])] {
        let url = format!("http://{}/api/marketing/email-capture", platform.at);
        let answer = platform.http.post(url).json(form).send().await.unwrap();
        let told = answer.headers()[SERVER_TIMING].to_str().unwrap();
        let names: Vec<_> = told.split(", ").filter_map(|metric| metric.split(';').next()).collect();
        assert_eq!(names, [waits, &[TOTAL]].concat(), "{told}");
        let times = || waits.iter().map(|whom| duration_of(told, whom).unwrap());
        assert!(times().all(|time| !time.is_zero()) && times().sum::<Duration>() <= duration_of(told, TOTAL).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitors_leave_addresses_and_messages_and_no_secret_is_kept() {
    let platform = Platform::start().await;
    let (status, _, first) = platform.post("email-capture", None, &capture("Ann@Example.com")).await;
    assert_eq!(status, 201, "{first}");
    let (status, _, second) = platform.post("contact", None, &contact(" ann@example.com ")).await;
    assert_eq!((status, &second["email_address_id"]), (201, &first["email_address_id"]));
    assert_ne!(first["id"], second["id"]);
    let joined = format!(
        "SELECT count(*) FROM svc.email_captures c JOIN svc.contact_messages m USING (email_address_id)
         WHERE c.id = '{}' AND m.id = '{}' AND c.source = 'hero' AND c.name = 'Ann' AND c.plan_code = 'pro' AND m.message = E'Hello,\\nworld'",
        first["id"].as_str().unwrap(),
        second["id"].as_str().unwrap()
    );
    assert_eq!(platform.marketing.source.number(&joined).await, 1);
    for table in MARKETING {
        let secrets = format!("SELECT count(*) FROM svc.{table} t WHERE t::text ~* 'secret|example'");
        assert_eq!(platform.marketing.source.number(&secrets).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_are_explained_and_leave_nothing() {
    let platform = Platform::start().await;
    let with = |field: &str, value: Value| {
        let mut body = capture("ann@example.com");
        body[field] = value;
        body
    };
    for (route, key, body, kind) in [
        ("email-capture", None, with("email", json!("ann")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("source", json!("")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("name", json!("A\0nn")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("plan_code", json!("a b")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("company", json!("Ac\0me")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("company", json!("x".repeat(501))), catalogue::INVALID_VALUE),
        ("email-capture", None, with("firm", json!("Acme")), catalogue::INVALID_BODY),
        ("email-capture", None, json!({ "email": "ann@example.com" }), catalogue::INVALID_BODY),
        ("email-capture", Some("a b"), capture("ann@example.com"), catalogue::MALFORMED_HEADER),
        ("contact", None, capture("ann@example.com"), catalogue::INVALID_BODY),
        (
            "contact",
            None,
            json!({ "email": "ann@example.com", "name": "Ann", "message": " " }),
            catalogue::INVALID_VALUE,
        ),
        (
            "contact",
            None,
            json!({ "email": "ann@example.com", "name": "Ann", "message": "x".repeat(70_000) }),
            catalogue::TOO_LARGE,
        ),
        ("nothing", None, json!({}), catalogue::NO_SUCH_ROUTE),
    ] {
        let answer = platform.post(route, key, &body).await;
        assert!(is_kind(&answer, kind), "{route} {body}: {answer:?}");
    }
    let (_, _, document) = platform.post("email-capture", None, &with("email", json!("ann@localhost"))).await;
    assert_eq!(document["errors"][0]["pointer"], json!("/email"));
    let identifier = with("company", json!("0191f7a1-3f0c-7000-8000-000000000001"));
    let (status, _, document) = platform.post("email-capture", None, &identifier).await;
    assert_eq!((status, &document["errors"][0]["pointer"]), (422, &json!("/company")), "{document}");
    assert!(document["errors"][0]["detail"].as_str().unwrap().contains("UUID"));
    for table in MARKETING {
        assert_eq!(platform.rows(table).await, 0);
    }
    assert_eq!(platform.account.companies().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_effect_and_one_answer() {
    let platform = Platform::start().await;
    let key = Uuid::now_v7().to_string();
    let (status, replayed, first) = platform.post("email-capture", Some(&key), &capture("ann@example.com")).await;
    assert_eq!((status, replayed, &first["id"]), (201, false, &json!(key)), "a UUID as key becomes the identifier");
    // The captcha's token changes with each try; the address may be written in another way: still the same request.
    let mut again = capture("ANN@example.com");
    again["recaptcha_token"] = json!("another");
    assert_eq!(platform.post("email-capture", Some(&key), &again).await, (201, true, first.clone()));
    let mut other = capture("ann@example.com");
    other["source"] = json!("exit-intent");
    let reused = platform.post("email-capture", Some(&key), &other).await;
    assert!(is_kind(&reused, catalogue::KEY_REUSED), "{reused:?}");
    let (status, replayed, _) = platform.post("contact", Some(&key), &contact("ann@example.com")).await;
    assert_eq!((status, replayed), (201, false), "keys belong to a route");
    assert_eq!((platform.rows("email_captures").await, platform.rows("contact_messages").await), (1, 1));

    // Once the key has been forgotten, its UUID is still taken.
    platform.marketing.source.execute("DELETE FROM svc.idempotency_keys").await;
    let taken = platform.post("email-capture", Some(&key), &capture("ann@example.com")).await;
    assert!(is_kind(&taken, catalogue::ID_TAKEN), "{taken:?}");
    assert_eq!(platform.rows("idempotency_keys").await, 0, "and nothing half is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_answers_are_forgotten_and_young_ones_are_not() {
    let platform = Platform::start().await;
    for key in ["old", "young"] {
        assert_eq!(platform.post("contact", Some(key), &contact("ann@example.com")).await.0, 201);
    }
    let age = "UPDATE svc.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'";
    platform.marketing.source.execute(age).await;
    let (db, _) = open(platform.marketing.dir()).await;
    assert_eq!(rerp_kit::idempotency::sweep(&db).await.unwrap(), 1);
    assert_eq!(rerp_kit::idempotency::sweep(&db).await.unwrap(), 0);
    assert!(platform.post("contact", Some("young"), &contact("ann@example.com")).await.1);
    assert!(!platform.post("contact", Some("old"), &contact("ann@example.com")).await.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_in_flight_have_one_effect() {
    let platform = Arc::new(Platform::start().await);
    for round in 0..10 {
        let racing: Vec<_> = (0..16)
            .map(|_| {
                let platform = platform.clone();
                tokio::spawn(async move {
                    platform.post("contact", Some(&format!("form-{round}")), &contact("ann@example.com")).await
                })
            })
            .collect();
        let mut ids = std::collections::HashSet::new();
        for twin in racing {
            let answer = twin.await.unwrap();
            if answer.0 == 201 {
                ids.insert(answer.2["id"].as_str().unwrap().to_owned());
            } else {
                assert!(is_kind(&answer, catalogue::IN_PROGRESS), "{answer:?}");
            }
        }
        assert_eq!(ids.len(), 1);
    }
    assert_eq!(platform.rows("contact_messages").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_identity_the_answer_is_a_clear_no() {
    let marketing = split_of(&MARKETING, rerp_marketing::migrations).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let at = serve(rerp_marketing::router(state(marketing.dir(), gone, gone).await)).await;
    let request =
        visitor().post(format!("http://{at}/api/marketing/contact")).header("content-type", "application/json");
    let response = request.body(contact("ann@example.com").to_string()).send().await.unwrap();
    assert_eq!(response.status(), catalogue::DEPENDENCY_UNAVAILABLE.status());
    assert_eq!(response.headers()["retry-after"], "1");
    assert!(response.text().await.unwrap().contains("`identity`"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_address_is_captured_while_identity_is_away() {
    let platform = Platform::start().await;
    let (_, _, before) = platform.post("email-capture", None, &capture("ann@example.com")).await;
    platform.identity_stop.cancel();
    // An address that Identity still answered for is known from then on: each look asks for another one.
    let looks = AtomicI64::new(0);
    until("identity is away", async || {
        let stranger = format!("new{}@example.com", looks.fetch_add(1, Ordering::Relaxed));
        is_kind(&platform.post("contact", None, &contact(&stranger)).await, catalogue::DEPENDENCY_UNAVAILABLE)
    })
    .await;
    let answered = looks.into_inner() - 1;
    for _ in 0..3 {
        let (status, _, answer) = platform.post("email-capture", None, &capture("ann@example.com")).await;
        assert_eq!((status, &answer["email_address_id"]), (201, &before["email_address_id"]), "{answer}");
    }
    assert_eq!(platform.rows("email_captures").await, 4);
    let kept = platform.rows("contact_messages").await;
    assert_eq!(kept, answered, "nothing is kept of an address that nobody knows");
}

fn of_company(mut form: Value, company: &str) -> Value {
    form["company"] = json!(company);
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_is_named_by_its_identifier_only() {
    let platform = Platform::start().await;
    let (_, _, first) = platform.post("email-capture", None, &of_company(capture("ann@example.com"), "Acme Ltd")).await;
    let spelled = of_company(contact("bob@example.com"), " ACME\u{a0}LTD ");
    let (status, _, second) = platform.post("contact", Some("bob"), &spelled).await;
    assert_eq!((status, &second["company_id"]), (201, &first["company_id"]));
    assert!(first["company_id"].is_string(), "{first}");
    assert!(platform.post("contact", Some("bob"), &spelled).await.1, "the same request");
    let other = platform.post("contact", Some("bob"), &of_company(contact("bob@example.com"), "Other")).await;
    assert!(is_kind(&other, catalogue::KEY_REUSED), "{other:?}");
    for none in ["", " - ", "./."] {
        let (status, _, answer) = platform.post("contact", None, &of_company(contact("cat@example.com"), none)).await;
        assert_eq!((status, &answer["company_id"]), (201, &Value::Null), "{none:?}");
    }
    let stored = format!(
        "SELECT count(*) FROM svc.email_captures c JOIN svc.contact_messages m USING (company_id) WHERE company_id = '{}'",
        first["company_id"].as_str().unwrap()
    );
    assert_eq!(platform.marketing.source.number(&stored).await, 1);
    for table in MARKETING {
        let named = format!("SELECT count(*) FROM svc.{table} t WHERE t::text ~* 'acme|other'");
        assert_eq!(platform.marketing.source.number(&named).await, 0, "{table}");
    }
}

/// A lead is worth more than the company in it: it is taken at once, and gets its company when Account is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_is_taken_while_account_is_away() {
    let platform = Platform::start().await;
    let known = of_company(capture("ann@example.com"), "Acme");
    let (_, _, before) = platform.post("email-capture", None, &known).await;
    platform.account.stop.cancel();
    until("account is away", async || visitor().get(format!("http://{}", platform.account.at)).send().await.is_err())
        .await;
    let (status, _, answer) = platform.post("email-capture", None, &known).await;
    assert_eq!((status, &answer["company_id"]), (201, &before["company_id"]), "known companies need no Account");

    let key = Uuid::now_v7().to_string();
    let (status, _, capture) =
        platform.post("email-capture", Some(&key), &of_company(capture("ann@example.com"), "New")).await;
    assert_eq!((status, &capture["company_id"]), (201, &Value::Null), "{capture}");
    // The same key on the other route makes a row with the same identifier there.
    let message = of_company(contact("bob@example.com"), " NEW ");
    let (status, _, first) = platform.post("contact", Some(&key), &message).await;
    assert_eq!((status, &first["id"]), (201, &capture["id"]));
    let refused = of_company(contact("cat@example.com"), "0191f7a1-3f0c-7000-8000-000000000001");
    assert_eq!(platform.post("contact", None, &refused).await.0, 201, "nobody could say that this is no name");
    assert_eq!(platform.rows("pending_companies").await, 3);

    let (dir, stop) = (platform.marketing.dir(), CancellationToken::new());
    let AppState { db, account, .. } = state(dir, platform.account.at, platform.account.at).await;
    assert_eq!(resolver::turn(&db, &account, &stop).await.unwrap(), 0);
    let tried = "SELECT count(*) FROM svc.pending_companies WHERE tried_at IS NOT NULL";
    assert_eq!(platform.marketing.source.number(tried).await, 1, "one question is enough to see that account is away");

    platform.account.come_back().await;
    // Two pods at once.
    let (one, two) = tokio::join!(resolver::turn(&db, &account, &stop), resolver::turn(&db, &account, &stop));
    assert!(one.unwrap() + two.unwrap() >= 2);
    assert_eq!(platform.rows("pending_companies").await, 0);
    let joined = "SELECT count(*) FROM svc.email_captures c JOIN svc.contact_messages m USING (id, company_id)";
    assert_eq!(platform.marketing.source.number(joined).await, 1);
    assert_eq!(platform.account.companies().await, 2);
    assert!(platform.post("contact", Some(&key), &message).await.1, "the key's answer stays what it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_account_does_not_hold_up_a_lead() {
    let mut platform = Platform::start().await;
    // It takes connections and never answers: without a bound of its own, the question would use up the request's time.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let state = state(platform.marketing.dir(), platform.identity_at, silent.local_addr().unwrap()).await;
    platform.at = serve(rerp_marketing::router(state)).await;
    let (status, _, answer) = platform.post("contact", None, &of_company(contact("ann@example.com"), "Acme")).await;
    assert_eq!((status, &answer["company_id"]), (201, &Value::Null), "{answer}");
    assert_eq!(platform.rows("pending_companies").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_that_account_never_names_is_forgotten() {
    let platform = Platform::start().await;
    platform.account.stop.cancel();
    until("account is away", async || visitor().get(format!("http://{}", platform.account.at)).send().await.is_err())
        .await;
    for company in ["Old", "Young"] {
        assert_eq!(platform.post("contact", None, &of_company(contact("ann@example.com"), company)).await.0, 201);
    }
    let age = "UPDATE svc.pending_companies SET created_at = now() - interval '8 days' WHERE name = 'Old'";
    platform.marketing.source.execute(age).await;
    let AppState { db, account, .. } = state(platform.marketing.dir(), platform.account.at, platform.account.at).await;
    assert_eq!(resolver::turn(&db, &account, &CancellationToken::new()).await.unwrap(), 0);
    let left = "SELECT count(*) FROM svc.pending_companies WHERE name = 'Young'";
    assert_eq!((platform.rows("pending_companies").await, platform.marketing.source.number(left).await), (1, 1));
    assert_eq!(platform.rows("contact_messages").await, 2, "the leads stay");
}

/// Both domains move, one after the other, while visitors keep coming: one attempt each, and every one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_succeeds_through_two_splits() {
    let platform = Arc::new(Platform::start().await);
    let stop = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..16)
        .map(|visitor| {
            let (platform, stop) = (platform.clone(), stop.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let n = acknowledged.len();
                    let (key, email) = (Uuid::now_v7(), format!("v{visitor}-{}@example.com", n / 2));
                    let (route, mut body) =
                        if n % 2 == 0 { ("email-capture", capture(&email)) } else { ("contact", contact(&email)) };
                    if n % 5 == 0 {
                        body["company"] = json!(format!("Company {}", n / 10));
                    }
                    // Every third request comes without a key.
                    let key = (n % 3 != 0).then(|| key.to_string());
                    let (status, _, answer) = platform.post(route, key.as_deref(), &body).await;
                    assert_eq!(status, 201, "{answer}");
                    acknowledged.push(answer["id"].as_str().unwrap().to_owned());
                }
                acknowledged
            })
        })
        .collect();

    for (split, table) in [(&platform.identity, "email_addresses"), (&platform.marketing, "email_captures")] {
        let rows = format!("SELECT count(*) FROM svc.{table}");
        split.prepare().await;
        until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
        let before = split.source.number(&rows).await;
        until("visitors come", || async { split.source.number(&rows).await > before + 50 }).await;
        split.close_source().await;
        let moved = split.target.number(&rows).await;
        until("visitors come to the other side", || async { split.target.number(&rows).await > moved + 50 }).await;
        split.complete();
        until("the old side is let go", || async { split.source.connections().await == 0 }).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for visitor in visitors {
        acknowledged.extend(visitor.await.unwrap());
    }
    let stored = format!(
        "SELECT count(*) FROM (SELECT id FROM svc.email_captures UNION ALL SELECT id FROM svc.contact_messages) r WHERE id IN ('{}')",
        acknowledged.join("','")
    );
    let all = "SELECT (SELECT count(*) FROM svc.email_captures) + (SELECT count(*) FROM svc.contact_messages)";
    let count = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(platform.marketing.target.number(&stored).await, count, "lost");
    assert_eq!(platform.marketing.target.number(all).await, count, "doubled");
}
