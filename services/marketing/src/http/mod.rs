//! Requests and answers. In come requests; out go calls to the other rooms, and their results as JSON.
//! Must not hold SQL or rules.

mod answer;
pub mod captcha;
mod company;
pub mod confirmation;
pub mod consent;
pub mod contact;
mod email;
pub mod email_capture;
pub mod export;
pub mod funnel;
pub mod lead;
pub mod people;
pub mod suppression;
