//! The SQL of this service. In come checked values; out go rows. Must not hold rules, nor name a schema: the role's
//! search path says which one.

pub mod change;
pub mod contact;
pub mod email;
pub mod erasure;
pub mod hook;
pub mod invitation;
mod order;
pub mod otp;
pub mod person;
pub mod proof;
pub mod registration;
pub mod search;
pub mod session;
pub mod upsert;
