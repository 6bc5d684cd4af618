//! Billing beside the real Identity and the sandbox's Stripe, each with what it needs. In: nothing. Out: answers.

use std::net::SocketAddr;

use rerp_billing::asking::Asking;
use rerp_billing::mirror::Mirror;
use rerp_billing::state::AppState;
use rerp_billing::stripe::Stripe;
use rerp_kit::access::Caller;
use rerp_people::Identity;
use secrecy::SecretString;
use serde_json::{Value, json};

pub(crate) use super::support::answer::Answer;
use super::support::answer::request;
use super::support::service::{client, home_of, serve};
use super::support::{Home, open, visitor};

/// Known to Identity; the second one is verified.
pub(crate) const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
pub(crate) const BOB: &str = "0191f7a1-3f0c-7000-8000-000000000002";
/// Known to nobody.
pub(crate) const NOBODY: &str = "0191f7a1-3f0c-7000-8000-0000000000ff";
/// Accounts, which billing knows by their identifiers only.
pub(crate) const ACCOUNT: &str = "0191f7a1-3f0c-7000-8000-0000000000a1";
/// Prices: a plan with a trial, monthly; one without, yearly.
pub(crate) const MONTHLY: &str = "0191f7a1-3f0c-7000-8000-0000000000b1";
pub(crate) const YEARLY: &str = "0191f7a1-3f0c-7000-8000-0000000000b2";

pub(crate) const PUBLISHABLE: &str = "pk_test_1";
const SECRET: &str = "whsec_test";
const PEOPLE: &str = "INSERT INTO email_addresses (id, email) SELECT ('0191f7a1-3f0c-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid, n || '@example.com' FROM generate_series(1, 2) n;
     INSERT INTO human_names (id, email_address_id) SELECT ('0191f7a1-3f0c-7000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid,
        ('0191f7a1-3f0c-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid FROM generate_series(1, 2) n;
     INSERT INTO verification_tracking (id, human_name_id, email_verified, phone_verified)
        VALUES (gen_random_uuid(), '0191f7a1-3f0c-7000-8000-000000000001', true, false), (gen_random_uuid(), '0191f7a1-3f0c-7000-8000-000000000002', true, true)";

pub(crate) struct Platform {
    pub(crate) billing: Home,
    identity: Home,
    pub(crate) at: SocketAddr,
    pub(crate) sandbox: SocketAddr,
    pub(crate) state: AppState,
    http: reqwest::Client,
    _dirs: [tempfile::TempDir; 2],
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let ((billing, billing_dir), (identity, identity_dir)) =
            tokio::join!(home_of(rerp_billing::migrations()), home_of(rerp_identity::migrations()));
        identity.define(PEOPLE).await;
        let dirs = [billing_dir, identity_dir];
        let (identity_db, _) = open(dirs[1].path()).await;
        let identity_at = serve(rerp_identity::router(identity_db)).await;
        let sandbox = serve(rerp_sandbox::http::router(visitor())).await;
        let (db, metrics) = open(dirs[0].path()).await;
        let stripe = Stripe {
            http: visitor(),
            base: format!("http://{sandbox}/stripe").parse().unwrap(),
            key: SecretString::from("sk_test_1"),
        };
        let people = Identity::new(client("identity", identity_at, &metrics), &metrics);
        let webhook_secrets = [SecretString::from(SECRET)].into();
        let publishable_key = Some(PUBLISHABLE.into());
        let state = AppState { db, identity: people, stripe, webhook_secrets, publishable_key };
        let at = serve(rerp_billing::router(state.clone())).await;
        let platform = Self { billing, identity, at, sandbox, state, http: visitor(), _dirs: dirs };
        platform.offer().await;
        platform
    }

    /// Two plans, declared as whoever runs the platform does; then their prices get the identifiers that tests know.
    async fn offer(&self) {
        for (code, name, trial, amount, interval, id) in
            [("basic", "Basic", 14, 1900, "month", MONTHLY), ("pro", "Pro", 0, 19000, "year", YEARLY)]
        {
            let prices = json!([{ "amount": amount, "currency": "eur", "interval": interval }]);
            let plan = json!({ "name": name, "trial_days": trial, "prices": prices });
            assert_eq!(self.put(&format!("plans/{code}"), &plan).await.status, 204);
            self.billing
                .define(&format!("UPDATE svc.plan_prices SET id = '{id}' WHERE \"interval\" = '{interval}'"))
                .await;
        }
        let webhook = json!({ "url": format!("http://{}/api/billing/webhooks/stripe", self.at), "secrets": [SECRET] });
        assert_eq!(self.sandbox("PUT", "stripe/webhook", &webhook).await.status, 200);
    }

    pub(crate) async fn raw(&self, method: &str, url: String, headers: &[(&str, &str)], body: String) -> Answer {
        Answer::to(request(&self.http, method, url, headers, None).body(body)).await
    }

    /// What a person's browser, or an operator, asks Stripe for.
    pub(crate) async fn stripe(&self, method: &str, path: &str, form: &str) -> Answer {
        let url = format!("http://{}/stripe/v1/{path}", self.sandbox);
        self.raw(method, url, &[("authorization", "Bearer sk_test_1")], form.to_owned()).await
    }

    pub(crate) async fn sandbox(&self, method: &str, path: &str, body: &Value) -> Answer {
        let url = format!("http://{}/sandbox/{path}", self.sandbox);
        self.raw(method, url, &[("content-type", "application/json")], body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.raw("GET", format!("http://{}/api/billing/{path}", self.at), &[], String::new()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        let url = format!("http://{}/api/billing/{path}", self.at);
        self.raw("PUT", url, &[("content-type", "application/json")], body.to_string()).await
    }

    pub(crate) async fn post(&self, key: Option<&str>, path: &str, body: &Value) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        self.raw("POST", format!("http://{}/api/billing/{path}", self.at), &headers, body.to_string()).await
    }

    pub(crate) async fn subscribe(&self, key: Option<&str>, person: &str, price: &str) -> Answer {
        let body = json!({ "account_id": ACCOUNT, "human_name_id": person, "price_id": price });
        self.post(key, "subscriptions", &body).await
    }

    /// What a person's browser does to confirm the first payment.
    pub(crate) async fn pay(&self, made: &Answer, card: &str) {
        let secret = made.body["client_secret"].as_str().unwrap_or_else(|| panic!("{}", made.body));
        let intent = secret.split("_secret_").next().unwrap();
        let customer = self.stripe("GET", "customers", "").await.body["data"][0]["id"].as_str().unwrap().to_owned();
        let card =
            self.stripe("POST", &format!("payment_methods/{card}/attach"), &format!("customer={customer}")).await;
        let form = format!("payment_method={}", card.body["id"].as_str().unwrap());
        let paid = self.stripe("POST", &format!("payment_intents/{intent}/confirm"), &form).await;
        assert_eq!((paid.status, &paid.body["status"]), (200, &json!("succeeded")), "{}", paid.body);
    }

    pub(crate) async fn person_is_verified(&self, person: &str) {
        let update = format!("UPDATE verification_tracking SET phone_verified = true WHERE human_name_id = '{person}'");
        self.identity.define(&update).await;
    }

    pub(crate) fn mirror(&self) -> Mirror {
        Mirror { db: self.state.db.at_work(), stripe: self.state.stripe.clone() }
    }

    pub(crate) fn asking(&self) -> Asking {
        self.state.asking(&Caller::Unchecked)
    }

    /// Lets Stripe's clock go on by so many seconds.
    pub(crate) async fn later(&self, seconds: i64) {
        let now = self.stripe("GET", "events", "").await.body["data"][0]["created"].as_i64().unwrap();
        let answer = self.stripe("POST", "test_helpers/clock", &format!("frozen_time={}", now + seconds)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Has Stripe deliver what happened, in this manner, and works on it.
    pub(crate) async fn hear(&self, manner: &Value) {
        let delivered = self.sandbox("POST", "stripe/deliver", manner).await;
        assert_eq!((delivered.status, &delivered.body["refused"]), (200, &json!(0)), "{}", delivered.body);
        self.mirror().catch_up().await.unwrap();
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.billing.number(&format!("SELECT count(*) FROM svc.{table}")).await
    }
}
