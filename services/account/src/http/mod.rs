//! Requests and answers. In come requests; out go calls to `domain` and `store`, and their results as JSON.
//! Must not hold SQL or rules.

pub mod account;
pub mod address;
pub mod address_history;
mod answer;
pub mod company;
pub mod company_merge;
pub mod invite;
pub mod people;
pub mod permission;
pub mod role;
