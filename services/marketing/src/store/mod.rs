//! The SQL of this service. In come checked values; out go standings. Must not hold rules, nor name a schema: the
//! role's search path says which one.
//!
//! Every insert may be repeated after a lost answer: without a key of the caller the identifier is new for this request,
//! so a row in the way is our own; with one, the key's row is written in the same transaction.

pub mod admission;
pub mod capture;
pub mod confirmation;
pub mod consent;
pub mod contact;
pub mod funnel;
pub mod intake;
pub mod lead;
pub mod pending;
pub mod suppression;
