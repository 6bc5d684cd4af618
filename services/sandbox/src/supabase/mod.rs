//! The stand-in for Supabase Auth (GoTrue). In: calls as its clients make them. Out: people who sign up, prove their contacts, sign in and
//! out, with a second factor if they like; tokens that anybody can check by published keys; mails and texts for the mailboxes, or for hooks.
//! Must not know HTTP, nor wait: what has to be carried is given back, and whoever carried it says so.
//!
//! | room | holds |
//! |---|---|
//! | [`call`] | which call does what, and who may |
//! | [`signup`], [`token`], [`otp`], [`verify`], [`me`], [`factors`], [`admin`], [`public`] | what the calls do |
//! | [`state`], [`user`], [`session`] | what is remembered |
//! | [`keys`], [`grant`] | keys, and what tokens say |
//! | [`letter`], [`hook`] | what is sent to people, and to hooks instead |
//! | [`settings`], [`limits`] | what can be set, and how often something may be asked |
//! | [`contact`], [`params`], [`secret`], [`totp`], [`pkce`], [`refusal`] | how things are written and proved |
//!
//! Source of routes, words and rules: the source of Supabase Auth, read in November 2026 in its version of August 2026. Unlike there, nobody signs
//! up for another audience than the usual one: the header `X-JWT-AUD` would let anybody in among the staff.

mod admin;
pub mod call;
mod contact;
mod factors;
pub mod grant;
pub mod hook;
mod keys;
pub mod letter;
mod limits;
mod me;
mod otp;
mod params;
mod pkce;
mod public;
pub mod refusal;
mod secret;
mod session;
pub mod settings;
mod signup;
mod state;
mod token;
mod totp;
mod user;
mod verify;

/// The version of the interface that a client may ask for, and gets other errors by.
pub const API_VERSION: &str = "2024-01-01";
