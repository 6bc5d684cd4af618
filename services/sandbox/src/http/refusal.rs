//! Refusals of scenarios as problems. In: a refusal. Out: a kind of problem, with the refusal's own words.

use crate::trading::scenario::action::Refusal;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{AT_CAPACITY, INVALID_VALUE, SEQUENCE_GAP};

/// Seconds after which room may have come about.
const LATER: u32 = 60;

/// The problem to answer with.
pub(super) fn problem(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Sequence { .. } => Problem::new(SEQUENCE_GAP),
        Refusal::ShelfFull => Problem::new(AT_CAPACITY).retry_after(LATER),
        Refusal::Length
        | Refusal::Over
        | Refusal::TooFar { .. }
        | Refusal::NotInThisKind
        | Refusal::Full
        | Refusal::NoPattern(_)
        | Refusal::Ledger(_) => Problem::new(INVALID_VALUE),
    }
    .detail(refusal.to_string())
}
