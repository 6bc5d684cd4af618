//! A scripted API server in memory: stores what is applied, counts every call, fails on demand, records every version.
//! It grants what the operator's table of rights grants. It knows no schema and no admission; what a real one decides is tested
//! on a real one.

mod authorize;
mod merge;
mod respond;
mod store;

use axum::http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use respond::{respond, status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use store::Store;
pub(crate) use store::Version;
use tokio::sync::Notify;

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

/// What happens to the operator at one of its mutating calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Number of the call, from 0.
    pub(crate) write: usize,
    /// Whether the server does what it was asked for before.
    pub(crate) applied: bool,
    pub(crate) hit: Hit,
}

/// How a fault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// The process ends: the call is never answered, and the test is told.
    Crash,
    /// The call is answered with 500, and the process lives on.
    Error,
}

/// Something that happens behind the operator's back right before one of its calls.
type Interference = Box<dyn FnMut(&ApiServer) + Send>;

#[derive(Default)]
struct State {
    store: Store,
    calls: Vec<Call>,
    /// Answer 500 to the call with this number, counted from now.
    fail_at: Option<usize>,
    /// Mutating calls so far.
    writes: usize,
    fault: Option<Fault>,
}

/// The server. Clones share the state.
#[derive(Clone, Default)]
pub(crate) struct ApiServer {
    state: Arc<Mutex<State>>,
    crashed: Arc<Notify>,
    interference: Arc<Mutex<Option<Interference>>>,
}

impl ApiServer {
    /// A server whose UIDs no other server gives.
    pub(crate) fn with_token(token: &str) -> Self {
        let server = Self::default();
        token.clone_into(&mut server.state.lock().unwrap().store.token);
        server
    }

    /// What its UIDs have in common.
    pub(crate) fn token(&self) -> String {
        self.state.lock().unwrap().store.token.clone()
    }

    /// Another server that stands where this one stands.
    pub(crate) fn fork(&self) -> Self {
        let (state, fork) = (self.state.lock().unwrap(), Self::default());
        *fork.state.lock().unwrap() = State { store: state.store.clone(), writes: state.writes, ..State::default() };
        fork
    }

    /// What each field manager applied last, by path and manager.
    pub(crate) fn applied(&self) -> BTreeMap<(String, String), Value> {
        self.state.lock().unwrap().store.applied().clone()
    }

    /// A client that talks to this server.
    pub(crate) fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move {
                let Some(response) = server.answer(request).await else {
                    server.crashed.notify_one();
                    return std::future::pending().await;
                };
                Ok::<_, Infallible>(response)
            }
        });
        Client::new(service, "rerp")
    }

    /// Puts an object there as somebody else would.
    pub(crate) fn put(&self, path: &str, object: Value) {
        self.state.lock().unwrap().store.commit(path, object);
    }

    /// Changes an object behind the operator's back.
    pub(crate) fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        let mut object = state.store.objects().get(path).unwrap_or_else(|| panic!("no {path}")).clone();
        change(&mut object);
        state.store.commit(path, object);
    }

    /// Takes an object away, as the garbage collector does.
    pub(crate) fn remove(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().store.remove(path)
    }

    /// Deletes an object as a user does: its finalizers hold it.
    pub(crate) fn delete(&self, path: &str) {
        self.state.lock().unwrap().store.delete(path).unwrap_or_else(|| panic!("no {path}"));
    }

    /// Removes everything whose owner is gone.
    pub(crate) fn collect_garbage(&self) {
        self.state.lock().unwrap().store.collect();
    }

    /// The object at a path.
    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().store.objects().get(path).cloned()
    }

    /// Paths of everything stored, events left out.
    pub(crate) fn paths(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.store.objects().keys().filter(|path| !path.contains("/events/")).cloned().collect()
    }

    /// Events in the order of their names, as (reason, note).
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let state = self.state.lock().unwrap();
        let events = state.store.objects().iter().filter(|(path, _)| path.contains("/events/"));
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

    /// How many mutating calls there have been in all.
    pub(crate) fn write_count(&self) -> usize {
        self.state.lock().unwrap().writes
    }

    /// The number of the newest version of anything; changes that change nothing make none.
    pub(crate) fn version(&self) -> u64 {
        self.state.lock().unwrap().store.version()
    }

    /// Every version stored after `since`, in order.
    pub(crate) fn history(&self, since: u64) -> Vec<Version> {
        let state = self.state.lock().unwrap();
        state.store.history().iter().filter(|one| one.number > since).cloned().collect()
    }

    /// The call with number `n` from now (0 is the next one) gets an answer of 500.
    pub(crate) fn fail_at(&self, n: usize) {
        self.state.lock().unwrap().fail_at = Some(n);
    }

    /// Whether the failure asked for has happened; forgets it if not.
    pub(crate) fn failed(&self) -> bool {
        self.state.lock().unwrap().fail_at.take().is_none()
    }

    /// Hits the operator at one of its mutating calls.
    pub(crate) fn hit(&self, fault: Fault) {
        self.state.lock().unwrap().fault = Some(fault);
    }

    /// The fault that has not happened yet.
    pub(crate) fn pending_fault(&self) -> Option<Fault> {
        self.state.lock().unwrap().fault
    }

    /// Resolves when the operator has come to its crash.
    pub(crate) async fn crashed(&self) {
        self.crashed.notified().await;
    }

    /// Calls this right before every call of a client; none to stop.
    pub(crate) fn interfere(&self, interference: Option<Interference>) {
        *self.interference.lock().unwrap() = interference;
    }

    /// None for a call at which the process ends.
    async fn answer(&self, request: Request<Body>) -> Option<Response<Body>> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.expect("a body");
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if let Some(interference) = self.interference.lock().unwrap().as_mut() {
            interference(self);
        }
        let mut state = self.state.lock().unwrap();
        let call = Call { method: parts.method.clone(), path: parts.uri.path().to_owned() };
        state.calls.push(call.clone());
        let object = call.path.strip_suffix("/status").unwrap_or(&call.path);
        if !authorize::permitted(&parts, &body, state.store.objects().contains_key(object)) {
            eprintln!("the operator has no right to {call:?}");
            return Some(status(StatusCode::FORBIDDEN, "Forbidden"));
        }
        if state.fails() {
            return Some(status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"));
        }
        let fault = state.fault_at(&call);
        let response = match fault {
            Some(Fault { applied: false, .. }) => None,
            _ => Some(respond(&mut state.store, &parts, body)),
        };
        match fault.map(|fault| fault.hit) {
            None => response,
            Some(Hit::Crash) => None,
            Some(Hit::Error) => Some(status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")),
        }
    }
}

impl State {
    fn fails(&mut self) -> bool {
        match self.fail_at {
            Some(0) => {
                self.fail_at = None;
                return true;
            }
            Some(n) => self.fail_at = Some(n - 1),
            None => {}
        }
        false
    }

    fn fault_at(&mut self, call: &Call) -> Option<Fault> {
        if !call.mutates() {
            return None;
        }
        let number = self.writes;
        self.writes += 1;
        self.fault.take_if(|fault| fault.write == number)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Where an object is stored. `plural` as in `rerpservices`.
pub(crate) fn path(namespace: &str, plural: &str, name: &str) -> String {
    let group = match plural {
        "rerpservices" | "servicedatabases" | "databasesplitmigrations" => "/apis/rerp.dev/v1alpha1",
        "deployments" | "statefulsets" => "/apis/apps/v1",
        "poddisruptionbudgets" => "/apis/policy/v1",
        "networkpolicies" | "ingresses" => "/apis/networking.k8s.io/v1",
        "httproutes" | "gateways" => "/apis/gateway.networking.k8s.io/v1",
        _ => "/api/v1",
    };
    format!("{group}/namespaces/{namespace}/{plural}/{name}")
}

/// An object of ours as a user applies it, in the namespace `rerp`.
pub(crate) fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "rerp.dev/v1alpha1", "kind": kind, "spec": spec,
        "metadata": {"name": name, "namespace": "rerp", "creationTimestamp": "2026-01-01T00:00:00Z"},
    })
}
