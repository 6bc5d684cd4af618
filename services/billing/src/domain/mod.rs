//! The rules of billing. In come values; out go values. Must not know HTTP, SQL or the clock.

pub mod change;
pub mod currency;
pub mod ending;
pub mod event;
pub mod plan;
pub mod signature;
pub mod subscription;
pub mod ticket;
