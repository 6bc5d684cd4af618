//! Test data with the oddities of real data: pure, seeded, the same on every machine.
//!
//! In: a seed and a row number. Out: values. It must not know SQL, HTTP or the time of day.

pub mod address;
pub mod company;
pub mod people;
pub mod rng;
mod words;
