//! Proving contacts: the real router, a real database, and the stand-ins of the sandbox or a vendor that can be looked at.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::stand_in::{StandIn, base, code_in};
use crate::support::service::{answer, serve, split_of};
use crate::support::{Split, open, until, visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::domain::otp::OtpKey;
use rerp_identity::verification::Verification;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

pub(crate) const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
pub(crate) const PHONE: &str = "+491701234567";
const ACCOUNT: &str = "AC00000000000000000000000000000001";

/// What the vendors were asked for: who for, which key, which code. Fails the first `failing` times.
#[derive(Default)]
pub(crate) struct Vendor {
    messages: Mutex<Vec<(String, Option<String>, String)>>,
    failing: Mutex<u32>,
}

async fn mail(State(vendor): State<Arc<Vendor>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(headers["authorization"], "Bearer re_key");
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    vendor.take(body["to"][0].as_str().unwrap(), Some(key), body["text"].as_str().unwrap())
}

async fn text(State(vendor): State<Arc<Vendor>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "));
    let form: HashMap<_, _> = form_urlencoded::parse(&body).into_owned().collect();
    vendor.take(&form["To"], None, &form["Body"])
}

impl Vendor {
    fn take(&self, to: &str, key: Option<String>, words: &str) -> StatusCode {
        self.messages.lock().unwrap().push((to.to_owned(), key, code_in(words)));
        let mut failing = self.failing.lock().unwrap();
        if *failing > 0 {
            *failing -= 1;
            return StatusCode::BAD_GATEWAY;
        }
        StatusCode::OK
    }

    pub(crate) fn count(&self) -> usize {
        self.messages.lock().unwrap().len()
    }

    /// The code of the last message to `to`, once there are `count` messages in all.
    pub(crate) async fn code(&self, to: &str, count: usize) -> String {
        until("the message to leave", async || self.count() >= count).await;
        let messages = self.messages.lock().unwrap();
        messages.iter().rev().find(|message| message.0 == to).unwrap().2.clone()
    }
}

pub(crate) struct World {
    pub(crate) split: Split,
    at: SocketAddr,
    http: reqwest::Client,
    pub(crate) vendor: Arc<Vendor>,
    verification: Verification,
}

/// Both vendors at these addresses, with what the stand-ins and ours take for credentials.
fn vendors(mail: Url, text: Url) -> Post {
    let http = visitor();
    let mail = Resend { http: http.clone(), base: mail, key: "re_key".into(), from: "a@example.com".into() };
    let account = ACCOUNT.to_owned();
    Post { mail, text: Twilio { http, base: text, account, token: "token".into(), from: "+16502530000".into() } }
}

impl World {
    /// Beside a vendor that keeps what it is given and can be looked at.
    pub(crate) async fn new(most_a_day: i32) -> Self {
        let vendor = Arc::new(Vendor::default());
        let routes = axum::Router::new()
            .route("/emails", post(mail))
            .route(&format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"), post(text))
            .with_state(Arc::clone(&vendor));
        let at = serve(routes).await;
        Self::sending(vendors(base(at, ""), base(at, "")), most_a_day, vendor).await
    }

    async fn sending(post: Post, most_a_day: i32, vendor: Arc<Vendor>) -> Self {
        let split = split_of(&["email_addresses"], rerp_identity::migrations).await;
        let (db, _) = open(split.dir()).await;
        let key = OtpKey::new("0123456789abcdef0123456789abcdef").unwrap();
        let verification = Verification::new(db.clone(), key, post, most_a_day);
        let router = rerp_identity::router(db).merge(rerp_identity::verifying(verification.clone()));
        split
            .source
            .define(&format!(
                "INSERT INTO email_addresses (id, email) VALUES ('{ANN}', 'ann@example.com');
                 INSERT INTO human_names (id, email_address_id) VALUES ('{ANN}', '{ANN}');
                 INSERT INTO mobile_numbers (id, human_name_id, phone_number) VALUES ('{ANN}', '{ANN}', '{PHONE}')"
            ))
            .await;
        Self { at: serve(router).await, split, http: visitor(), vendor, verification }
    }

    /// Status, headers and body, without what differs between any two answers: date, request, times.
    pub(crate) async fn whole(&self, kind: &str, body: Value) -> (u16, Vec<(String, Vec<u8>)>, Value) {
        let request = self.http.post(format!("http://{}/api/identity/verify/{kind}", self.at)).json(&body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let own = ["date", "x-request-id", "server-timing"];
        let headers = response.headers().iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let mut headers: Vec<_> =
            headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
        headers.sort();
        let mut body: Value = response.json().await.unwrap();
        body.as_object_mut().unwrap().remove("request_id");
        (status, headers, body)
    }

    pub(crate) async fn ask(&self, kind: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("http://{}/api/identity/verify/{kind}", self.at));
        let (status, _, mut body) =
            answer(request.header("content-type", "application/json").body(body.to_string())).await;
        body.as_object_mut().unwrap().remove("request_id");
        (status, body)
    }

    pub(crate) async fn email(&self, address: &str, code: Option<&str>) -> (u16, Value) {
        self.ask("email", code.map_or(json!({"email": address}), |code| json!({"email": address, "code": code}))).await
    }

    /// Status, ETag and body.
    pub(crate) async fn contacts(&self, person: &str) -> (u16, String, Value) {
        let path = format!("http://{}/api/identity/user/{person}/contacts", self.at);
        let response = self.http.get(path).send().await.unwrap();
        let tag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        (response.status().as_u16(), tag, response.json().await.unwrap())
    }

    async fn status(&self) -> Value {
        let path = format!("http://{}/api/identity/verification-status/{ANN}", self.at);
        answer(self.http.get(path)).await.2
    }

    /// Waits until what was asked for has left or never will: a place is taken before the answer and kept until the last repetition.
    pub(crate) async fn nothing_is_on_its_way(&self) {
        until("nothing is on its way", async || self.verification.on_the_way() == 0).await;
    }

    /// As if a minute had passed since every code.
    pub(crate) async fn a_minute_passes(&self) {
        self.split.source.define("UPDATE otp_challenges SET sent_at = sent_at - interval '61 s'").await;
    }
}

pub(crate) fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_proofs_make_a_verified_person() {
    let stand_in = StandIn::start().await;
    let post = vendors(base(stand_in.at, "/resend"), base(stand_in.at, "/twilio"));
    let world = World::sending(post, 100, Arc::default()).await;
    // A lost answer makes no second mail, and no second text either.
    stand_in.lose_an_answer("resend").await;
    stand_in.lose_an_answer("twilio").await;
    assert_eq!(world.email("Ann@Example.com", None).await.0, 202);
    let code = stand_in.code("ann@example.com").await;
    assert_eq!(world.email("ann@example.com", Some(other_than(&code))).await.0, 422);
    let (status, body) = world.email("ann@example.com", Some(&code)).await;
    assert_eq!((status, &body["verified"], &body["both_verified"]), (200, &json!(true), &json!(false)));
    assert_eq!(world.email("ann@example.com", Some(&code)).await.0, 422, "a code is good once");

    let number = "+49 170 1234567";
    assert_eq!(world.ask("phone", json!({"human_name_id": ANN, "phone_number": number})).await.0, 202);
    let code = stand_in.code(PHONE).await;
    let (status, body) = world.ask("phone", json!({"human_name_id": ANN, "phone_number": number, "code": code})).await;
    assert_eq!((status, &body["both_verified"]), (200, &json!(true)));
    let proved = world.status().await;
    assert_eq!(
        (&proved["email_verified"], &proved["phone_verified"], &proved["both_verified"]),
        (&json!(true), &json!(true), &json!(true))
    );
    // Mail was repeated, under its key; the text was not.
    until("the mail to be repeated", async || stand_in.calls("resend").await == 2).await;
    let came = async |to| stand_in.messages(to).await.len();
    assert_eq!((came("ann@example.com").await, came(PHONE).await, stand_in.calls("twilio").await), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_have_a_gap_a_lifetime_and_budgets() {
    let world = World::new(11).await;
    assert_eq!(world.email("ann@example.com", None).await.0, 202);
    let first = world.vendor.code("ann@example.com", 1).await;
    let (status, body) = world.email("ann@example.com", None).await;
    assert_eq!((status, &body["title"]), (429, &json!("This was asked for too often")));
    world.a_minute_passes().await;
    assert_eq!(world.email("ann@example.com", None).await.0, 202);
    let second = world.vendor.code("ann@example.com", 2).await;
    if first != second {
        assert_eq!(world.email("ann@example.com", Some(&first)).await.0, 422, "a new code ends the old one");
    }
    for _ in 0..10 {
        world.a_minute_passes().await;
    }
    assert_eq!(world.email("ann@example.com", Some(&second)).await.0, 422, "too old");
    for _ in 2..10 {
        assert_eq!(world.email("ann@example.com", None).await.0, 202);
        world.a_minute_passes().await;
    }
    assert_eq!(world.email("ann@example.com", None).await.0, 429, "ten are enough for a day");
    world.vendor.code("ann@example.com", 10).await;

    for guest in ["guest1@example.com", "guest2@example.com"] {
        let sql = format!("INSERT INTO email_addresses (id, email) VALUES (gen_random_uuid(), '{guest}')");
        world.split.source.define(&sql).await;
        assert_eq!(world.email(guest, None).await.0, 202);
        world.nothing_is_on_its_way().await;
        assert_eq!(world.vendor.count(), 11, "today's budget is spent, and nobody is told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_is_repeated_under_its_key_and_texts_are_not() {
    let world = World::new(100).await;
    *world.vendor.failing.lock().unwrap() = 1;
    world.email("ann@example.com", None).await;
    world.nothing_is_on_its_way().await;
    let keys: Vec<_> = world.vendor.messages.lock().unwrap().iter().map(|message| message.1.clone()).collect();
    assert!(keys.len() == 2 && keys[0].is_some() && keys[0] == keys[1], "{keys:?}");

    *world.vendor.failing.lock().unwrap() = 1;
    world.ask("phone", json!({"human_name_id": ANN, "phone_number": PHONE})).await;
    world.nothing_is_on_its_way().await;
    assert_eq!(world.vendor.count(), 3, "a text may have left although the vendor failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_names_the_field() {
    let world = World::new(100).await;
    for (kind, body, pointer) in [
        ("email", json!({"email": "ann"}), "/email"),
        ("email", json!({"email": "ann@example.com", "code": "12"}), "/code"),
        ("phone", json!({"human_name_id": ANN, "phone_number": "0170"}), "/phone_number"),
        ("phone", json!({"human_name_id": ANN, "phone_number": PHONE, "code": "x"}), "/code"),
    ] {
        let (status, problem) = world.ask(kind, body.clone()).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{kind} {body}");
    }
}
