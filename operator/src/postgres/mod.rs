//! What the operator does on PostgreSQL servers: roles, schemas, extensions, passwords.
//!
//! `plan` (catalog + wanted -> statements, pure) -> `sql` (the only place that renders SQL) ->
//! `exec` (connections, one transaction). `scram` makes and checks password verifiers, so that no
//! clear text reaches a server.

pub mod catalog;
pub mod exec;
pub mod plan;
pub mod scram;
pub mod sql;
