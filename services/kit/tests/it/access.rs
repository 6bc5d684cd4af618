//! The guard around a router, over mutual TLS: who gets where, in each mode, and what doesn't exist.

use axum::Router;
use axum::routing::{get, post, put};
use rerp_kit::access::{Assurance, Caller, Guard, May, Rule, TOKEN, Verb};
use rerp_kit::config::{Env, HttpSettings, Settings};
use rerp_kit::http::{self, Path};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue;
use rerp_proto::identity::v1::email_service_server::{self, EmailService, EmailServiceServer};
use rerp_proto::identity::v1::{UpsertEmailRequest, UpsertEmailResponse};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::doors::{Answer, Doors, Who, calls, case, everybody};
use crate::support::visitor;

const ANN: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);

const RULES: &[Rule] = &[
    Rule::route(Verb::Get, "/page", May::Public),
    Rule::route(Verb::Get, "/own/{person}", May::Person).own("person"),
    Rule::route(Verb::Get, "/own/{person}/things/{id}", May::Person).own("person"),
    Rule::route(Verb::Post, "/things", May::Person).handler(),
    Rule::route(Verb::Put, "/offer", May::Staff),
    Rule::route(Verb::Post, "/inside", May::Service),
    Rule::calls(email_service_server::SERVICE_NAME),
];

struct Emails;

#[tonic::async_trait]
impl EmailService for Emails {
    async fn upsert_email(
        &self,
        _: tonic::Request<UpsertEmailRequest>,
    ) -> Result<tonic::Response<UpsertEmailResponse>, tonic::Status> {
        Ok(tonic::Response::new(UpsertEmailResponse::default()))
    }
}

/// A handler that finds out itself whose data it is about.
async fn things(caller: Caller, body: String) -> Result<String, Problem> {
    let person = body.parse().unwrap_or_default();
    caller.must_be(person, "/human_name_id")?;
    Ok(format!("{caller:?}"))
}

fn routes() -> Router {
    let rest = Router::new()
        .route("/page", get(async |caller: Caller| format!("{caller:?}")))
        .route("/own/{person}", get(async |Path(person): Path<Uuid>| person.to_string()))
        .route("/own/{person}/things/{id}", get(async || "fine"))
        .route("/things", post(things))
        .route("/offer", put(async || "fine"))
        .route("/inside", post(async || "fine"))
        .route("/forgotten", get(async || "nobody has thought of who may"));
    rerp_kit::grpc::mount(rest, EmailServiceServer::new(Emails))
}

async fn get_as(doors: &Doors, who: Who, path: &str) -> Answer {
    doors.ask(who, Verb::Get, path, None).await.expect("an answer")
}

#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let doors = Doors::open("identity", RULES, routes()).await;
    let (own, capital) = (format!("/own/{ANN}"), format!("/own/{}", ANN.to_string().to_uppercase()));
    let things = format!("/own/{ANN}/things/7");
    let cases = [
        case(Verb::Get, "/page", "/page", [200; 6]),
        case(Verb::Get, "/own/{person}", &own, [401, 200, 404, 403, 200, 403]),
        case(Verb::Get, "/own/{person}", &capital, [401, 200, 404, 403, 200, 403]),
        // What is no identifier is nobody's; only who may see everything learns what is wrong with it.
        case(Verb::Get, "/own/{person}", "/own/7", [401, 404, 404, 403, 400, 403]),
        case(Verb::Get, "/own/{person}", "/own/%ff", [401, 404, 404, 403, 400, 403]),
        case(Verb::Get, "/own/{person}/things/{id}", &things, [401, 200, 404, 403, 200, 403]),
        case(Verb::Post, "/things", "/things", [401, 403, 403, 403, 200, 403]),
        case(Verb::Put, "/offer", "/offer", [401, 403, 403, 403, 200, 403]),
        case(Verb::Post, "/inside", "/inside", [401, 403, 403, 403, 403, 200]),
        calls(email_service_server::SERVICE_NAME),
    ];
    everybody(&doors, RULES, ANN, BOB, &cases).await;
    let page = doors.metrics.page().unwrap();
    assert!(page.contains("rerp_access_enforced 1") && page.contains("rerp_access_requests_total{outcome=\"denied\"}"));
}

#[tokio::test]
async fn what_has_no_row_does_not_exist() {
    let doors = Doors::open("identity", RULES, routes()).await;
    for who in [Who::Nobody, Who::Person(ANN), Who::Staff(Assurance::Second), Who::Service] {
        for path in ["/forgotten", "/nowhere"] {
            let answer = get_as(&doors, who, path).await;
            assert_eq!(answer.body["type"], json!(format!("{}no-such-route", catalogue::BASE)), "{path} {who:?}");
        }
        let other = doors.ask(who, Verb::Delete, "/page", None).await.unwrap();
        assert_eq!(other.status, 405, "a method that no route takes is no secret");
    }
}

#[tokio::test]
async fn a_caller_is_told_to_handlers() {
    let doors = Doors::open("identity", RULES, routes()).await;
    let text = async |who: Who| {
        let request = doors.request(who, Verb::Post, "/things").body(ANN.to_string());
        request.send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(text(Who::Person(ANN)).await, format!("{:?}", Caller::Person { id: ANN, assurance: Assurance::First }));
    assert!(text(Who::Staff(Assurance::Second)).await.starts_with("Staff"));
    let refused = doors.answer(doors.request(Who::Person(BOB), Verb::Post, "/things").body(ANN.to_string())).await;
    let refused = refused.unwrap();
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (403, &json!("/human_name_id")));
}

#[tokio::test]
async fn a_token_counts_once_and_from_a_speaker_only() {
    let doors = Doors::open("identity", RULES, routes()).await;
    let own = format!("/own/{ANN}");
    let request = doors.request(Who::Person(ANN), Verb::Get, &own).build().unwrap();
    let token = request.headers()[TOKEN].clone();
    let with = async |who, tokens: &[&str]| {
        let mut request = doors.request(who, Verb::Get, &own);
        for token in tokens {
            request = request.header(TOKEN, *token);
        }
        doors.answer(request).await.unwrap()
    };
    let token = token.to_str().unwrap();
    assert_eq!(with(Who::Nobody, &[token]).await.status, 200, "the positive control");
    let copied = with(Who::Service, &[token]).await;
    assert_eq!(copied.status, 401, "{}", copied.body);
    assert_eq!(with(Who::Nobody, &[token, token]).await.status, 400, "one reading or none");
    for text in ["", "nonsense", &format!("{token}A"), &token[1..]] {
        let refused = with(Who::Nobody, &[text]).await;
        assert_eq!(refused.status, 401, "{text}");
        assert!(text.len() < 9 || !refused.body.to_string().contains(text), "{}", refused.body);
    }
    assert_eq!(get_as(&doors, Who::Nobody, "/page").await.status, 200);
    assert_eq!(
        doors.answer(doors.request(Who::Nobody, Verb::Get, "/page").header(TOKEN, "x")).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn audit_refuses_nobody_and_counts_whom_strict_would() {
    let doors = Doors::in_mode("audit", "identity", RULES, routes()).await;
    for (who, path) in [
        (Who::Stranger, "/page".to_owned()),
        (Who::Nobody, format!("/own/{ANN}")),
        (Who::Person(BOB), format!("/own/{ANN}")),
        (Who::Service, format!("/own/{ANN}")),
        (Who::Person(ANN), format!("/own/{ANN}")),
    ] {
        assert_eq!(get_as(&doors, who, &path).await.status, 200, "{who:?} {path}");
    }
    let things = doors.answer(doors.request(Who::Nobody, Verb::Post, "/things").body(ANN.to_string())).await;
    assert_eq!(things.unwrap().status, 200, "handlers refuse nobody either");
    let page = doors.metrics.page().unwrap();
    for line in [
        "rerp_access_enforced 0",
        "rerp_access_requests_total{outcome=\"would_deny\"} 5",
        "rerp_access_requests_total{outcome=\"allowed\"} 1",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}

#[tokio::test]
async fn without_mutual_tls_nothing_can_be_proved() {
    let (metrics, limits) = (Metrics::new().unwrap(), HttpSettings::default());
    let settings = Settings::read(&mut Env::of([]), "identity");
    let guard = Guard::new(RULES, &settings, None, &metrics).unwrap();
    let router = http::guarded(guard.around(routes()), &limits, &metrics);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(http::serve(listener, router, limits, CancellationToken::new()));
    let answer = visitor().post(format!("http://{at}/things")).body(ANN.to_string()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "Unchecked");
    let page = metrics.page().unwrap();
    assert!(page.contains("rerp_access_enforced 0") && page.contains("{outcome=\"unchecked\"} 1"), "{page}");
}
