//! A portal that shows a cluster, an apiserver that is played, and staff who ask. In: what is asked. Out: what is answered, and what the apiserver heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use kube::Config;
use rerp_kit::bearer::{Auth, Keys, KeysSettings, Rules};
use rerp_kit::metrics::Metrics;
use rerp_portal::bundle::Bundle;
use rerp_portal::cluster::Cluster;
use rerp_portal::cluster::apiserver::Apiserver;
use rerp_portal::form;
use rerp_portal::router::{Portal, router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::issuer::{Issuer, claims};

/// Who asks, unless a test says otherwise.
pub(crate) const ANN: Uuid = Uuid::from_u128(7);
pub(crate) const MIGRATIONS: &str = "/apis/rerp.dev/v1alpha1/namespaces/rerp/databasesplitmigrations";

/// What the apiserver has heard.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// What it knows: one migration. And what it answers instead of what it would, where a test wants that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Played {
    heard: Arc<Mutex<Vec<Heard>>>,
    pub(crate) migration: Arc<Mutex<Value>>,
    pub(crate) instead: Arc<Mutex<Option<(u16, &'static str)>>>,
    /// After how many looks to come somebody writes a status.
    pub(crate) restless: Arc<Mutex<u32>>,
}

impl Played {
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

pub(crate) struct Place {
    portal: Router,
    pub(crate) issuer: Issuer,
    pub(crate) api: Played,
}

impl Place {
    pub(crate) async fn open() -> Self {
        let api = Played::default();
        *api.migration.lock().unwrap() = json!({
            "metadata": { "name": "identity", "resourceVersion": "10", "generation": 3, "managedFields": [{ "manager": "operator" }] },
            "spec": { "serviceRef": { "name": "identity" } },
            "status": { "phase": "CutOver", "epoch": 1 },
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let routes = Router::new().fallback(answer).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self::at(&at, api).await
    }

    /// Nobody listens where the apiserver should be.
    pub(crate) async fn without_apiserver() -> Self {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
        Self::at(&gone, Played::default()).await
    }

    async fn at(at: &str, api: Played) -> Self {
        let issuer = Issuer::start().await;
        let mut config = Config::new(format!("http://{at}").parse().unwrap());
        config.auth_info.token = Some("the-pods-own".to_owned().into());
        let second = Duration::from_secs(1);
        let (refresh, hard) = (60 * second, 60 * second);
        let keys =
            KeysSettings { url: issuer.url(), refresh, hold_off: Duration::from_millis(100), overlap: second, hard };
        let keys = Keys::open(keys, rerp_kit::client::builder(None).unwrap().build().unwrap());
        let rules = Rules {
            issuer: "issuer".to_owned(),
            person_audience: "people".to_owned(),
            staff_audience: "staff".to_owned(),
        };
        let auth = Auth::new(keys, rules, &Metrics::new().unwrap());
        let cluster = Cluster::new(auth, Apiserver::at(config, "rerp".to_owned()).unwrap());
        Self { portal: portal(Some(cluster)), issuer, api }
    }

    /// A token of Ann's, who has this role.
    pub(crate) fn token(&self, role: &str) -> String {
        let mut said = claims("staff", ANN);
        said["rerp_role"] = json!(role);
        self.issuer.sign(&said)
    }

    /// As a page of the portal's own asks.
    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Response {
        let own = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        let bearer = format!("Bearer {token}");
        self.ask_as(method, path, &[&own[..], &[("authorization", &bearer)]].concat(), &body.to_string()).await
    }

    pub(crate) async fn ask_as(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        ask(&self.portal, method, path, headers, body).await
    }
}

pub(crate) async fn ask(portal: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    portal.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
}

/// A portal whose bundle shows a cluster, if there is one.
pub(crate) fn portal(cluster: Option<Cluster>) -> Router {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("answers")).unwrap();
    for (name, text) in [
        ("portal.json", r#"{"app": true, "cluster": true}"#),
        ("index.html", "<p>app</p>"),
        ("answers/not-found.html", "<p>nothing here</p>"),
        ("answers/refused.html", "<p>no</p>"),
        ("answers/busy.html", "<p>later</p>"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let bundle = Bundle::open(dir.path()).unwrap();
    assert!(bundle.shows_cluster());
    router(Portal { bundle, gateway: None, keys: form::Keys::new(None), sessions: None, cluster, payments: None })
        .unwrap()
}

/// The apiserver: owners may do everything, the others look.
async fn answer(State(api): State<Played>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_owner = headers.get("impersonate-group").is_some_and(|group| group == "rerp:role:owner");
    let heard = Heard { method: method.clone(), uri: uri.clone(), headers, body: body.clone() };
    api.heard.lock().unwrap().push(heard);
    if let Some((status, message)) = *api.instead.lock().unwrap() {
        return no(status, message);
    }
    if uri.path().ends_with("/selfsubjectaccessreviews") {
        let allowed = is_owner || body["spec"]["resourceAttributes"]["verb"] == "list";
        return (StatusCode::CREATED, Json(json!({ "status": { "allowed": allowed } }))).into_response();
    }
    let mut migration = api.migration.lock().unwrap();
    if method == Method::PATCH {
        if !is_owner {
            return no(
                403,
                r#"databasesplitmigrations.rerp.dev "identity" is forbidden: User "rerp:staff" cannot patch"#,
            );
        }
        if body["metadata"]["resourceVersion"] != migration["metadata"]["resourceVersion"] {
            return no(409, "the object has been modified");
        }
        for (way, at) in body["spec"].as_object().unwrap() {
            migration["spec"][way] = at.clone();
        }
        migration["metadata"]["resourceVersion"] = json!("11");
        migration["metadata"]["generation"] = json!(4);
    }
    let seen = migration.clone();
    let mut restless = api.restless.lock().unwrap();
    if method == Method::GET && *restless > 0 {
        // The operator writes the status right after the look.
        *restless -= 1;
        migration["metadata"]["resourceVersion"] = json!(format!("10{restless}"));
    }
    match uri.path().rsplit('/').next().unwrap() {
        "identity" => Json(seen).into_response(),
        "rerpservices" | "servicedatabases" | "databasesplitmigrations" => {
            Json(json!({ "metadata": {}, "items": [*migration] })).into_response()
        }
        _ => no(404, "not found"),
    }
}

fn no(status: u16, message: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(json!({ "kind": "Status", "message": message }))).into_response()
}

pub(crate) async fn read(answer: Response) -> Value {
    serde_json::from_slice(&to_bytes(answer.into_body(), 65_536).await.unwrap()).unwrap_or_default()
}

/// Status and kind of a problem.
pub(crate) async fn problem(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let kind =
        read(answer).await["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    (status, kind)
}
