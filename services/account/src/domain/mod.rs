//! Types and rules. In come values that people typed; out go values that hold their rules. Pure: no IO, no clock.

pub mod account;
pub mod address;
pub mod company;
pub mod country;
pub mod invite;
pub mod permission;
pub mod provenance;
pub mod role;
pub mod seats;
