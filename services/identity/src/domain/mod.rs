//! Types and rules. In come values that callers typed; out go values that hold their rules. Pure: no IO, no clock.

pub mod email;
mod email_parts;
pub mod name;
pub mod otp;
pub mod phone;
pub mod webhook;
