//! The load loop against a small stub on loopback that answers well, badly and late.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rerp_kit::client::builder;
use rerp_traffic::http::router;
use rerp_traffic::ledger::entry::Entry;
use rerp_traffic::load::control::Control;
use rerp_traffic::load::plan::Plan;
use rerp_traffic::load::run::Target;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

#[derive(Default)]
struct Seen {
    emails: Vec<String>,
    keys: HashSet<String>,
    peers: HashSet<u16>,
    pause_at: Option<usize>,
}

type Shared = Arc<Mutex<Seen>>;

const PAUSE: Duration = Duration::from_millis(400);
/// Who is held has its address written before the last tenth of a second.
const HELD: &str = "identity;dur=300.0, db;dur=90.0, total;dur=400.0";

async fn form(
    State(seen): State<Shared>,
    axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<std::net::SocketAddr>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let email = body["email"].as_str().unwrap().to_owned();
    let (count, pause) = {
        let mut seen = seen.lock().unwrap();
        seen.keys.insert(headers["idempotency-key"].to_str().unwrap().to_owned());
        seen.peers.insert(peer.port());
        seen.emails.push(email);
        (seen.emails.len(), seen.pause_at)
    };
    if count % 50 == 0 {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "title": "Not now" }))).into_response();
    }
    if count % 50 == 25 {
        return (StatusCode::ACCEPTED, Json(json!({}))).into_response();
    }
    let held = pause.is_some_and(|at| (at..at + 4).contains(&count));
    if held {
        tokio::time::sleep(PAUSE).await;
    }
    let company = body["company"].as_str().map(|_| Uuid::nil());
    let ids = json!({ "id": Uuid::new_v4(), "email_address_id": Uuid::new_v4(), "company_id": company, "created_at": "2026-01-01T00:00:00Z" });
    let timing = held.then_some([("server-timing", HELD)]);
    (StatusCode::CREATED, timing.unwrap_or([("server-timing", "total;dur=0.1")]), Json(ids)).into_response()
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    format!("http://{address}")
}

async fn stub(seen: &Shared) -> String {
    let forms = Router::new()
        .route("/api/marketing/email-capture", post(form))
        .route("/api/marketing/contact", post(form))
        .with_state(Arc::clone(seen));
    serve(forms).await
}

struct Fixture {
    seen: Shared,
    url: String,
    http: reqwest::Client,
    dir: PathBuf,
}

async fn fixture(plan: Plan, pause_at: Option<usize>) -> Fixture {
    let seen: Shared = Arc::new(Mutex::new(Seen { pause_at, ..Seen::default() }));
    let dir = std::env::temp_dir().join(format!("rerp-load-{}", Uuid::new_v4()));
    std::fs::create_dir_all(&dir).unwrap();
    let control = Control::new(Target { base: stub(&seen).await, tls: None }, plan, dir.clone());
    let url = serve(router(Arc::new(control))).await;
    Fixture { seen, url, http: builder(None).unwrap().build().unwrap(), dir }
}

impl Fixture {
    async fn post(&self, path: &str, body: &str) -> (StatusCode, Value) {
        let answer = self.http.post(format!("{}{path}", self.url)).body(body.to_owned()).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> String {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap().text().await.unwrap()
    }

    async fn ended(&self) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while tokio::time::Instant::now() < deadline {
            let report: Value = serde_json::from_str(&self.get("/report").await).unwrap();
            if report["running"] == json!(false) {
                return report;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the run did not end");
    }

    async fn ledger(&self) -> Vec<Entry> {
        self.get("/ledger").await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn plan() -> Plan {
    Plan {
        rate: 500,
        connections: 4,
        timeout: Duration::from_secs(2),
        max_requests: 300,
        max_time: Duration::from_secs(20),
        journeys: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_acknowledged_or_failed_and_sent_once() {
    let f = fixture(plan(), None).await;
    assert_eq!(f.post("/start", "").await.0, StatusCode::ACCEPTED);
    let report = f.ended().await;
    assert_eq!(report["total"], json!(300));
    assert_eq!(report["failed"], json!(12));
    assert_eq!(report["reasons"], json!({ "status 503: Not now": 6, "status 202": 6 }));
    assert_eq!(report["failures"].as_array().unwrap().len(), 12);

    let ledger = f.ledger().await;
    assert_eq!(ledger.len(), 288);
    let named = ledger.iter().filter(|e| e.company.is_some()).count();
    assert!(named > 40 && ledger.iter().all(|e| e.company.is_some() == e.company_id.is_some()), "{named}");
    assert_eq!(report["companies"], json!({ "named": named, "pending": 0, "contradicting": 0 }));
    let rows: HashSet<Uuid> = ledger.iter().map(|e| e.row).collect();
    assert_eq!(rows.len(), 288);
    {
        let seen = f.seen.lock().unwrap();
        assert_eq!((seen.emails.len(), seen.keys.len()), (300, 300), "one attempt each");
        assert!(seen.peers.len() <= 4, "{} connections", seen.peers.len());
        let sent: HashSet<&String> = seen.emails.iter().collect();
        assert_eq!(sent.len(), 300);
        assert!(ledger.iter().all(|e| sent.contains(&e.email)));
    }
    std::fs::remove_dir_all(&f.dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_of_the_server_is_the_longest_gap() {
    let f = fixture(plan(), Some(101)).await;
    f.post("/start", r#"{"maxRequests":200}"#).await;
    let report = f.ended().await;
    let gap = report["longestGap"]["ms"].as_f64().unwrap();
    // All four connections were held for the pause. A lower bound only: how late a busy machine is says nothing.
    assert!(gap >= 390.0, "{gap}");
    let at = report["longestGap"]["to"].as_str().unwrap();
    let window: Value = serde_json::from_str(&f.get(&format!("/report?at={at}&beforeMs=150&afterMs=5")).await).unwrap();
    assert_eq!(window["window"]["longestGap"]["ms"], report["longestGap"]["ms"]);
    // Nothing was written for as long, less what the first who were held waited for afterwards.
    let pause = window["window"]["writePause"]["ms"].as_f64().unwrap();
    assert!((gap - pause - 100.0).abs() < 0.01, "{gap} {pause}");
    assert!(report["latency"]["maxMs"].as_f64().unwrap() >= 390.0);
    std::fs::remove_dir_all(&f.dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_a_run_and_leaves_its_ledger() {
    let f = fixture(Plan { max_requests: 100_000, ..plan() }, None).await;
    assert_eq!(f.post("/stop", "").await.0, StatusCode::CONFLICT);
    assert_eq!(f.post("/start", r#"{"rate":0}"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(f.post("/start", r#"{"speed":1}"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, first) = f.post("/start", "").await;
    assert_eq!(f.post("/start", "").await.0, StatusCode::CONFLICT);
    let (status, report) = f.post("/stop", "").await;
    assert_eq!((status, &report["running"]), (StatusCode::OK, &json!(false)));
    assert_eq!(f.ledger().await.len() as u64, report["acknowledged"].as_u64().unwrap());
    let (_, second) = f.post("/start", r#"{"maxRequests":1}"#).await;
    assert_ne!(first["run"], second["run"]);
    assert_eq!(f.ended().await["total"], json!(1));
    std::fs::remove_dir_all(&f.dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_or_silent_is_counted_not_retried() {
    let silent = serve(Router::new().route("/api/marketing/contact", get(|| async {})).fallback(|| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }));
    let control = Control::new(
        Target { base: silent.await, tls: None },
        Plan { timeout: Duration::from_millis(50), max_requests: 8, ..plan() },
        std::env::temp_dir(),
    );
    let started = control.start(&Default::default()).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while control.view().await.unwrap().running {
        assert!(tokio::time::Instant::now() < deadline, "the run did not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let summary = started.run.book.summary();
    assert_eq!((summary.total, summary.failed), (8, 8));
    assert_eq!(summary.reasons.get("timeout"), Some(&6), "{:?}", summary.reasons);
    assert_eq!(summary.reasons.get("status 405"), Some(&2));
}
