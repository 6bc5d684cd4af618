//! The stand-in for Stripe. In: calls as its clients make them. Out: its objects and errors, events for everything that changes, and a clock
//! that is advanced by hand. Must not know HTTP.
//!
//! | room | holds |
//! |---|---|
//! | [`call`] | which call does what, and idempotency keys |
//! | [`people`], [`invoice`], [`subscription`], [`verification`], [`catalogue`] | what the calls do |
//! | [`state`] | objects and events |
//! | [`delivery`] | webhooks: signed, late, twice, shuffled, lost, as is wished for |
//! | [`form`], [`refusal`] | how requests and errors are written |

pub mod call;
mod catalogue;
pub mod delivery;
mod form;
mod invoice;
mod people;
mod refusal;
mod state;
mod subscription;
mod verification;

/// The version of the interface that is played.
pub const VERSION: &str = "2026-10-28.endive";
