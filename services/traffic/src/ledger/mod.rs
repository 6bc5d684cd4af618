//! The ledger: what the platform acknowledged, kept outside every database so that it can judge them.
//!
//! In: the outcome of each request. Out: entries, totals, gaps, percentiles. Nothing here reads a database.

pub mod book;
pub mod clock;
pub mod entry;
pub mod file;
pub mod gap;
pub mod logbook;
pub mod percentile;
