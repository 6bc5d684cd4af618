//! The fence: closes the source, opens the target, and never has both open.
//!
//! In: a caught-up stream, `CutoverConfig`, two endpoints. Out: a `CutoverReport`, or an error after which the source
//! is as it was. Close first, then open; opening needs a proof that exists only once the closing commit is durable.
//! It makes no slots, publications or subscriptions and removes none.

mod config;

pub use config::{CutoverConfig, CutoverReport, SchemaHash};
