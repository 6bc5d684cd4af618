//! A door to the API server that costs next to nothing per question: `kubectl proxy`, which runs for as long as the demo.
//! A `kubectl` of its own for each look would take a sixth of a second of processor time, every second, from the very
//! system whose pauses are measured. In: paths. Out: what was answered.
//! Must not let anybody in further than the demo goes itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use super::Error;
use super::kube::NAMESPACE;
use crate::cluster::Cluster;

/// How long the proxy may take to start.
const START: Duration = Duration::from_secs(20);
/// How long an answer may take; the ledger of a whole run is one.
const ANSWER: Duration = Duration::from_secs(60);
/// How much of a refusal is read.
const SAID: u64 = 2048;
/// The longest ledger that is read.
const LARGEST: u64 = 1 << 30;

/// Nothing is changed through the door but the load generator, which takes POST.
const REJECT: &str = "--reject-methods=^(PUT|PATCH|DELETE)$";

/// The objects we look at, and the load generator: nothing else goes through. A comma would separate two patterns.
fn accept() -> String {
    let kinds = format!(r"^/apis/rerp\.dev/v1alpha1/namespaces/{NAMESPACE}/[a-z]+/[a-z0-9.-]+$");
    let load = format!("^/api/v1/namespaces/{NAMESPACE}/services/traffic:http/proxy/");
    format!("{kinds},{load}")
}

/// The running proxy; ends with this value.
#[derive(Debug)]
pub(super) struct Api {
    process: Child,
    base: String,
    agent: Agent,
}

impl Api {
    /// Starts the proxy on a free port of the loopback interface.
    pub(super) fn open(cluster: &Cluster) -> Result<Self, Error> {
        let args = ["proxy", "--address=127.0.0.1", "--port=0", REJECT, "--accept-paths"];
        let mut process = cluster.kubectl().args(args).arg(accept()).spawn(Stdio::piped())?;
        let (send, said) = mpsc::channel();
        if let Some(pipe) = process.stdout.take() {
            thread::spawn(move || {
                let mut line = String::new();
                let _ = BufReader::new(pipe).read_line(&mut line);
                let _ = send.send(line);
            });
        }
        let said = said.recv_timeout(START).unwrap_or_default();
        let agent = Agent::config_builder().timeout_global(Some(ANSWER)).http_status_as_error(false);
        // Proxies of the environment are for the outside world.
        let agent = agent.proxy(None).build().into();
        let base = said.trim().rsplit_once(' ').map(|(_, address)| format!("http://{address}")).unwrap_or_default();
        // Made first, so that whatever was started ends here as well.
        let api = Self { process, base, agent };
        if api.base.is_empty() { Err(Error::NoProxy(said)) } else { Ok(api) }
    }

    /// What is at a path; `None` where nothing is.
    pub(super) fn get(&self, path: &str) -> Result<Option<String>, Error> {
        text(path, self.agent.get(format!("{}{path}", self.base)).call())
    }

    /// The answer to a JSON document.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<String, Error> {
        let request = self.agent.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        text(path, request.send(body.to_string()))?.ok_or_else(|| Error::NotThere(path.to_owned()))
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text(path: &str, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Option<String>, Error> {
    let broken = |source| Error::Http { path: path.to_owned(), source: Box::new(source) };
    let mut answer = answer.map_err(broken)?;
    match answer.status().as_u16() {
        404 => Ok(None),
        200..=299 => answer.body_mut().with_config().limit(LARGEST).read_to_string().map(Some).map_err(broken),
        status => {
            // What it says may be long, or not be there.
            let said = answer.body_mut().with_config().limit(SAID).read_to_string().unwrap_or_default();
            Err(Error::Refused { path: path.to_owned(), status, said })
        }
    }
}
