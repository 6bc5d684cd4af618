//! The stand-ins for the vendors that carry messages: Resend for mail, Twilio for texts. In: what a client sends them. Out: what
//! they would answer, and a mailbox that tests and people look into. Must not know HTTP.
//!
//! | room | holds |
//! |---|---|
//! | [`resend`], [`mail`] | `POST /emails` and what it remembers: idempotency keys, states of mails |
//! | [`twilio`] | the Messages resource and its magic numbers |
//! | [`mailbox`] | what arrived where |
//! | [`fault`] | failures that somebody asked for |

pub mod fault;
pub mod mail;
pub mod mailbox;
pub mod resend;
pub mod twilio;
