//! Moves live schemas between PostgreSQL servers. Knows nothing of Kubernetes.
//!
//! Read top down: what is wanted (`spec`), what there is (`inspect`), what is wrong (`preflight`), what will be
//! done (`plan`), when (`order`), then the steps in the order the data moves, and what drives them (`phase`, `run`).

pub mod back;
pub mod clean;
pub mod connect;
pub mod copy;
pub mod evidence;
pub mod failpoint;
pub mod fence;
pub mod inspect;
pub mod journal;
pub mod names;
pub mod old_tables;
pub mod order;
pub mod phase;
pub mod plan;
pub mod preflight;
pub mod rate;
pub mod report;
pub mod run;
pub mod schema;
pub mod sever;
pub mod spec;
pub mod sql;
pub mod status;
pub mod step;
pub mod stream;
pub mod verify;
pub mod wal;
