//! Somebody with a browser who looks at a portal on the running platform, through the gateway, by the portal's host. In: requests. Out: what was answered, and a
//! list of what isn't as it should be. Must not run a page.

use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::{Request, Response};

use super::Error;
use crate::walk::door::Door;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(15);
/// What the kubelet takes to bring changed rules to the gateway's pods, and some.
const SOON: Duration = Duration::from_secs(150);
const PAUSE: Duration = Duration::from_secs(1);
/// The longest answer that is read.
const LARGEST: u64 = 4 << 20;

/// Somebody with a browser.
pub(super) struct Browser<'a> {
    agent: Agent,
    door: &'a Door,
    host: &'static str,
}

/// What was answered.
pub(super) struct Seen {
    pub(super) status: u16,
    head: Response<()>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.head.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }
}

impl<'a> Browser<'a> {
    /// One that knows a host behind a door.
    pub(super) fn at(door: &'a Door, host: &'static str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(ANSWER)).http_status_as_error(false).max_redirects(0);
        // Proxies of the environment are for the outside world.
        let agent = config.max_redirects_will_error(false).proxy(None).build().into();
        Self { agent, door, host }
    }

    pub(super) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Seen, Error> {
        let request = Request::builder().method(method).uri(self.door.at(path)).header("host", self.host);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let lost = |source| Error::Lost(Box::new(source));
        // What has no meaning with a body gets none: others would refuse it.
        let sent = if ["GET", "DELETE"].contains(&method) {
            request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        } else {
            request.body(body).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        };
        let (head, mut body) = sent.map_err(lost)?.into_parts();
        let body = body.with_config().limit(LARGEST).read_to_vec().map_err(lost)?;
        Ok(Seen { status: head.status.as_u16(), head: Response::from_parts(head, ()), body })
    }

    pub(super) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Seen, Error> {
        self.ask("GET", path, headers, "")
    }
}

/// What isn't as it should be.
#[derive(Default)]
pub(super) struct Wrong(pub(super) Vec<String>);

impl Wrong {
    pub(super) fn unless(&mut self, is_so: bool, what: &str, seen: &Seen) {
        if !is_so {
            self.0.push(format!("{what} (answered {})", seen.status));
        }
    }
}

/// The first page, once the gateway has heard of it.
pub(super) fn first(browser: &Browser<'_>) -> Result<Seen, Error> {
    let until = Instant::now() + SOON;
    loop {
        let seen = browser.get("/", &[])?;
        if seen.status == 200 || Instant::now() > until {
            return Ok(seen);
        }
        thread::sleep(PAUSE);
    }
}
