//! The HTTP side: start, stop, report, ledger, journeys. In: requests of the person or program that runs a test. Out: JSON.

mod control;
mod ledger;
pub mod report;
mod router;

pub use router::router;
