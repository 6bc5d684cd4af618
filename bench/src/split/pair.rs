//! Two servers, between which something moves. In: where PostgreSQL's programs are. Out: databases with the tables of `bench/sql/split-*.sql` in
//! them, and the engine's program set up for a pair of databases.

use std::time::Duration;

use super::Common;
use super::tool::Tool;
use crate::postgres::{PostgresError, SCHEMA, Server};
use crate::process::{cpu_time, cpu_time_of_ended};

/// The tables that are large.
pub(crate) const TABLES: [&str; 3] = ["customers", "orders", "documents"];
const LARGE: &str = include_str!("../../sql/split-tables.sql");
/// What writers write.
pub(crate) const WRITTEN: &str = include_str!("../../sql/split-writers.sql");
/// Changes a row of what moves and leaves one by which the transaction is found again; the second time it leaves none.
pub(crate) const CHANGE: &str = "WITH changed AS (UPDATE orders SET total = total + 1 WHERE id = $1 RETURNING id) \
    INSERT INTO entry (writer, n, key, v) SELECT $2::bigint, $3::bigint, $1, 0 FROM changed ON CONFLICT (writer, n) DO NOTHING";

/// See the file's header.
pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) target: Server,
}

impl Pair {
    /// Starts both.
    pub(crate) fn start(common: &Common) -> Result<Self, PostgresError> {
        let bin = common.postgres.as_deref();
        Ok(Self { source: Server::start_replicating(bin)?, target: Server::start_replicating(bin)? })
    }

    /// The engine's program for a database of this name on both sides.
    pub(crate) fn tool(&self, common: &Common, database: &str) -> Tool {
        Tool {
            program: common.place.program("rerp-split"),
            pg_dump: self.source.program("pg_dump"),
            source: self.source.admin_url(database),
            target: self.target.admin_url(database),
        }
    }

    /// Nothing has been written to disk later than this, on either side.
    pub(crate) fn settle(&self) -> Result<(), PostgresError> {
        for server in [&self.source, &self.target] {
            server.ask("postgres", "CHECKPOINT")?;
        }
        Ok(())
    }

    /// Processor time of both servers so far, and of all programs that have been run.
    pub(crate) fn cpu_time(&self) -> Duration {
        let server = |server: &Server| [cpu_time(server.id()), cpu_time_of_ended(server.id())];
        let spent = [server(&self.source), server(&self.target)].concat();
        spent.into_iter().chain([cpu_time_of_ended(std::process::id())]).flatten().sum()
    }
}

/// The large tables with so many rows in all.
pub(crate) fn large(rows: u64) -> String {
    LARGE.replace("$orders", &(rows / 2).to_string())
}

/// Makes a database with a service's schema anew, and runs statements in it.
pub(crate) fn database(server: &Server, name: &str, sql: &[&str]) -> Result<(), PostgresError> {
    empty(server, name)?;
    server.schema(name)?;
    for sql in sql {
        server.ask(name, sql)?;
    }
    server.settle(name)
}

/// Makes a database anew, with nothing in it.
pub(crate) fn empty(server: &Server, name: &str) -> Result<(), PostgresError> {
    server.ask("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
    server.ask("postgres", &format!("CREATE DATABASE {name}")).map(drop)
}

/// What two databases have to agree in: rows, and that nothing of the schema is lacking.
pub(crate) fn contents(server: &Server, database: &str) -> Result<String, PostgresError> {
    let counts = TABLES.map(|table| format!("(SELECT count(*) FROM {table})")).join(", ");
    let indexes = format!("(SELECT count(*) FROM pg_indexes WHERE schemaname = '{SCHEMA}')");
    let keys = format!("(SELECT count(*) FROM pg_constraint WHERE connamespace = '{SCHEMA}'::regnamespace)");
    server.ask(database, &format!("SELECT concat_ws(', ', {counts}, {indexes}, {keys})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_rows_are_orders() {
        let sql = large(1000);
        assert!(sql.contains("generate_series(1, 500)") && sql.contains("generate_series(1, 500 / 2)"), "{sql}");
        for table in TABLES {
            assert!(sql.contains(&format!("CREATE TABLE {table} (")), "{table}");
        }
    }
}
