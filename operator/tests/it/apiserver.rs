//! A scripted API server in memory: stores what is applied, counts every call, fails on demand.
//! It knows no schema and no admission; what a real one decides is tested on a real one.

use axum::http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

/// One call as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Without host and query.
    pub(crate) path: String,
}

impl Call {
    /// True for calls that change something.
    pub(crate) fn mutates(&self) -> bool {
        self.method != Method::GET
    }
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    calls: Vec<Call>,
    version: u64,
    /// Answer 500 to the call with this number, counted from now.
    fail_at: Option<usize>,
}

/// The server. Clones share the state.
#[derive(Clone, Default)]
pub(crate) struct ApiServer {
    state: Arc<Mutex<State>>,
}

impl ApiServer {
    /// A client that talks to this server.
    pub(crate) fn client(&self) -> Client {
        let state = self.state.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let state = state.clone();
            async move { Ok::<_, Infallible>(answer(&state, request).await) }
        });
        Client::new(service, "rerp")
    }

    /// Puts an object there as somebody else would.
    pub(crate) fn put(&self, path: &str, object: Value) {
        let mut state = self.state.lock().unwrap();
        let stored = state.stamp(path, object);
        state.objects.insert(path.to_owned(), stored);
    }

    /// Changes an object behind the operator's back.
    pub(crate) fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        let mut object = state.objects.get(path).unwrap_or_else(|| panic!("no {path}")).clone();
        change(&mut object);
        let stored = state.stamp(path, object);
        state.objects.insert(path.to_owned(), stored);
    }

    /// Takes an object away, as the garbage collector does.
    pub(crate) fn remove(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().objects.remove(path)
    }

    /// The object at a path.
    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().objects.get(path).cloned()
    }

    /// Paths of everything stored, events left out.
    pub(crate) fn paths(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.objects.keys().filter(|path| !path.contains("/events/")).cloned().collect()
    }

    /// Events in the order of their names, as (reason, note).
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let state = self.state.lock().unwrap();
        let events = state.objects.iter().filter(|(path, _)| path.contains("/events/"));
        events.map(|(_, e)| (text(&e["reason"]), text(&e["note"]))).collect()
    }

    /// Calls since the last time this was asked.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }

    /// Mutating calls since the last time calls were asked for.
    pub(crate) fn writes(&self) -> Vec<Call> {
        self.calls().into_iter().filter(Call::mutates).collect()
    }

    /// The call with number `n` from now (0 is the next one) gets an answer of 500.
    pub(crate) fn fail_at(&self, n: usize) {
        self.state.lock().unwrap().fail_at = Some(n);
    }

    /// Whether the failure asked for has happened; forgets it if not.
    pub(crate) fn failed(&self) -> bool {
        self.state.lock().unwrap().fail_at.take().is_none()
    }
}

impl State {
    /// What a real server adds. The generation counts changes outside metadata and status.
    fn stamp(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        let before = self.objects.get(path).cloned().unwrap_or(Value::Null);
        let core = |object: &Value| {
            let mut object = object.clone();
            if let Some(fields) = object.as_object_mut() {
                fields.remove("metadata");
                fields.remove("status");
            }
            object
        };
        let generation =
            before["metadata"]["generation"].as_i64().unwrap_or(0) + i64::from(core(&before) != core(&object));
        let metadata = &mut object["metadata"];
        let uid = before["metadata"]["uid"].as_str().map_or_else(|| format!("uid-{}", self.version), ToOwned::to_owned);
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(uid);
        }
        metadata["generation"] = json!(generation);
        metadata["resourceVersion"] = json!(self.version.to_string());
        if metadata["name"].is_null() {
            metadata["name"] = json!(path.rsplit('/').next());
        }
        object
    }
}

async fn answer(state: &Mutex<State>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body.collect_bytes().await.expect("a body");
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let mut state = state.lock().unwrap();
    state.calls.push(Call { method: parts.method.clone(), path: path.clone() });
    match state.fail_at {
        Some(0) => {
            state.fail_at = None;
            return status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
        }
        Some(n) => state.fail_at = Some(n - 1),
        None => {}
    }
    match parts.method {
        Method::GET if is_object(&path) => found(state.objects.get(&path)),
        Method::GET => list(&state, &path, &query),
        Method::PATCH => patch(&mut state, &path, body),
        Method::POST => {
            let name = text(&body["metadata"]["name"]);
            insert(&mut state, &format!("{path}/{name}"), body, true)
        }
        Method::PUT => replace(&mut state, &path, body),
        Method::DELETE => match state.objects.remove(&path) {
            Some(object) => json_response(StatusCode::OK, &object),
            None => status(StatusCode::NOT_FOUND, "NotFound"),
        },
        other => panic!("{other} {path}"),
    }
}

/// `/api/v1/namespaces/ns/kind/name` or `/apis/group/version/namespaces/ns/kind/name`.
fn is_object(path: &str) -> bool {
    let after = path.split("/namespaces/").nth(1).unwrap_or_default();
    after.split('/').count() == 3
}

fn list(state: &State, path: &str, query: &str) -> Response<Body> {
    let wanted: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "labelSelector")
        .map(|(_, labels)| {
            labels.split(',').filter_map(|l| l.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
        })
        .unwrap_or_default();
    let items: Vec<&Value> = state
        .objects
        .iter()
        .filter(|(key, _)| key.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
        .map(|(_, object)| object)
        .filter(|object| wanted.iter().all(|(k, v)| object["metadata"]["labels"][k] == json!(v)))
        .collect();
    json_response(StatusCode::OK, &json!({"metadata": {"resourceVersion": "1"}, "items": items}))
}

/// Server-side apply by one manager: the body is the whole truth about everything but the status.
fn patch(state: &mut State, path: &str, body: Value) -> Response<Body> {
    if let Some(path) = path.strip_suffix("/status") {
        let Some(mut object) = state.objects.get(path).cloned() else {
            return status(StatusCode::NOT_FOUND, "NotFound");
        };
        object["status"] = body["status"].clone();
        return insert(state, path, object, false);
    }
    let mut object = body;
    if let Some(before) = state.objects.get(path) {
        object["status"] = before["status"].clone();
    }
    insert(state, path, object, false)
}

/// A replace with a resourceVersion, as leases use it.
fn replace(state: &mut State, path: &str, body: Value) -> Response<Body> {
    let live = state.objects.get(path).map(|live| live["metadata"]["resourceVersion"].clone());
    match live {
        Some(version) if version == body["metadata"]["resourceVersion"] => insert(state, path, body, false),
        Some(_) => status(StatusCode::CONFLICT, "Conflict"),
        None => status(StatusCode::NOT_FOUND, "NotFound"),
    }
}

fn insert(state: &mut State, path: &str, object: Value, new: bool) -> Response<Body> {
    if new && state.objects.contains_key(path) {
        return status(StatusCode::CONFLICT, "AlreadyExists");
    }
    let stored = state.stamp(path, object);
    state.objects.insert(path.to_owned(), stored.clone());
    json_response(if new { StatusCode::CREATED } else { StatusCode::OK }, &stored)
}

fn found(object: Option<&Value>) -> Response<Body> {
    object.map_or_else(|| status(StatusCode::NOT_FOUND, "NotFound"), |object| json_response(StatusCode::OK, object))
}

fn status(code: StatusCode, reason: &str) -> Response<Body> {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": format!("scripted {reason}"),
        "reason": reason, "code": code.as_u16(),
    });
    json_response(code, &body)
}

fn json_response(code: StatusCode, body: &Value) -> Response<Body> {
    let body = Body::from(serde_json::to_vec(body).expect("json"));
    Response::builder().status(code).header("content-type", "application/json").body(body).expect("a response")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
