//! Types and rules. In come values that visitors typed; out go values that hold their rules. Pure: no IO, no clock.

pub mod capture;
mod company;
pub mod contact;
pub mod intake;
mod lead;
mod receipt;
mod text;

pub use company::Company;
pub use lead::Lead;
pub use receipt::Receipt;
