//! The HTTP side. In: requests. Out: JSON and problems. Must not hold rules: those are in the rooms it calls.

mod patterns;
mod refusal;
mod router;
mod scenarios;

pub use router::router;
