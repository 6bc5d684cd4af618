//! FTE with all it calls, and what tests say to it. In: nothing. Out: answers.

mod market;
mod others;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use rerp_entitlements::Billing;
use rerp_fte::badge::{Issuer, Keys};
use rerp_fte::client::account::Account;
use rerp_fte::client::trading::Trading;
use rerp_fte::state::{AppState, Badges};
use rerp_people::Identity;
use serde_json::{Value, json};

use super::support::answer::{Answer, request};
use super::support::service::{client, home_of, serve};
use super::support::{Home, open, visitor};
use market::Market;
use others::Others;

/// Known to Identity.
pub(crate) const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
pub(crate) const BOB: &str = "0191f7a1-3f0c-7000-8000-000000000002";
/// Known to nobody.
pub(crate) const NOBODY: &str = "0191f7a1-3f0c-7000-8000-0000000000ff";
/// Known to Account.
pub(crate) const ACCOUNT: &str = "0191f7a1-3f0c-7000-8000-0000000000a1";

pub(crate) struct Platform {
    pub(crate) fte: Home,
    pub(crate) others: Others,
    pub(crate) market: Market,
    pub(crate) state: AppState,
    at: SocketAddr,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let ((fte, dir), others, market) =
            (home_of(rerp_fte::migrations()).await, Others::default(), Market::open().await);
        let (db, metrics) = open(dir.path()).await;
        let others_at = others.serve().await;
        let client = |name| client(name, others_at, &metrics);
        let trading = format!("http://{}/trading", market.at).parse().unwrap();
        let state = AppState {
            db,
            identity: Identity::new(client("identity"), &metrics),
            account: Account::new(client("account")),
            billing: Billing::new(client("billing")),
            trading: Trading::new(visitor(), trading),
        };
        let at = serve(rerp_fte::router(state.clone())).await;
        Self { fte, others, market, state, at, http: visitor(), _dir: dir }
    }

    /// Has certificates as badges too, from now on, signed with the first of these keys.
    pub(crate) async fn sign_with(&mut self, keys: &str) {
        self.at = serve(self.with_badges(keys)).await;
    }

    /// All routes, with those of badges.
    pub(crate) fn with_badges(&self, keys: &str) -> Router {
        let address = "https://badges.example.com".parse().unwrap();
        let issuer = Issuer::new(&address, Some("Example Academy"), Keys::of(keys).unwrap()).unwrap();
        let badges = Badges { db: self.state.db.clone(), issuer: Arc::new(issuer) };
        rerp_fte::router(self.state.clone()).merge(rerp_fte::badges(badges))
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("http://{}/api/fte{path}", self.at);
        Answer::to(request(&self.http, method, url, headers, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    pub(crate) async fn post_as(&self, key: &str, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("idempotency-key", key)], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, version: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("if-match", version)], Some(body)).await
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.fte.number(&format!("SELECT count(*) FROM svc.{table}")).await
    }

    /// Adds a module of the course `fte` with one question of each kind: 1, 2 × 2 and 5 points, of which 70 % pass. The next attempt may begin
    /// at once.
    pub(crate) async fn module(&self, code: &str, test_type: &str) {
        let mut module = json!({ "code": code, "course": "fte", "test_type": test_type, "title": code, "pass_bp": 7000, "time_limit_s": 600, "retry_pause_s": 0 });
        if test_type == "final_assessment" {
            module["certificate_days"] = json!(365);
        }
        let answer = self.post("/modules", &module).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        for question in questions() {
            let answer = self.post(&format!("/modules/{code}/questions"), &question).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
    }

    pub(crate) async fn begin(&self, person: &str, module: &str) -> Answer {
        self.post("/sessions", &wish(person, module)).await
    }

    /// Starts a session; its identifier, and those of its questions in order.
    pub(crate) async fn session(&self, person: &str, module: &str) -> (String, Vec<String>) {
        let answer = self.begin(person, module).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let questions = answer.body["questions"].as_array().unwrap();
        let ids = questions.iter().map(|one| one["question_id"].as_str().unwrap().to_owned()).collect();
        (answer.text("session_id"), ids)
    }

    pub(crate) async fn answer(&self, session: &str, question: &str, revision: i32, answer: Value) -> Answer {
        let body = json!({ "question_id": question, "expected_revision": revision, "answer": answer });
        self.post(&format!("/sessions/{session}/answers"), &body).await
    }

    /// Answers everything right, and doesn't end the session.
    pub(crate) async fn answered(&self, person: &str, module: &str) -> String {
        let (session, questions) = self.session(person, module).await;
        for (question, right) in questions.iter().zip(right()) {
            let answer = self.answer(&session, question, 0, right).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        session
    }

    pub(crate) async fn complete(&self, session: &str) -> Answer {
        self.send("POST", &format!("/sessions/{session}/complete"), &[], None).await
    }

    /// Passes a module; the answer of its end.
    pub(crate) async fn pass(&self, person: &str, module: &str) -> Answer {
        let session = self.answered(person, module).await;
        let answer = self.complete(&session).await;
        assert_eq!(answer.body["passed"], json!(true), "{}", answer.text);
        answer
    }

    /// Lets the time of a session be over.
    pub(crate) async fn let_expire(&self, session: &str) {
        let end = "UPDATE svc.test_sessions SET expires_at = now() - interval '1 second'";
        self.fte.execute(&format!("{end} WHERE id = '{session}'")).await;
    }
}

pub(crate) fn wish(person: &str, module: &str) -> Value {
    json!({ "human_name_id": person, "account_id": ACCOUNT, "module": module })
}

/// What modules of tests ask: 1, 2 × 2 and 5 points.
pub(crate) fn questions() -> [Value; 3] {
    let choices =
        json!([{ "id": "a", "text": "Up" }, { "id": "b", "text": "Down" }, { "id": "c", "text": "Sideways" }]);
    [
        json!({ "kind": "single_choice", "prompt": "Where?", "choices": choices, "points": 1, "correct": { "choices": ["b"] } }),
        json!({ "kind": "multiple_choice", "prompt": "Which?", "choices": choices, "points": 2, "weight": 2, "correct": { "choices": ["a", "c"] } }),
        json!({ "kind": "numeric", "prompt": "How much?", "decimals": 2, "points": 5, "correct": { "value": "73219.25", "tolerance": "0.50" } }),
    ]
}

/// What is right, in their order.
pub(crate) fn right() -> [Value; 3] {
    [json!({ "choices": ["b"] }), json!({ "choices": ["c", "a"] }), json!({ "value": "73219.7" })]
}
