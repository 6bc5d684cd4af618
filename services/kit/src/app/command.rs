//! What a service is, and what its program is asked for. In: arguments. Out: a typed command. Must not do anything.

use clap::{Parser, Subcommand};
use sqlx::migrate::Migrator;

use crate::access::Rule;
use crate::openapi::Api;

/// What a service is, before it is configured.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The schema that it needs.
    pub migrations: Migrator,
    /// Who may call which of its routes: what isn't among them doesn't exist.
    pub rules: &'static [Rule],
    /// Its routes as they are described.
    pub api: fn() -> Api,
}

/// A RERP service.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(super) struct Args {
    /// Without one: serve.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve requests until told to stop.
    Serve,
    /// Bring the schema up to date, then exit.
    Migrate,
    /// Let events go on that were given up, to be published or to have their effect, then exit.
    Replay,
    /// Print the OpenAPI document of the service's routes, then exit.
    Openapi,
}
