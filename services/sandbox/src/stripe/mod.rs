//! The stand-in for Stripe. In: calls as its clients make them. Out: its objects and errors, events for everything that changes, and a clock
//! that is advanced by hand. Must not know HTTP.
//!
//! | room | holds |
//! |---|---|
//! | [`call`], [`route`], [`params`] | idempotency keys, which call does what, and what it may say |
//! | [`people`], [`invoice`], [`subscription`], [`change`], [`verification`], [`catalogue`] | what the calls do |
//! | [`page`] | what browsers do with the key that everybody may know |
//! | [`clock`], [`cycle`] | what time does |
//! | [`list`], [`expand`] | what is shown of many objects, and of those that belong to one |
//! | [`state`] | objects and events |
//! | [`delivery`] | webhooks: signed, late, twice, shuffled, lost, as is wished for |
//! | [`form`], [`refusal`] | how requests and errors are written |

pub mod call;
mod catalogue;
mod change;
mod clock;
mod cycle;
pub mod delivery;
mod expand;
mod form;
mod invoice;
mod list;
mod page;
mod params;
mod people;
mod refusal;
mod route;
mod state;
mod subscription;
mod verification;

/// The version of the interface that is played.
pub const VERSION: &str = "2026-10-28.endive";
