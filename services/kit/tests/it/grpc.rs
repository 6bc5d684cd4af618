//! Calls between services, over real sockets in the clear: what they carry, when they are repeated, and how they end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use rerp_kit::client::{CallError, Repeat, ServiceClient};
use rerp_kit::config::HttpSettings;
use rerp_kit::http::{self, context};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{
    DATABASE_UNAVAILABLE, DEPENDENCY_UNAVAILABLE, INTERNAL, INVALID_VALUE, NO_SUCH_ROUTE,
};
use rerp_proto::identity::v1::email_service_client::EmailServiceClient;
use rerp_proto::identity::v1::email_service_server::{EmailService, EmailServiceServer};
use rerp_proto::identity::v1::{UpsertEmailRequest, UpsertEmailResponse};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// What the callee does.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Answers with the id of the request and the milliseconds it has left.
    Tell,
    Refuse,
    Panic,
    /// Until it is told to go on.
    Wait,
}

#[derive(Clone)]
struct Callee {
    does: Arc<Mutex<Does>>,
    /// How often it is still unavailable.
    failing: Arc<AtomicU32>,
    seen: Arc<AtomicU32>,
    go_on: Arc<Notify>,
}

#[tonic::async_trait]
impl EmailService for Callee {
    async fn upsert_email(&self, _: Request<UpsertEmailRequest>) -> Result<Response<UpsertEmailResponse>, Status> {
        self.seen.fetch_add(1, Ordering::Relaxed);
        if self.failing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            return Err(Problem::new(DATABASE_UNAVAILABLE).retry_after(1).into());
        }
        let does = *self.does.lock().unwrap();
        match does {
            Does::Tell => {
                let left = context::deadline().unwrap().saturating_duration_since(Instant::now()).as_millis();
                let email_address_id = format!("{} {left}", context::request_id().unwrap());
                Ok(Response::new(UpsertEmailResponse { email_address_id, created: true }))
            }
            Does::Refuse => Err(Problem::new(INVALID_VALUE).field("/email", "no address").into()),
            Does::Panic => panic!("told to"),
            Does::Wait => {
                self.go_on.notified().await;
                Ok(Response::new(UpsertEmailResponse::default()))
            }
        }
    }
}

struct Running {
    callee: Callee,
    client: ServiceClient,
    metrics: Metrics,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

async fn start(routed: bool) -> Running {
    let does = Arc::new(Mutex::new(Does::Tell));
    let callee = Callee { does, failing: Arc::default(), seen: Arc::default(), go_on: Arc::default() };
    let settings = HttpSettings { drain_delay: Duration::ZERO, ..HttpSettings::default() };
    let metrics = Metrics::new().unwrap();
    let router = Router::new();
    let router = if routed { rerp_kit::grpc::mount(router, EmailServiceServer::new(callee.clone())) } else { router };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let stop = CancellationToken::new();
    let server =
        tokio::spawn(http::serve(listener, http::guarded(router, &settings, &metrics), settings, stop.clone()));
    let client = ServiceClient::new("other", &base, metrics.clone(), None).unwrap();
    Running { callee, client, metrics, stop, server }
}

async fn call(client: &ServiceClient, repeat: Repeat) -> Result<String, CallError> {
    let ask = |line, request| async move { EmailServiceClient::new(line).upsert_email(request).await };
    let answer = client.call(UpsertEmailRequest::default(), repeat, ask).await;
    answer.map(|answer| answer.email_address_id)
}

impl Running {
    async fn call(&self, repeat: Repeat) -> Result<String, CallError> {
        call(&self.client, repeat).await
    }

    /// A call on behalf of a request that has this many milliseconds left.
    async fn call_within(&self, ms: &'static str) -> Result<String, CallError> {
        let headers = [(context::REQUEST_ID, "id-of-the-caller"), (context::DEADLINE, ms)];
        let headers =
            headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        context::Context::of(&headers, Duration::from_secs(60)).scope(self.call(Repeat::Never)).await
    }

    fn does(&self, does: Does) {
        *self.callee.does.lock().unwrap() = does;
    }

    /// Fails the next `times` calls; what was seen counts from 0.
    fn fail(&self, times: u32) {
        self.callee.failing.store(times, Ordering::Relaxed);
        self.callee.seen.store(0, Ordering::Relaxed);
    }

    fn seen(&self) -> u32 {
        self.callee.seen.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_call_carries_the_id_and_the_time_of_the_request_it_is_made_for() {
    let running = start(true).await;
    let answer = running.call_within("1500").await.unwrap();
    let (id, left) = answer.split_once(' ').unwrap();
    assert_eq!(id, "id-of-the-caller");
    assert!(left.parse::<u64>().unwrap() <= 1500, "{left}");

    running.does(Does::Wait);
    assert!(matches!(running.call_within("50").await, Err(CallError::OutOfTime { .. })));
    assert!(matches!(running.call_within("0").await, Err(CallError::OutOfTime { .. })));
}

#[tokio::test]
async fn patience_ends_before_the_time_of_the_request_and_says_so() {
    let running = start(true).await;
    let ask = |line, request| async move { EmailServiceClient::new(line).upsert_email(request).await };
    let call = |ms| {
        let patience = Duration::from_millis(ms);
        running.client.call_within(patience, UpsertEmailRequest::default(), Repeat::Idempotent, ask)
    };
    call(60_000).await.unwrap();
    running.does(Does::Wait);
    let silent = call(50).await.unwrap_err();
    assert!(matches!(silent, CallError::Silent { service: "other" }), "{silent:?}");
    assert_eq!(Problem::from(&silent).kind(), DEPENDENCY_UNAVAILABLE);
    let page = running.metrics.page().unwrap();
    for outcome in ["ok", "silent"] {
        let line = format!(r#"rerp_client_requests_total{{outcome="{outcome}",service="other"}} 1"#);
        assert!(page.contains(&line), "{line}: {page}");
    }
}

#[tokio::test]
async fn a_call_is_repeated_only_when_it_may_be_and_not_for_ever() {
    let running = start(true).await;
    running.fail(2);
    running.call(Repeat::Idempotent).await.unwrap();
    assert_eq!(running.seen(), 3);
    running.fail(2);
    let refused = running.call(Repeat::Never).await.unwrap_err();
    assert!(refused.refusal().is_some_and(|problem| problem.is(DATABASE_UNAVAILABLE)), "{refused:?}");
    assert_eq!(running.seen(), 1);
    running.fail(100);
    assert!(running.call(Repeat::Idempotent).await.is_err());
    assert_eq!(running.seen(), 4, "repetitions are bounded");

    running.stop.cancel();
    running.server.await.unwrap();
    let gone = call(&running.client, Repeat::Never).await.unwrap_err();
    assert!(matches!(gone, CallError::Unreachable { .. }), "{gone:?}");
}

#[tokio::test]
async fn whatever_goes_wrong_is_said_in_the_words_of_the_protocol() {
    let running = start(true).await;
    running.does(Does::Refuse);
    let refused = running.call(Repeat::Idempotent).await.unwrap_err();
    let problem = refused.refusal().unwrap();
    assert!(problem.is(INVALID_VALUE));
    assert_eq!(problem.errors[0].pointer, "/email");
    assert_eq!(running.seen(), 1, "a mistake isn't repeated");

    running.does(Does::Panic);
    let broken = running.call(Repeat::Never).await.unwrap_err();
    assert!(broken.refusal().is_some_and(|problem| problem.is(INTERNAL)), "{broken:?}");
    let page = running.metrics.page().unwrap();
    let line = r#"route="/rerp.identity.v1.EmailService/{*call}",status="grpc_"#;
    assert!(page.contains(&format!("{line}3\"}} 1")) && page.contains(&format!("{line}13\"}} 1")), "{page}");

    let strange = start(false).await.call(Repeat::Never).await.unwrap_err();
    assert!(strange.refusal().is_some_and(|problem| problem.is(NO_SUCH_ROUTE)), "{strange:?}");
}

#[tokio::test]
async fn stopping_ends_no_call_that_has_begun() {
    let running = start(true).await;
    running.does(Does::Wait);
    let stopping = async {
        let deadline = Instant::now() + Duration::from_secs(10);
        while running.seen() == 0 {
            assert!(Instant::now() < deadline, "the call never came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.stop.cancel();
        running.callee.go_on.notify_one();
    };
    let (answer, ()) = tokio::join!(running.call(Repeat::Never), stopping);
    answer.unwrap();
    running.server.await.unwrap();
}
