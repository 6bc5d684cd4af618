//! Types and rules. In come texts and numbers; out go checked values, verdicts, and what is wrong. Pure: no clock, no database, no chance
//! but what is given.

pub mod answer;
pub mod certificate;
pub mod decimal;
pub mod exact;
pub mod extra_time;
pub mod module;
pub mod question;
pub mod scenario;
pub mod scoring;
pub mod session;
