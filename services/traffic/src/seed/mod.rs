//! Fills a monolith with generated rows. In: a row count, a seed, database URIs from files. Out: rows, once.
//!
//! `plan` and `rows` are pure; `table` holds the COPY statements; `run` does the IO.

pub mod args;
pub mod plan;
pub mod rows;
pub mod run;
pub mod table;
