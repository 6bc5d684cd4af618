//! `pgbench`, PostgreSQL's own benchmark. In: a script, clients and a time. Out: transactions a second.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::server::{SCHEMA, finish};
use super::{PostgresError, Server};

/// How statements are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Each statement is prepared once and then executed: what drivers do.
    Prepared,
    /// As text. Several in one message go this way alone.
    Simple,
}

/// A script and how it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script<'a> {
    /// Names its file.
    pub(crate) name: &'static str,
    /// In pgbench's language.
    pub(crate) text: &'a str,
    /// How.
    pub(crate) protocol: Protocol,
}

/// How much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pgbench<'a> {
    /// Where.
    pub(crate) database: &'a str,
    /// As whom.
    pub(crate) user: &'a str,
    /// What each connection says as it opens, beside where its tables are: `-cname=value`, or nothing.
    pub(crate) options: &'a str,
    /// Connections, each with one transaction at a time.
    pub(crate) clients: u32,
    /// For how long.
    pub(crate) time: Duration,
    /// Values that the script uses.
    pub(crate) values: &'a [(&'a str, String)],
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Carried {
    /// Transactions a second, connecting left out.
    pub(crate) per_second: f64,
}

impl Pgbench<'_> {
    /// Runs a script until the time is over. A transaction that fails ends it.
    pub(crate) fn run(&self, server: &Server, script: Script<'_>) -> Result<Carried, PostgresError> {
        let path = Self::write(server, script)?;
        let mode = match script.protocol {
            Protocol::Prepared => "prepared",
            Protocol::Simple => "simple",
        };
        let mut pgbench = server.client("pgbench", self.user);
        pgbench.env("PGOPTIONS", format!("-csearch_path={SCHEMA} {}", self.options));
        pgbench.args(["--no-vacuum", "--protocol", mode, "--jobs", "1"]);
        pgbench.arg("--client").arg(self.clients.to_string()).arg("--time").arg(self.time.as_secs().max(1).to_string());
        for (name, value) in self.values {
            pgbench.arg("--define").arg(format!("{name}={value}"));
        }
        let output = finish(pgbench.arg("--file").arg(path).arg(self.database))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        read(&text).ok_or(PostgresError::Unreadable(text))
    }

    fn write(server: &Server, script: Script<'_>) -> Result<PathBuf, PostgresError> {
        let path = server.dir().join(format!("{}.sql", script.name));
        fs::write(&path, script.text).map_err(|source| PostgresError::Files { path: path.clone(), source })?;
        Ok(path)
    }
}

/// What it says at its end.
fn read(text: &str) -> Option<Carried> {
    let value =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    // Older versions don't say that nothing failed; with those a failed statement ends the client, and pgbench says so by its status.
    if value("number of failed transactions: ").is_some_and(|failed: f64| failed > 0.0) {
        return None;
    }
    value("tps = ").map(|per_second| Carried { per_second })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "pgbench (15.14 (Debian 15.14-0+deb12u1))
transaction type: upsert.sql
scaling factor: 1
query mode: prepared
number of clients: 8
number of threads: 1
maximum number of tries: 1
duration: 4 s
number of transactions actually processed: 193600
number of failed transactions: 0 (0.000%)
latency average = 0.165 ms
initial connection time = 21.013 ms
tps = 48400.123456 (without initial connection time)
";

    #[test]
    fn what_it_says_is_read() {
        assert_eq!(read(SAID), Some(Carried { per_second: 48_400.123_456 }));
        let older = SAID.replace("number of failed transactions: 0 (0.000%)\n", "");
        assert_eq!(read(&older), read(SAID));
    }

    #[test]
    fn a_run_with_failures_is_no_figure() {
        assert_eq!(read(&SAID.replace(": 0 (0.000%)", ": 12 (0.006%)")), None);
        assert_eq!(read("pgbench: error: connection to server failed"), None);
    }
}
