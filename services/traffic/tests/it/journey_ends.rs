//! Journeys that don't come to their end, against a stub: one half finds billing away, the other half is shown progress that forgot everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::service::serve;
use crate::support::until;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use rerp_traffic::http::report::{Report, Window};
use rerp_traffic::load::control::Control;
use rerp_traffic::load::journey::step::Places;
use rerp_traffic::load::plan::{Plan, Wish};
use rerp_traffic::load::run::Target;
use serde_json::{Value, json};
use uuid::Uuid;

const FORMS: u64 = 20;

async fn subscribe(State(count): State<Arc<AtomicU64>>) -> Response {
    if count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "title": "Not now" }))).into_response();
    }
    made(json!({ "subscription_id": Uuid::new_v4(), "status": "trialing" })).await.into_response()
}

async fn made(body: Value) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(body))
}

/// Everything that journeys call, at the services' own paths.
pub(crate) fn stub() -> Router {
    let plans = json!({ "items": [{ "code": "journeys", "prices": [{ "price_id": Uuid::new_v4() }] }] });
    let session = |status: &str| json!({ "session_id": Uuid::nil(), "status": status, "questions": [{ "question_id": Uuid::nil() }] });
    let (begun, ended) = (session("in_progress"), session("completed"));
    let form = || made(json!({ "id": Uuid::new_v4(), "email_address_id": Uuid::new_v4() }));
    Router::new()
        .route("/api/marketing/{form}", post(form))
        .route("/api/billing/plans/{code}", put(async || StatusCode::NO_CONTENT))
        .route("/api/billing/plans", get(async move || Json(plans)))
        .route("/api/fte/modules", post(|| made(json!({}))))
        .route("/api/fte/modules/{code}/questions", post(|| made(json!({}))))
        .route("/api/accounts", post(|| made(json!({ "account_id": Uuid::new_v4() }))))
        .route("/api/billing/subscriptions", post(subscribe))
        .route("/api/fte/sessions", post(move || made(begun)))
        .route("/api/fte/sessions/{session_id}/answers", post(async || Json(json!({ "revision": 1 }))))
        .route("/api/fte/sessions/{session_id}/complete", post(async move || Json(ended)))
        .route("/api/fte/progress/{human_name_id}", get(async || Json(json!({ "courses": [] }))))
        .with_state(Arc::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_ends_a_journey_and_what_was_forgotten_is_noticed() {
    let base = format!("http://{}", serve(stub()).await);
    let places = Places { account: base.clone(), billing: base.clone(), fte: base.clone(), seed: 1, rows: 1_000_000 };
    let plan = Plan {
        rate: 20,
        connections: 1,
        timeout: Duration::from_secs(10),
        max_requests: FORMS,
        max_time: Duration::from_secs(20),
        journeys: 0,
    };
    let dir = tempfile::tempdir().unwrap();
    let control = Control::new(Target { base, tls: None }, plan, dir.path().to_owned()).with_journeys(Some(places));
    let wish = Wish { journeys: Some(10), seed_rows: Some(2_000), ..Wish::default() };
    control.start(&wish).await.unwrap();
    until("the run has ended", async || !control.view().await.unwrap().running).await;
    let report = Report::of(&control.view().await.unwrap(), &Window::default());

    let journeys = report.journeys;
    assert!(journeys.failed > 0 && journeys.contradicting > 0, "{journeys:?}");
    assert_eq!((journeys.completed, journeys.failed + journeys.contradicting), (0, journeys.started));
    // Billing's refusal is a journey's second request, its progress the sixth.
    assert_eq!(journeys.requests, 2 * journeys.failed + 6 * journeys.contradicting);
    assert_eq!(report.total, FORMS + journeys.requests);
    assert_eq!(report.acknowledged, FORMS + journeys.failed + 5 * journeys.contradicting);
    assert_eq!(report.failed, journeys.failed);
    assert_eq!(report.reasons, [("billing: status 503: Not now".to_owned(), journeys.failed)].into());
    assert_eq!(report.failures.len() as u64, journeys.failed);
    assert!((report.rate_held - FORMS as f64 / report.seconds).abs() < 1e-9, "journeys are no forms");
}
