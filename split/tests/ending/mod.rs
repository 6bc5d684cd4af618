//! How migrations end that are given up. Read down: `points` (the table) over `play` (one row of it) and `judge` (what is left of it) with `catalogs` (everything there is
//! on a side, as text), and `away` (one side can't be reached meanwhile).

pub mod away;
pub mod catalogs;
mod judge;
pub mod play;
pub mod points;
#[path = "../certify/wire.rs"]
#[allow(dead_code, reason = "the certificate uses more of it")]
mod wire;
