//! One service behind the gateway, or one backend of a site. In: a request and its deadline. Out: the service's answer, or a problem. Decides when to give up, when
//! to try again, and when not to try at all. Must not try again what may have had its effect, unless twice is as good as once.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant as Clock};

use axum::body::Body;
use axum::http::uri::{Authority, Scheme};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri, Version};
use prometheus::{IntCounter, IntCounterVec, IntGauge};
use rerp_kit::client::Dial;
use rerp_kit::http::context::DEADLINE;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEADLINE_EXCEEDED, DEPENDENCY_UNAVAILABLE, INTERNAL, OUTCOME_UNKNOWN};
use rerp_kit::telemetry::chain;
use tokio::time::{Instant, sleep, timeout_at};

use super::breaker::{Breaker, Ending, Limits, Ticket};
use super::budget::Budget;
use super::lines::{Lines, SendError};
use super::outgoing::{Left, Outgoing};
use super::plain::Plain;
use crate::body::Cut;
use crate::headers::is_problem;
use crate::log::Named;

/// How most attempts end, as it is called in the metrics.
const FINE: &str = "ok";
/// How long a service has, in milliseconds.
static REST: HeaderName = HeaderName::from_static(DEADLINE);
/// Attempts a request gets that may be sent again.
const ATTEMPTS: u32 = 3;
/// First pause between attempts, half of it by chance; doubles twice each time.
const PAUSE: Duration = Duration::from_millis(10);

/// See the file's header.
#[derive(Debug)]
pub(crate) struct Service {
    name: Arc<str>,
    scheme: Scheme,
    authority: Authority,
    way: Way,
    breaker: Mutex<Breaker>,
    budget: Budget,
    calls: IntCounterVec,
    /// Those of them that went well.
    fine: OnceLock<IntCounter>,
    level: IntGauge,
}

/// How it is spoken to.
#[derive(Debug)]
enum Way {
    /// A service of ours: HTTP/2, certificates, and problems in words that say who has failed.
    Inside(Lines),
    /// Anybody's program: HTTP/1.1, and whatever it answers is its answer.
    Plain(Plain),
}

impl Way {
    async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        match self {
            Self::Inside(lines) => lines.send(request).await,
            Self::Plain(plain) => plain.send(request).await,
        }
    }

    fn version(&self) -> Version {
        match self {
            Self::Inside(_) => Version::HTTP_2,
            Self::Plain(_) => Version::HTTP_11,
        }
    }

    fn is_inside(&self) -> bool {
        matches!(self, Self::Inside(_))
    }
}

/// How an attempt failed.
#[derive(Debug)]
enum Failure {
    /// The breaker is open; so long still.
    Open(Duration),
    /// No answer in time.
    TimedOut,
    /// No answer.
    Send(SendError),
    /// The client's own body ended early.
    Body(Cut),
    /// A mistake on our side.
    Bug,
}

/// The address lacks a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of a service has no scheme or no host")]
pub struct NoAddress;

impl Service {
    pub(super) fn new(
        name: &str,
        address: Uri,
        dial: Dial,
        calls: IntCounterVec,
        level: IntGauge,
    ) -> Result<Self, NoAddress> {
        let way = Way::Inside(Lines::new(address.clone(), dial));
        Self::by(way, name, &address, calls, level)
    }

    /// A backend that speaks plain HTTP/1.1.
    pub(super) fn plain(name: &str, address: &Uri, calls: IntCounterVec, level: IntGauge) -> Result<Self, NoAddress> {
        Self::by(Way::Plain(Plain::new()), name, address, calls, level)
    }

    fn by(way: Way, name: &str, address: &Uri, calls: IntCounterVec, level: IntGauge) -> Result<Self, NoAddress> {
        let scheme = address.scheme().cloned().ok_or(NoAddress)?;
        let authority = address.authority().cloned().ok_or(NoAddress)?;
        let breaker = Mutex::new(Breaker::new(Limits::default(), Clock::now()));
        let (budget, fine) = (Budget::default(), OnceLock::new());
        Ok(Self { name: name.into(), scheme, authority, way, breaker, budget, calls, fine, level })
    }

    /// Asks, as often as it may and it helps.
    ///
    /// # Errors
    /// A problem: there is no answer.
    pub(crate) async fn ask(
        &self,
        mut outgoing: Outgoing<'_>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Problem> {
        self.budget.earn();
        let (mut pause, mut attempt) = (PAUSE, 1);
        loop {
            let ended = self.once(&mut outgoing, deadline).await;
            if !self.may_help(&ended) || !outgoing.may_repeat() {
                return ended.map_err(|failure| self.problem(&failure, outgoing.again));
            }
            let rest = pause.mul_f64(0.5 + rand::random::<f64>() / 2.0);
            if attempt >= ATTEMPTS || Instant::now() + rest >= deadline || !self.budget.spend() {
                return ended.map_err(|failure| self.problem(&failure, outgoing.again));
            }
            self.count("repeated");
            // An answer that isn't used is dropped here, with its body unread.
            drop(ended);
            sleep(rest).await;
            pause *= 4;
            attempt += 1;
        }
    }

    async fn once(&self, outgoing: &mut Outgoing<'_>, deadline: Instant) -> Result<Response<Incoming>, Failure> {
        let mut trial = self.admit(outgoing.named)?;
        let request = outgoing.request(&self.scheme, &self.authority, self.way.version());
        let (mut request, left) = request.map_err(|_| Failure::Bug)?;
        // Anew each time: what the last attempt took is gone.
        if self.way.is_inside() {
            let rest = deadline.saturating_duration_since(Instant::now()).as_millis();
            request.headers_mut().insert(&REST, HeaderValue::from(u64::try_from(rest).unwrap_or(u64::MAX)));
        }
        let answered = timeout_at(deadline, self.way.send(request)).await;
        let ended = match answered {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failure(error, &left, outgoing)),
            // A client that is slow to send says nothing about the service.
            Err(_) if left.witness.is_open() => Err(Failure::Body(Cut::TooLate)),
            Err(_) => Err(Failure::TimedOut),
        };
        let (ending, outcome) = judge(&ended, self.way.is_inside());
        if let Ok(response) = &ended
            && ending == Ending::Bad
        {
            let (service, status) = (&*self.name, response.status().as_u16());
            outgoing.named.span().in_scope(|| tracing::warn!(service, status, "a service failed"));
        }
        trial.end(ending);
        self.count(outcome);
        ended
    }

    /// Whether another attempt may go better. A service that is overdue isn't asked again: it may still be at it, and time is short.
    fn may_help(&self, ended: &Result<Response<Incoming>, Failure>) -> bool {
        match ended {
            Ok(response) => self.way.is_inside() && response.status() == StatusCode::SERVICE_UNAVAILABLE,
            Err(failure) => matches!(failure, Failure::Send(_)),
        }
    }

    fn failure(&self, error: SendError, left: &Left, outgoing: &Outgoing<'_>) -> Failure {
        if let Some(cut) = left.witness.saw() {
            return Failure::Body(cut);
        }
        let (service, error_text) = (&*self.name, chain(&error));
        outgoing.named.span().in_scope(|| tracing::warn!(service, error = error_text, "a request got no answer"));
        Failure::Send(error)
    }

    fn admit<'a>(&'a self, named: Named<'a>) -> Result<Trial<'a>, Failure> {
        let admitted = self.breaker().admit(Clock::now());
        match admitted {
            Ok(ticket) => Ok(Trial { service: self, named, ticket: Some(ticket) }),
            Err(wait) => {
                self.count("breaker_open");
                Err(Failure::Open(wait))
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // Each of its steps is whole: a panic elsewhere leaves it as it was.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, outcome: &str) {
        let calls = || self.calls.with_label_values(&[&*self.name, outcome]);
        if outcome == FINE { self.fine.get_or_init(calls).inc() } else { calls().inc() }
    }

    fn problem(&self, failure: &Failure, again: bool) -> Problem {
        let away = |seconds: u32| {
            // The name of a backend is an address of the inside.
            let who = if self.way.is_inside() { format!("the service `{}`", self.name) } else { "the site".to_owned() };
            let detail = format!("{who} could not do its part");
            Problem::new(DEPENDENCY_UNAVAILABLE).detail(detail).retry_after(seconds)
        };
        match failure {
            Failure::Open(wait) => away(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)),
            Failure::TimedOut => Problem::new(DEADLINE_EXCEEDED),
            Failure::Send(error) if again || error.was_never_received() => away(1),
            Failure::Send(_) => Problem::new(OUTCOME_UNKNOWN),
            Failure::Body(cut) => Problem::from(*cut),
            Failure::Bug => Problem::new(INTERNAL),
        }
    }
}

/// What an ending says about the service, and its name in the metrics. Of programs that aren't ours (`inside` is false) every answer is one:
/// what is wrong with a page says nothing about the next.
fn judge(ended: &Result<Response<Incoming>, Failure>, inside: bool) -> (Ending, &'static str) {
    match ended {
        Ok(response) if inside && is_failure(response.status()) => (ending_of_failure(response), "failed"),
        Ok(_) => (Ending::Good, FINE),
        Err(Failure::TimedOut) => (Ending::Bad, "out_of_time"),
        Err(Failure::Send(_)) => (Ending::Bad, "unreachable"),
        Err(Failure::Body(_) | Failure::Open(_) | Failure::Bug) => (Ending::Abandoned, "abandoned"),
    }
}

/// A service that says in its own words that it can't is there: what it lacks, a vendor for instance, other routes may not need, and its
/// words are better than ours. One that says that its time is over is as slow as one that says nothing.
fn ending_of_failure<B>(response: &Response<B>) -> Ending {
    let is_told = is_problem(response.headers()) && response.status() != StatusCode::GATEWAY_TIMEOUT;
    if is_told { Ending::Good } else { Ending::Bad }
}

/// What a refusal isn't: the service could not do its part.
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// An attempt, until it ends or nobody waits for it any more.
struct Trial<'a> {
    service: &'a Service,
    named: Named<'a>,
    ticket: Option<Ticket>,
}

impl Trial<'_> {
    fn end(&mut self, ending: Ending) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut breaker = self.service.breaker();
        let before = breaker.level();
        breaker.ended(ticket, ending, Clock::now());
        let level = breaker.level();
        self.service.level.set(level);
        drop(breaker);
        // Not a line for each call while it is so.
        if level != before {
            let service = &*self.service.name;
            let told = || tracing::warn!(service, level, "the breaker of a service has turned");
            self.named.span().in_scope(told);
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.end(Ending::Abandoned);
    }
}
