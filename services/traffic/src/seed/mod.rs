//! Fills a monolith with generated rows. In: a row count, a seed, database URIs from files. Out: rows, once, and if wanted
//! the foreign keys between domains that a monolith has.
//!
//! `plan`, `rows` and `account` are pure; `table` holds the COPY statements; `run` and `foreign_keys` do the IO.

pub mod account;
pub mod args;
pub mod foreign_keys;
pub mod plan;
pub mod rows;
pub mod run;
pub mod table;
