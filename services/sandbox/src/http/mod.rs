//! The HTTP side. In: requests. Out: JSON and problems. Must not hold rules: those are in the rooms it calls.

mod captcha;
mod control;
mod hooks;
mod patterns;
mod refusal;
mod resend;
mod router;
mod scenarios;
mod stripe;
mod supabase;
mod twilio;
mod vendor;
mod webhook;
mod world;

pub use router::{router, router_with};
