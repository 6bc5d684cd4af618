//! The one way to the apiserver. In: for whom, and what is asked. Out: what the apiserver answers, or a problem. Nothing is sent that doesn't name a
//! person. Each call has a deadline and a bound on its bytes, and few go on at the same time: the pod is small.

use std::fmt;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::{Method, Request, header};
use kube::client::Body;
use kube::{Client, Config};
use rerp_kit::http::context;
use rerp_kit::problem::Problem;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::person::Person;
use super::refusal::{away, refusal};

/// Time a call may take, its wait for its turn included.
const LONGEST: Duration = Duration::from_secs(5);
/// Left of a request's time for the answer itself.
const RESERVE: Duration = Duration::from_millis(250);
/// Time to connect.
const CONNECT: Duration = Duration::from_secs(2);
/// Most calls at the same time.
const CALLS: usize = 4;
/// Most bytes of an answer.
const BYTES: usize = 2 << 20;
const JSON: &str = "application/json";
/// How Kubernetes calls a patch that names what changes (RFC 7386).
const MERGE: &str = "application/merge-patch+json";

/// See the file's header.
pub struct Apiserver {
    client: Client,
    namespace: String,
    calls: Semaphore,
}

/// The client can't be built.
#[derive(Debug, thiserror::Error)]
pub enum ApiserverError {
    /// The pod isn't told where the apiserver is, or has no token for it.
    #[error(
        "looking for the apiserver; the pods of a service whose bundle shows the cluster need spec.pod.apiToken: true"
    )]
    Inside(#[from] kube::config::InClusterError),
    /// Everything else.
    #[error("setting up the client for the apiserver")]
    Client(#[from] kube::Error),
}

impl fmt::Debug for Apiserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Apiserver").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Apiserver {
    /// The apiserver of the cluster that the pod runs in.
    ///
    /// # Errors
    /// See [`ApiserverError`].
    pub fn of_pod(namespace: String) -> Result<Self, ApiserverError> {
        Self::at(Config::incluster()?, namespace)
    }

    /// The apiserver of a configuration. Nothing is repeated unasked: people see that it failed.
    ///
    /// # Errors
    /// See [`ApiserverError`].
    pub fn at(mut config: Config, namespace: String) -> Result<Self, ApiserverError> {
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT);
        Ok(Self { client: Client::try_from(config)?, namespace, calls: Semaphore::new(CALLS) })
    }

    /// The path of one of our kinds in the program's namespace, by its plural.
    pub(super) fn path(&self, plural: &str) -> String {
        format!("/apis/rerp.dev/v1alpha1/namespaces/{}/{plural}", self.namespace)
    }

    /// The namespace.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What is at a path.
    pub(super) async fn get(&self, person: &Person, path: &str) -> Result<Value, Problem> {
        self.ask(person, Method::GET, path, JSON, None).await
    }

    /// What becomes of a thing that is made.
    pub(super) async fn post(&self, person: &Person, path: &str, body: &Value) -> Result<Value, Problem> {
        self.ask(person, Method::POST, path, JSON, Some(body)).await
    }

    /// What becomes of a thing of which this changes.
    pub(super) async fn merge(&self, person: &Person, path: &str, body: &Value) -> Result<Value, Problem> {
        self.ask(person, Method::PATCH, path, MERGE, Some(body)).await
    }

    async fn ask(
        &self,
        person: &Person,
        method: Method,
        path: &str,
        kind: &'static str,
        body: Option<&Value>,
    ) -> Result<Value, Problem> {
        let deadline = Instant::now() + LONGEST;
        let deadline = context::deadline().map_or(deadline, |end| deadline.min(end - RESERVE));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
        let mut request = request.body(Body::from(body)).map_err(|error| away("the request can't be made", &error))?;
        person.sign(request.headers_mut());
        match timeout_at(deadline, self.answer(person, request)).await {
            Ok(answer) => answer,
            Err(late) => Err(away("the apiserver doesn't answer in time", &late)),
        }
    }

    async fn answer(&self, person: &Person, request: Request<Body>) -> Result<Value, Problem> {
        let _turn = self.calls.acquire().await.map_err(|error| away("no call may be made", &error))?;
        let answer = self.client.send(request).await.map_err(|error| away("the apiserver can't be reached", &error))?;
        let status = answer.status();
        let body = to_bytes(axum::body::Body::new(answer.into_body()), BYTES).await;
        let body = body.map_err(|error| away("the answer of the apiserver can't be read", &error))?;
        if !status.is_success() {
            return Err(refusal(person, status, &body));
        }
        serde_json::from_slice(&body).map_err(|error| away("the answer of the apiserver is no JSON", &error))
    }
}
