//! Sandbox: one program that stands in for the vendors and services that are not ours, so that the platform can be tried without them.
//!
//! | room | holds |
//! |---|---|
//! | [`trading`] | the trading services: patterns, markets, an exact ledger, scenarios |
//! | [`post`] | the vendors that carry messages: Resend, Twilio, and the mailboxes they fill |
//! | [`stripe`] | the vendor that moves money |
//! | [`supabase`] | the vendor that knows who is who |
//! | [`captcha`] | the vendors that tell visitors from programs |
//! | [`http`] | the routes |
//! | [`config`], [`serve`] | settings and the life of the process |
//!
//! Everything is kept in memory and gone with the process.

pub mod captcha;
pub mod config;
pub mod http;
pub mod post;
pub mod serve;
pub mod stripe;
pub mod supabase;
pub mod trading;
