//! Types and rules. In come values that visitors typed; out go values that hold their rules. Pure: no IO, no clock.

pub mod capture;
mod company;
pub mod contact;
mod receipt;
mod text;

pub use company::Company;
pub use receipt::Receipt;
