//! A portal with sessions, a Supabase, and somebody who asks. In: what is asked. Out: what is answered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Json;
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use reqwest::Client;
use rerp_kit::config::Env;
use rerp_portal::bundle::Bundle;
use rerp_portal::form::Keys;
use rerp_portal::router::{Portal, router};
use rerp_portal::session::Sessions;
use rerp_portal::session::seal::Seal;
use rerp_portal::session::settings::SessionSettings;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

pub(crate) const ANN: &str = "ann@example.com";
pub(crate) const SECRET: &str = "correct horse battery";
pub(crate) const STAFF: &str = "staff";
/// A file of the portal's for whoever is signed in.
pub(crate) const VIEW: &str = "/assets/view-4f2a.js";
pub(crate) const KEY: &str = "a key that all pods have and nobody else";

pub(crate) struct Place {
    portal: Router,
    supabase: String,
    http: Client,
}

impl Place {
    /// The stand-in for Supabase as the platform has it: nobody signs up by themselves, and Identity says what tokens say. And a portal that asks it.
    pub(crate) async fn open() -> Self {
        let http = rerp_kit::client::outside().unwrap().build().unwrap();
        let at = serve(rerp_sandbox::http::router(http.clone())).await;
        let place = Self { portal: portal(&format!("{at}/supabase"), "sb_publishable_tests"), supabase: at, http };
        place.set(json!({ "disable_signup": true })).await;
        place.identity("customize_access_token", "person").await;
        place
    }

    /// The same with a portal for staff, whom Identity knows.
    pub(crate) async fn of_staff() -> Self {
        let mut place = Self::open().await;
        place.identity("customize_access_token", "staff").await;
        place.portal = staffs_portal(&format!("{}/supabase", place.supabase));
        place
    }

    /// Another pod of that portal, with the same Supabase.
    pub(crate) fn another_pod(&self) -> Self {
        let portal = staffs_portal(&format!("{}/supabase", self.supabase));
        Self { portal, supabase: self.supabase.clone(), http: self.http.clone() }
    }

    /// A portal that asks this instead of Supabase.
    pub(crate) async fn before(supabase: Router, api_key: &str) -> Self {
        let http = rerp_kit::client::outside().unwrap().build().unwrap();
        let at = serve(supabase).await;
        Self { portal: portal(&at, api_key), supabase: String::new(), http }
    }

    /// Changes the stand-in's settings.
    pub(crate) async fn set(&self, changes: Value) {
        let request = self.http.patch(format!("{}/sandbox/supabase/settings", self.supabase));
        let answer = request.json(&changes).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
    }

    /// How Identity answers a hook from now on, a path below [`identity`]; "nowhere": it can't be reached.
    pub(crate) async fn identity(&self, hook: &str, mood: &str) {
        let url = if mood == "nowhere" {
            format!("http://{}/", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap())
        } else {
            format!("{}/{mood}", serve(identity()).await)
        };
        self.set(json!({ "hooks": { hook: { "url": url, "secrets": ["v1,whsec_c2VjcmV0"] } } })).await;
    }

    /// Nobody listens where Supabase should be.
    pub(crate) async fn without_supabase() -> Self {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let http = rerp_kit::client::outside().unwrap().build().unwrap();
        Self { portal: portal(&format!("http://{gone}"), "sb_publishable_tests"), supabase: String::new(), http }
    }

    /// Nor there for staff's portal.
    pub(crate) async fn staff_without_supabase() -> Self {
        let place = Self::without_supabase().await;
        let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        Self { portal: staffs_portal(&format!("http://{nowhere}")), ..place }
    }

    /// Somebody with an account.
    pub(crate) async fn account(&self, email: &str, password: &str) {
        self.made(json!({ "email": email, "password": password, "email_confirm": true })).await;
    }

    /// Somebody whose account is made, and whose address isn't proved.
    pub(crate) async fn unproved(&self, email: &str, password: &str) {
        self.made(json!({ "email": email, "password": password })).await;
    }

    async fn made(&self, body: Value) {
        let request = self.http.post(format!("{}/supabase/auth/v1/admin/users", self.supabase));
        let answer = request.header("apikey", "sb_secret_tests").json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// Somebody with an account who has signed in: their cookie.
    pub(crate) async fn signed_in(&self, email: &str) -> String {
        self.account(email, SECRET).await;
        let answer = self.ask("POST", "/session", &[], json!({ "email": email, "password": SECRET })).await;
        assert_eq!(answer.status().as_u16(), 200);
        cookie_of(&answer)
    }

    /// Spoils Supabase's next call, before or after it has done what it was asked for.
    pub(crate) async fn spoil(&self, moment: &str, status: u16) {
        let wish = json!({ "vendor": "supabase", "moment": moment, "status": status, "times": 1 });
        let answer = self.http.post(format!("{}/sandbox/faults", self.supabase)).json(&wish).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
    }

    /// The code in the last mail to an address.
    pub(crate) async fn code(&self, email: &str) -> String {
        let address = format!("{}/sandbox/messages?to={email}", self.supabase);
        let text = self.http.get(address).send().await.unwrap().text().await.unwrap();
        let (_, code) = text.rsplit_once("enter the code ").unwrap();
        code.chars().take_while(char::is_ascii_digit).collect()
    }

    /// As a page of the portal's own asks.
    pub(crate) async fn ask(&self, method: &str, path: &str, more: &[(&str, &str)], body: Value) -> Response<Body> {
        let own = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        self.ask_as(method, path, &[&own, more].concat(), &body.to_string()).await
    }

    pub(crate) async fn ask_as(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Body> {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.portal.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
    }
}

/// Serves on a socket of its own. Out: where.
pub(crate) async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    at
}

/// What Identity's hooks answer, each way at a path: a person's token; that nobody gets one; the budget of mails; its database; nothing in time.
fn identity() -> Router {
    let no = |status: u16| {
        post(async move || Json(json!({ "error": { "http_code": status, "message": "this sign-in is not allowed" } })))
    };
    let person = async |Json(asked): Json<Value>| {
        let mut claims = asked["claims"].clone();
        claims["human_name_id"] = asked["user_id"].clone();
        claims["rerp_kind"] = json!("person");
        Json(json!({ "claims": claims }))
    };
    let staff = async |Json(asked): Json<Value>| {
        let mut claims = asked["claims"].clone();
        claims["aud"] = json!(STAFF);
        Json(json!({ "claims": claims }))
    };
    let slow = async || {
        tokio::time::sleep(Duration::from_secs(30)).await;
        StatusCode::OK
    };
    Router::new()
        .route("/person", post(person))
        .route("/staff", post(staff))
        .route("/nobody", no(403))
        .route("/spent", no(429))
        .route("/not-sent", no(502))
        .route("/away", no(503))
        .route("/broken", post(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/slow", post(slow))
}

/// What the portal seals with.
pub(crate) fn seal() -> Seal {
    Seal::of(KEY).unwrap()
}

fn portal(supabase: &str, api_key: &str) -> Router {
    built(supabase, api_key, None)
}

fn staffs_portal(supabase: &str) -> Router {
    built(supabase, "sb_publishable_tests", Some(STAFF.to_owned()))
}

fn built(supabase: &str, api_key: &str, staff: Option<String>) -> Router {
    let mut env = Env::of([("RERP_AUTH_PROJECT", supabase), ("RERP_AUTH_KEY", api_key), ("RERP_SESSION_KEY", KEY)]);
    let says = json!({ "app": true, "sessions": true, "factor": staff.is_some(), "guarded": [VIEW] }).to_string();
    let sessions = Sessions::new(SessionSettings::read(&mut env).unwrap(), staff).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for folder in ["answers", "assets"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for (name, text) in [
        ("portal.json", says.as_str()),
        ("index.html", "<p>app</p>"),
        ("assets/index-4f2a.js", "import('./view-4f2a.js')"),
        (&VIEW[1..], "what only those see who are in"),
        ("answers/not-found.html", "<p>nothing here</p>"),
        ("answers/refused.html", "<p>no</p>"),
        ("answers/busy.html", "<p>later</p>"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let bundle = Bundle::open(dir.path()).unwrap();
    let sessions = Some(Arc::new(sessions));
    router(Portal { bundle, gateway: None, keys: Keys::new(None), sessions, cluster: None, payments: None }).unwrap()
}

/// Name and value, as a browser sends them back.
pub(crate) fn cookie_of(answer: &Response<Body>) -> String {
    said(answer, "set-cookie").split(';').next().unwrap().to_owned()
}

pub(crate) fn said<'a>(answer: &'a Response<Body>, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The body; null where there is none.
pub(crate) async fn read(answer: Response<Body>) -> Value {
    serde_json::from_slice(&to_bytes(answer.into_body(), 65_536).await.unwrap()).unwrap_or_default()
}

/// The kind of a problem.
pub(crate) fn kind(problem: &Value) -> &str {
    problem["type"].as_str().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default()
}
