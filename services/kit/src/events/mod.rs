//! What services tell each other after the fact. In comes an event, written in the transaction of what it tells of; out goes its effect
//! in every service that asked for it: once, and for one subject in the order in which things happened.
//!
//! | file | holds |
//! |---|---|
//! | `name`, `envelope`, [`catalogue`] | what an event is, and all of them |
//! | [`outbox`] | the table of what is to be told; [`publish`] and [`publish_first`] write to it |
//! | `telling` | the same in one statement with the change, by the macros `telling` and `telling_each` |
//! | [`relay`] | takes it from there to the broker |
//! | [`broker`] | what is asked of a broker; [`memory`] is one for tests, [`nats`] the real one |
//! | [`handlers`] | which events a service wants, and what they do |
//! | [`reader`] | from the broker into the table, from the table to the effect |
//! | [`inbox`] | the table of what was told |
//! | [`dead_letters`] | what was given up, for staff |
//! | [`running`] | starts all of it for a service |
//!
//! Three promises. A write never waits for the broker and never fails because of it. Whoever is lost between two steps leaves the event to
//! somebody else, so it may be published and delivered twice; its effect comes with a row in the inbox, in one transaction, so it comes once.
//! And of one subject nothing overtakes: numbers are given under a lock, and only the lowest that isn't done is ever worked on.
//!
//! Nothing here notices that a database moves: every statement goes through [`crate::pool::Db`], and all state is in rows. Must not carry data
//! that another service would keep as a copy, nor anything of a person: identifiers and states only.

pub mod broker;
pub mod catalogue;
pub mod dead_letters;
mod envelope;
pub mod handlers;
pub mod inbox;
mod looks;
pub mod memory;
mod name;
pub mod nats;
pub mod outbox;
pub mod reader;
pub mod relay;
pub mod running;
mod telling;

pub use envelope::Envelope;
pub use handlers::Handlers;
pub use looks::Reach;
pub use name::EventType;
pub use outbox::{publish, publish_first};
pub use running::{announce, follow};
