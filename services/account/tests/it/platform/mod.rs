//! Account beside the real Identity, each with a real database, and what tests say to them. In: nothing. Out: answers.

use std::net::SocketAddr;
use std::path::Path;

use rerp_account::access::RULES;
use rerp_account::state::AppState;
use rerp_entitlements::Billing;
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::Db;
use rerp_people::Identity;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::doors::Doors;
use super::support::answer::{Answer, request};
use super::support::service::{client, home_of, serve, serve_until};
use super::support::{Home, open, visitor};

/// Known to Identity; the second one is verified.
pub(crate) const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
pub(crate) const BOB: &str = "0191f7a1-3f0c-7000-8000-000000000002";
pub(crate) const CAT: &str = "0191f7a1-3f0c-7000-8000-000000000003";
/// Known to nobody.
pub(crate) const NOBODY: &str = "0191f7a1-3f0c-7000-8000-0000000000ff";

pub(crate) const PEOPLE: &str = "INSERT INTO email_addresses (id, email) SELECT ('0191f7a1-3f0c-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid, n || '@example.com' FROM generate_series(1, 3) n;
     INSERT INTO human_names (id, email_address_id) SELECT ('0191f7a1-3f0c-7000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid,
        ('0191f7a1-3f0c-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid FROM generate_series(1, 3) n;
     INSERT INTO verification_tracking (id, human_name_id, email_verified, phone_verified)
        VALUES (gen_random_uuid(), '0191f7a1-3f0c-7000-8000-000000000001', true, false), (gen_random_uuid(), '0191f7a1-3f0c-7000-8000-000000000002', true, true)";

pub(crate) struct Platform {
    pub(crate) account: Home,
    pub(crate) identity: Home,
    pub(crate) identity_stop: CancellationToken,
    pub(crate) identity_at: SocketAddr,
    pub(crate) at: SocketAddr,
    http: reqwest::Client,
    _dirs: [tempfile::TempDir; 2],
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let ((account, account_dir), (identity, identity_dir)) =
            tokio::join!(home_of(rerp_account::migrations()), home_of(rerp_identity::migrations()));
        identity.define(PEOPLE).await;
        let dirs = [account_dir, identity_dir];
        let identity_stop = CancellationToken::new();
        let (identity_db, _) = open(dirs[1].path()).await;
        let identity_at = serve_until(rerp_identity::router(identity_db), identity_stop.clone()).await;
        let at = serve(rerp_account::router(state(dirs[0].path(), identity_at).await)).await;
        Self { account, identity, identity_stop, identity_at, at, http: visitor(), _dirs: dirs }
    }

    /// Account's routes with another Identity.
    pub(crate) async fn beside(&self, identity: SocketAddr) -> SocketAddr {
        serve(rerp_account::router(state(self._dirs[0].path(), identity).await)).await
    }

    /// The same beside a Billing, which says how many seats there are.
    pub(crate) async fn with_plans(&mut self, billing: SocketAddr) {
        let billing = Some(Billing::new(client("billing", billing, &Metrics::new().unwrap())));
        let state = AppState { billing, ..state(self._dirs[0].path(), self.identity_at).await };
        self.at = serve(rerp_account::router(state)).await;
    }

    /// Account's database, as the service opens it.
    pub(crate) async fn database(&self) -> Db {
        open(self._dirs[0].path()).await.0
    }

    /// Account behind its guard, on the same database.
    pub(crate) async fn doors(&self) -> Doors {
        let router = rerp_account::router(state(self._dirs[0].path(), self.identity_at).await);
        Doors::open("account", RULES, router).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("http://{}/api/accounts{path}", self.at);
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

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    /// A new account of a person; its identifier.
    pub(crate) async fn open(&self, person: &str, kind: &str) -> String {
        let answer = self.post("", &json!({ "human_name_id": person, "kind": kind })).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.text("account_id")
    }

    pub(crate) async fn company(&self, name: &str) -> String {
        self.post("/companies/upsert", &json!({ "name": name })).await.text("company_id")
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.account.number(&format!("SELECT count(*) FROM svc.{table}")).await
    }
}

pub(crate) async fn state(dir: &Path, identity: SocketAddr) -> AppState {
    let (db, metrics) = open(dir).await;
    AppState { db, identity: Identity::new(client("identity", identity, &metrics), &metrics), billing: None }
}
