//! Requests and answers: which call does what to the store, and how a real server words it. In: a request. Out: a response.

use super::store::Store;
use super::{merge, text};
use axum::http::{Method, Response, StatusCode, request::Parts};
use kube::client::Body;
use serde_json::{Value, json};

/// Does what was asked for.
pub(super) fn respond(store: &mut Store, parts: &Parts, body: Value) -> Response<Body> {
    let path = parts.uri.path();
    let query = |key: &str| {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        pairs.into_iter().find(|(name, _)| name == key).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    match parts.method {
        Method::GET if is_object(path) => found(store.objects().get(path)),
        Method::GET => list(store, path, &query("labelSelector")),
        Method::PATCH => {
            let apply = parts.headers.get("content-type").is_some_and(|kind| kind == "application/apply-patch+yaml");
            patch(store, path, apply.then(|| query("fieldManager")), body)
        }
        Method::POST => {
            let path = format!("{path}/{}", text(&body["metadata"]["name"]));
            if store.objects().contains_key(&path) {
                return status(StatusCode::CONFLICT, "AlreadyExists");
            }
            json_response(StatusCode::CREATED, &store.commit(&path, body))
        }
        Method::PUT => match refused(store.objects().get(path), &body["metadata"], true) {
            Some(refusal) => refusal,
            None => json_response(StatusCode::OK, &store.commit(path, body)),
        },
        Method::DELETE => match refused(store.objects().get(path), &body["preconditions"], true) {
            Some(refusal) => refusal,
            None => found(store.delete(path).as_ref()),
        },
        ref other => panic!("{other} {path}"),
    }
}

/// `/api/v1/namespaces/ns/kind/name` or `/apis/group/version/namespaces/ns/kind/name`.
fn is_object(path: &str) -> bool {
    let after = path.split("/namespaces/").nth(1).unwrap_or_default();
    after.split('/').count() == 3
}

fn list(store: &Store, path: &str, labels: &str) -> Response<Body> {
    let wanted: Vec<(&str, &str)> = labels.split(',').filter_map(|label| label.split_once('=')).collect();
    let items: Vec<&Value> = store
        .objects()
        .iter()
        .filter(|(key, _)| key.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
        .map(|(_, object)| object)
        .filter(|object| wanted.iter().all(|(k, v)| object["metadata"]["labels"][k] == json!(v)))
        .collect();
    json_response(StatusCode::OK, &json!({"metadata": {"resourceVersion": "1"}, "items": items}))
}

/// Server-side apply by a manager, or a merge patch; of an object or of its status.
fn patch(store: &mut Store, path: &str, manager: Option<String>, body: Value) -> Response<Body> {
    let (path, part) = path.strip_suffix("/status").map_or((path, None), |path| (path, Some("status")));
    // Only an apply of a whole object creates it.
    let must_exist = part.is_some() || manager.is_none();
    if let Some(refusal) = refused(store.objects().get(path), &body["metadata"], must_exist) {
        return refusal;
    }
    let stored = match manager {
        Some(manager) => store.apply(path, &manager, part, body),
        None => {
            let mut object = store.objects().get(path).cloned().unwrap_or_default();
            merge::patch(&mut object, &without_version(body));
            store.commit(path, object)
        }
    };
    json_response(StatusCode::OK, &stored)
}

/// The version is what the writer expects, and nothing to be stored.
fn without_version(mut body: Value) -> Value {
    if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    body
}

/// Optimistic concurrency: UID and resourceVersion, where they are given, must be those of the live object.
fn refused(live: Option<&Value>, expected: &Value, must_exist: bool) -> Option<Response<Body>> {
    let Some(live) = live else { return must_exist.then(|| status(StatusCode::NOT_FOUND, "NotFound")) };
    let differs = |key: &str| !expected[key].is_null() && expected[key] != live["metadata"][key];
    (differs("uid") || differs("resourceVersion")).then(|| status(StatusCode::CONFLICT, "Conflict"))
}

fn found(object: Option<&Value>) -> Response<Body> {
    object.map_or_else(|| status(StatusCode::NOT_FOUND, "NotFound"), |object| json_response(StatusCode::OK, object))
}

pub(super) fn status(code: StatusCode, reason: &str) -> Response<Body> {
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
