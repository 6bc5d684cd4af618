//! Marketing beside the real Identity and the real registry of companies, each with a real database, and what visitors send. In: nothing.
//! Out: answers.

use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use rerp_kit::problem::catalogue::Kind;
use rerp_marketing::captcha::Captcha;
use rerp_marketing::client::account::Account;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::state::AppState;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::support::answer::{Answer, is_problem, request};
use super::support::service::{answer, client, home_of, serve, serve_on, serve_until, split_of};
use super::support::{Home, Split, open, until, visitor};

/// The tables that a split moves.
pub(crate) const MARKETING: [&str; 10] = [
    "email_captures",
    "contact_messages",
    "idempotency_keys",
    "pending_companies",
    "intake",
    "consents",
    "consent_texts",
    "suppressions",
    "captcha_spent",
    "confirmations",
];

pub(crate) struct Platform {
    pub(crate) marketing: Split,
    pub(crate) identity: Split,
    pub(crate) identity_at: SocketAddr,
    pub(crate) identity_stop: CancellationToken,
    pub(crate) account: Registry,
    pub(crate) at: SocketAddr,
    pub(crate) http: reqwest::Client,
}

impl Platform {
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

    /// The same with visitors told from programs.
    pub(crate) async fn start_with(captcha: Captcha) -> Self {
        let mut platform = Self::start().await;
        let state = state(platform.marketing.dir(), platform.identity_at, platform.account.at).await;
        platform.at = serve(rerp_marketing::router(AppState { captcha, ..state })).await;
        platform
    }

    /// Asks as staff may; `path` is below `/api/marketing/`.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("http://{}/api/marketing/{path}", self.at);
        Answer::to(request(&self.http, method, url, &[], body)).await
    }

    /// Marketing's routes, on the same databases.
    pub(crate) async fn router(&self) -> Router {
        rerp_marketing::router(state(self.marketing.dir(), self.identity_at, self.account.at).await)
    }

    pub(crate) async fn post(&self, route: &str, key: Option<&str>, body: &Value) -> (u16, bool, Value) {
        let mut request = self
            .http
            .post(format!("http://{}/api/marketing/{route}", self.at))
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        answer(request.body(body.to_string())).await
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.marketing.source.number(&format!("SELECT count(*) FROM svc.{table}")).await
    }
}

/// The registry of companies, which can go away and come back.
pub(crate) struct Registry {
    home: Home,
    dir: tempfile::TempDir,
    pub(crate) stop: CancellationToken,
    pub(crate) at: SocketAddr,
}

impl Registry {
    async fn start() -> Self {
        let (home, dir) = home_of(rerp_account::migrations()).await;
        let stop = CancellationToken::new();
        let at = serve_until(rerp_account::router(registry_state(dir.path()).await), stop.clone()).await;
        Self { home, dir, stop, at }
    }

    /// The same address again, once it is free.
    pub(crate) async fn come_back(&self) {
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

    pub(crate) async fn companies(&self) -> i64 {
        self.home.number("SELECT count(*) FROM svc.companies").await
    }
}

/// Of Account, which needs no Identity for companies.
async fn registry_state(dir: &Path) -> rerp_account::state::AppState {
    let (db, metrics) = open(dir).await;
    let nobody = client("identity", SocketAddr::from(([127, 0, 0, 1], 1)), &metrics);
    rerp_account::state::AppState { db, identity: rerp_people::Identity::new(nobody, &metrics), billing: None }
}

pub(crate) async fn state(dir: &Path, identity: SocketAddr, account: SocketAddr) -> AppState {
    let (db, metrics) = open(dir).await;
    let identity = Identity::new(client("identity", identity, &metrics), &metrics);
    let account = Account::new(client("account", account, &metrics), &metrics);
    AppState { db, identity, account, captcha: Captcha::Off, intake: None, confirmations: None }
}

pub(crate) fn capture(email: &str) -> Value {
    json!({ "email": email, "source": "hero", "name": "Ann", "plan_code": "pro", "recaptcha_token": "secret-of-two-minutes" })
}

pub(crate) fn contact(email: &str) -> Value {
    json!({ "email": email, "name": "Ann", "message": "Hello,\nworld" })
}

pub(crate) fn is_kind(answer: &(u16, bool, Value), kind: Kind) -> bool {
    is_problem(answer.0, &answer.2, kind)
}

/// The same with the name of a company.
pub(crate) fn of_company(mut form: Value, company: &str) -> Value {
    form["company"] = json!(company);
    form
}
