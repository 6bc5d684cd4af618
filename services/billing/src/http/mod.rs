//! Requests and answers. In come requests; out go calls to the other rooms, and their results as JSON. Must not hold SQL or rules.

mod answer;
pub mod change;
pub mod customer;
pub mod ending;
pub mod invoice;
pub mod kyc;
pub mod payment_method;
pub mod people;
pub mod plan;
pub mod price_preview;
pub mod subscription;
pub mod webhook;
pub mod webhook_event;
