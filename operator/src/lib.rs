//! The controllers of RERP. Read down, never back:
//!
//! - `args`, `telemetry`, `admin`, `metrics`, `leader`: the process.
//! - `run`: wiring; the only place that starts a controller.
//! - `graph`: ways between objects that name each other.
//! - `wake`: which objects a change of another one concerns.
//! - `context`: what a controller may touch.
//! - `outcome`: what a reconcile came to, and the one table of what follows from it.
//! - `cluster`: one server-side apply, one status writer, one prune.
//! - `network`: pieces of NetworkPolicies.
//! - `rbac`: what the operator may do in a cluster, as one table.
//! - `record`: where a service's data is, on a Secret.
//! - `pki`: the certificate authority, and when a certificate is due.
//! - `postgres`: catalog + wanted -> statements, and their execution.
//! - `database`, `service`, `split`: one room per kind. Each is `gather` (all reads) -> `check` (raw
//!   spec -> checked) -> `build` or `decide` (pure) -> `apply` (all writes) -> `report` (status, always).

pub mod admin;
pub mod args;
pub mod cluster;
pub mod context;
pub mod database;
pub mod graph;
pub mod leader;
pub mod metrics;
pub mod network;
pub mod outcome;
pub mod pki;
pub mod postgres;
pub mod rbac;
pub mod record;
pub mod run;
pub mod service;
pub mod split;
pub mod telemetry;
mod wake;
