//! Requests and answers. In come requests; out go calls to the other rooms, and their results as JSON.
//! Must not hold SQL or rules.

mod answer;
mod company;
pub mod contact;
mod email;
pub mod email_capture;
pub mod people;
