//! What belongs to one request and everything it calls: its id, its deadline and what it waited for. In come headers; out go
//! values that any room may read while the request is worked on. Must not hold anything about a person.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use super::extract::strict_uuid;
use super::timing::Timing;
use crate::audit::{Errand, Reason};

/// Names a request across services. Taken from the caller if it is sane, else made.
pub const REQUEST_ID: &str = "x-request-id";
/// How many milliseconds the caller will still wait. Can only shorten the time a request has.
pub const DEADLINE: &str = "rerp-deadline-ms";
/// The same for calls over gRPC, in the words of that protocol: up to 8 digits and a unit.
const GRPC_TIMEOUT: &str = "grpc-timeout";

tokio::task_local! {
    static CONTEXT: Context;
}

/// What belongs to one request.
#[derive(Debug, Clone)]
pub struct Context {
    id: String,
    began: Instant,
    deadline: Instant,
    timing: Timing,
    place: Option<Arc<Place>>,
    /// Why, where it is staff who ask and they say so.
    reason: Option<Reason>,
}

/// Which route a request goes to, and which identifiers its path names.
#[derive(Debug)]
struct Place {
    route: String,
    about: Vec<Uuid>,
}

impl Context {
    /// Reads a request's headers. `longest` is the time a request has at most.
    #[must_use]
    pub fn of(headers: &HeaderMap, longest: Duration) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let id = text(REQUEST_ID).filter(|id| is_sane(id)).map_or_else(fresh_id, str::to_owned);
        let wished = text(DEADLINE).and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
        let wished = wished.or_else(|| text(GRPC_TIMEOUT).and_then(grpc_timeout));
        let began = Instant::now();
        let deadline = began + wished.map_or(longest, |wished| wished.min(longest));
        Self { id, began, deadline, timing: Timing::default(), place: None, reason: None }
    }

    /// Of a request whose caller may neither name it nor say how long it may take. It has as long as `longest`.
    #[must_use]
    pub fn of_stranger(longest: Duration) -> Self {
        Self::of_cause(None, longest)
    }

    /// For work that nobody waits for, which the request `id` has caused. It has as long as `longest`.
    #[must_use]
    pub fn of_cause(id: Option<&str>, longest: Duration) -> Self {
        let id = id.filter(|id| is_sane(id)).map_or_else(fresh_id, str::to_owned);
        let began = Instant::now();
        Self { id, began, deadline: began + longest, timing: Timing::default(), place: None, reason: None }
    }

    /// The same with its route, as the router knows it, and the identifiers in its path. Nothing else of the path is kept: it may name a person.
    #[must_use]
    pub fn at(self, route: &str, path: &str) -> Self {
        let about = path.split('/').filter_map(strict_uuid).collect();
        Self { place: Some(Arc::new(Place { route: route.to_owned(), about })), ..self }
    }

    /// The same with the reason that staff give for it.
    #[must_use]
    pub fn because(self, reason: Option<Reason>) -> Self {
        Self { reason, ..self }
    }

    /// The request's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When the request must be answered.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When work on the request began.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// What it waited for so far, as the value of `Server-Timing`.
    #[must_use]
    pub fn timing(&self) -> String {
        self.timing.header(self.began.elapsed())
    }

    /// Runs `work` with this as its context.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CONTEXT.scope(self, work).await
    }

    /// The same for work that waits for nothing.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        CONTEXT.sync_scope(self.clone(), work)
    }
}

/// The id of the request at hand, if there is one.
#[must_use]
pub fn request_id() -> Option<String> {
    CONTEXT.try_with(|context| context.id.clone()).ok()
}

/// What the request at hand is about, for the record: its id, its route, the identifiers in its path, and its reason.
pub(crate) fn errand() -> Errand {
    let told = |context: &Context| {
        let place = context.place.as_deref();
        Errand {
            request: Some(context.id.clone()),
            route: place.map(|place| place.route.clone()),
            about: place.map(|place| place.about.clone()).unwrap_or_default(),
            reason: context.reason.clone(),
            ..Errand::default()
        }
    };
    CONTEXT.try_with(told).unwrap_or_default()
}

/// When the request at hand must be answered, if there is one.
#[must_use]
pub fn deadline() -> Option<Instant> {
    CONTEXT.try_with(|context| context.deadline).ok()
}

/// Says that the request at hand waits for `whom` for as long as the answer lives.
pub(crate) fn waiting(whom: &'static str) -> Waiting {
    Waiting { whom, since: Instant::now() }
}

/// A wait; also one that is cut short, for instance by a deadline, is written down.
#[must_use = "a wait ends when it is dropped"]
pub(crate) struct Waiting {
    whom: &'static str,
    since: Instant,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Outside of a request nobody asks.
        let _ = CONTEXT.try_with(|context| context.timing.add(self.whom, self.since.elapsed()));
    }
}

/// A name for a request: in order of time, as version 7 of UUIDs is, but for what comes in the same millisecond. `Uuid::now_v7` orders that, too,
/// with a lock for all threads, and asks the kernel for its random bits, which is dear where there are thousands a second.
fn fresh_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid().to_string()
}

fn grpc_timeout(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok().filter(|_| number.len() <= 8)?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// An id goes into logs and onward headers, so nothing else may travel in it.
fn is_sane(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::timing::duration_of;
    use axum::http::HeaderValue;

    fn context(id: &'static str, deadline: &'static str) -> Context {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static(id));
        headers.insert(DEADLINE, HeaderValue::from_static(deadline));
        Context::of(&headers, Duration::from_secs(10))
    }

    #[test]
    fn a_strange_id_is_replaced() {
        assert_eq!(context("0191f7a1-3f0c", "1").id(), "0191f7a1-3f0c");
        for strange in ["", "short", "a@b.example", "x x x x x x"] {
            assert_ne!(context(strange, "1").id(), strange);
        }
    }

    #[test]
    fn an_id_that_is_made_is_sane_and_tells_its_time() {
        let before = Uuid::now_v7().as_u128() >> 80;
        let ids: Vec<String> = (0..1000).map(|_| fresh_id()).collect();
        let after = Uuid::now_v7().as_u128() >> 80;
        for id in &ids {
            let uuid = strict_uuid(id).unwrap();
            assert!(is_sane(id) && uuid.get_version_num() == 7, "{id}");
            assert!((before..=after).contains(&(uuid.as_u128() >> 80)), "{id}");
        }
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn what_waits_for_nothing_has_a_context_too() {
        let context = context("12345678", "5000");
        assert_eq!(context.within(request_id).as_deref(), Some("12345678"));
        assert_eq!(request_id(), None);
    }

    #[tokio::test]
    async fn a_wait_that_is_cut_short_is_told_too() {
        let context = context("12345678", "5000");
        let wait = async {
            let _waiting = waiting("db");
            std::future::pending::<()>().await;
        };
        let cut = async { tokio::time::timeout(Duration::from_millis(30), wait).await };
        assert!(context.clone().scope(cut).await.is_err());
        let told = context.timing();
        assert!(duration_of(&told, "db").unwrap() >= Duration::from_millis(30), "{told}");
    }

    #[test]
    fn the_time_of_a_grpc_caller_is_understood() {
        for (text, ms) in [("2S", 2000), ("250m", 250), ("1000u", 1), ("1M", 60_000), ("99999999n", 99)] {
            assert_eq!(grpc_timeout(text).map(|time| time.as_millis()), Some(ms), "{text}");
        }
        for text in ["", "S", "-1S", "1", "999999999m", "5x", "5\u{e4}"] {
            assert_eq!(grpc_timeout(text), None, "{text}");
        }
    }

    #[test]
    fn a_caller_can_only_shorten_the_time() {
        let left = |text| context("12345678", text).deadline().saturating_duration_since(Instant::now());
        assert!(left("250") <= Duration::from_millis(250));
        for text in ["90000", "-5", "soon", "18446744073709551616"] {
            assert!((9..=10).contains(&left(text).as_secs()), "{text}");
        }
    }
}
