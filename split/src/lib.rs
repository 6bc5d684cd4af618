//! Moves live schemas between PostgreSQL servers. Knows nothing of Kubernetes.
//!
//! Read top down: what is wanted (`spec`), what there is (`inspect`), what is wrong (`preflight`), what will be
//! done (`plan`), then the steps in the order the data moves, and what drives them (`phase`, `run`).

pub mod sql;
pub mod connect;
pub mod spec;
pub mod status;
pub mod phase;
pub mod journal;
pub mod inspect;
pub mod preflight;
pub mod plan;
pub mod schema;
pub mod copy;
pub mod stream;
pub mod verify;
pub mod fence;
pub mod clean;
pub mod run;
pub mod report;
