//! Requests and answers. In come requests; out go calls to `domain` and `store`, and their results as JSON.
//! Must not hold SQL or rules.

pub mod audit;
pub mod change;
pub mod contact;
pub mod email;
pub mod hook;
pub mod person;
pub mod registration;
pub mod rights;
pub mod search;
pub mod session;
pub mod verify;
