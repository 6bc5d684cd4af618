//! The load: an open loop of form posts over a fixed number of connections, one attempt each, and beside it, if wanted, journeys.
//!
//! In: a plan and where to post. Out: outcomes, written into the book. It must not retry: a retry would hide what a person sees.

pub mod attempt;
pub mod control;
pub mod form;
pub mod journey;
pub mod plan;
pub mod run;
