//! Types and rules. In come values that visitors typed; out go values that hold their rules. Pure: no IO, no clock.

pub mod captcha;
pub mod capture;
mod company;
pub mod confirmation;
pub mod consent;
pub mod contact;
pub mod csv;
pub mod intake;
mod lead;
mod receipt;
pub mod span;
pub mod suppression;
mod text;
pub mod work;

pub use company::Company;
pub use lead::Lead;
pub use receipt::Receipt;
