//! Requests and answers. In come requests; out go calls to `domain` and `store`, and their results as JSON.
//! Must not hold SQL or rules.

mod answer;
pub mod badge;
pub mod certificate;
pub mod extra_time;
pub mod module;
pub mod people;
pub mod progress;
pub mod question;
pub mod saved;
pub mod scenario;
pub mod session;
pub mod statistics;
