//! Calls to other services. In come values; out go theirs, or problems for whoever asked. Must not keep what decides whether a person may
//! do something.

pub mod account;
pub mod billing;
pub mod trading;

use std::time::Duration;

use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DEPENDENCY_UNAVAILABLE;

/// How long an answer is waited for, repetitions included; a request's own deadline may be nearer. Shorter than a request may take, so that
/// a silent service is told as what it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The problem when the service that knows can't be asked; `unknown` is what can't be found out. The answer is no, and says so.
fn away(service: &str, unknown: &str) -> Problem {
    Problem::new(DEPENDENCY_UNAVAILABLE)
        .detail(format!("{unknown} can't be found out right now: the service `{service}` could not be asked"))
        .retry_after(1)
}
