//! `upsert`: identity's upsert of addresses, asked over HTTP, beside `pgbench` with the same statement on the same server. In:
//! programs. Out: a report, for addresses that are known and for new ones.
//!
//! The service has as many connections to the database as `pgbench` has clients. What it does with them, one statement for each request or
//! one for many, is its own business: an answer counts when it is there, and then the row is committed.

mod requests;

use std::collections::BTreeMap;
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::args::Common;
use crate::board::{Board, Incomparable, What};
use crate::load::{Closed, LoadError, closed};
use crate::postgres::{Pgbench, PostgresError, Protocol, SCHEMA, Script, Server};
use crate::process::{Process, ProcessError, free_address};
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::order;
use requests::Requests;

const DATABASE: &str = "identity";
/// Time at the beginning of a measurement of ours that doesn't count.
const WARM_UP: Duration = Duration::from_secs(1);
/// Numbers that new addresses are made of: nobody meets one twice.
const ENDLESS: u64 = 900_000_000_000_000_000;

const KNOWN: What = What { name: "known addresses a second", unit: "1/s" };
const NEW: What = What { name: "new addresses a second", unit: "1/s" };
const KNOWN_P50: What = What { name: "p50 of known addresses", unit: "ms" };
const KNOWN_P99: What = What { name: "p99 of known addresses", unit: "ms" };
const NEW_P50: What = What { name: "p50 of new addresses", unit: "ms" };
const NEW_P99: What = What { name: "p99 of new addresses", unit: "ms" };

/// What a reader has to know.
const NOTES: [&str; 5] = [
    "rerp-32 and rerp-256: the service over HTTP with so many callers that are never idle; its pool has as many connections as pgbench has clients. The client, the service and PostgreSQL share the machine's cores, so do pgbench and PostgreSQL.",
    "pgbench-upsert: INSERT … ON CONFLICT DO NOTHING with the read in one statement; pgbench-told: the same with the event that a new address is told by, as the service writes it. Known addresses are judged by the first, new ones, which are told, by the second.",
    "pgbench-update: ON CONFLICT DO UPDATE. pgbench-read: the read by itself, less than which no statement for each request can cost.",
    "pgbench sends prepared statements as the superuser, whom no policy of row level security slows down; the service serves as its role does on a platform, without TLS to PostgreSQL as pgbench.",
    "Durable: fsync is on. Between measurements what was new is deleted, tables are vacuumed, and a checkpoint is made; autovacuum is off meanwhile.",
];

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Folder of PostgreSQL's programs; by default the newest of this machine
    #[arg(long, value_name = "FOLDER")]
    postgres: Option<PathBuf>,
    /// Connections to the database, of the service and of pgbench
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    connections: u32,
    /// Addresses that are known before
    #[arg(long, default_value_t = 200_000)]
    rows: u64,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no database to measure with")]
    Postgres(#[from] PostgresError),
    #[error("the service doesn't run")]
    Service(#[from] ProcessError),
    #[error("measuring {name}")]
    Measure { name: &'static str, source: LoadError },
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
}

/// Who is measured.
#[derive(Debug, Clone, Copy)]
enum Contender {
    /// The service, with so many callers.
    Ours(&'static str, usize),
    /// `pgbench` with a script.
    Peer(Script<'static>),
}

const fn peer(name: &'static str, text: &'static str) -> Contender {
    Contender::Peer(Script { name, text, protocol: Protocol::Prepared })
}

const UPSERT: Contender = peer("pgbench-upsert", include_str!("../../sql/upsert.sql"));
const TOLD: Contender = peer("pgbench-told", include_str!("../../sql/upsert-told.sql"));
const UPDATE: Contender = peer("pgbench-update", include_str!("../../sql/upsert-update.sql"));
const READ: Contender = peer("pgbench-read", include_str!("../../sql/read.sql"));
const FEW: Contender = Contender::Ours("rerp-32", 32);
const MANY: Contender = Contender::Ours("rerp-256", 256);
/// Who takes part with addresses that are known.
static WITH_KNOWN: [Contender; 5] = [FEW, UPSERT, MANY, READ, UPDATE];
/// Who takes part with new ones.
static WITH_NEW: [Contender; 4] = [FEW, TOLD, MANY, UPSERT];

/// Everything a measurement needs.
struct Scene<'a> {
    args: &'a Args,
    server: &'a Server,
    service: SocketAddr,
    requests: Requests,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let server = Server::start(args.postgres.as_deref())?;
    let program = args.common.place.program("rerp-identity");
    server.migrated(DATABASE, &program)?;
    let known = "INSERT INTO email_addresses (id, email) SELECT gen_random_uuid(), 'known' || n || '@bench.example'";
    server.ask(DATABASE, &format!("{known} FROM generate_series(1, {}) AS n", args.rows))?;
    let (service, process) = serve(args, &server)?;
    let mut scene = Scene { args, server: &server, service, requests: Requests::new(args.rows) };
    let mut board = Board::default();
    for round in args.common.each_round() {
        eprintln!("    round {} of {}", round + 1, args.common.rounds);
        for contender in order(WITH_KNOWN.len(), round).into_iter().filter_map(|at| WITH_KNOWN.get(at)) {
            scene.known(*contender, &mut board)?;
        }
        for contender in order(WITH_NEW.len(), round).into_iter().filter_map(|at| WITH_NEW.get(at)) {
            scene.fresh(*contender, &mut board)?;
        }
    }
    // Its connections would hold up the server's end.
    drop(process);
    Ok(Report {
        bench: "upsert",
        ended: seconds_now(),
        command: args.common.command("upsert"),
        machine: Machine::look(None),
        versions: BTreeMap::from([("postgres".to_owned(), server.description()?)]),
        settings: json!({
            "rounds": args.common.rounds, "seconds": args.common.seconds, "connections": args.connections, "rows": args.rows,
        }),
        findings: findings(&board)?,
        left_out: BTreeMap::new(),
        notes: NOTES.to_vec(),
    })
}

/// The service as it is deployed, but for certificates and the bus: what it tells is written down and goes nowhere.
fn serve(args: &Args, server: &Server) -> Result<(SocketAddr, Process), Error> {
    let (at, admin) = (free_address()?, free_address()?);
    let binding = server.binding("serving", &server.app_url(DATABASE))?;
    let mut command = Command::new(args.common.place.program("rerp-identity"));
    command.arg("serve").env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    command.env("RERP_HTTP_ADDR", at.to_string()).env("RERP_ADMIN_ADDR", admin.to_string());
    command.env("RERP_DATABASE_DIR", binding).env("RERP_DRAIN_DELAY", "0s").env("RERP_LOG_FORMAT", "text");
    command.env("RERP_DATABASE_MIN_CONNECTIONS", args.connections.to_string());
    command.env("RERP_DATABASE_MAX_CONNECTIONS", args.connections.to_string());
    let mut process = Process::start("identity", command, server.dir())?;
    process.wait_for(at)?;
    Ok((at, process))
}

impl Scene<'_> {
    /// One contender's part of a round with addresses that are known.
    fn known(&mut self, contender: Contender, board: &mut Board) -> Result<(), Error> {
        self.server.settle(DATABASE)?;
        let rows = self.args.rows;
        match contender {
            Contender::Ours(name, callers) => {
                let ask = self.requests.known();
                let carried = self.ours(name, callers, ask)?;
                board.add(name, KNOWN, carried.per_second);
                board.add(name, KNOWN_P50, carried.p50_ms);
                board.add(name, KNOWN_P99, carried.p99_ms);
            }
            Contender::Peer(script) => board.add(script.name, KNOWN, self.peer(script, "known", rows)?),
        }
        Ok(())
    }

    /// The same with new ones, which are gone before the next one's turn.
    fn fresh(&mut self, contender: Contender, board: &mut Board) -> Result<(), Error> {
        self.server.ask(DATABASE, &format!("TRUNCATE {SCHEMA}.outbox"))?;
        self.server.ask(DATABASE, "DELETE FROM email_addresses WHERE email NOT LIKE 'known%'")?;
        self.server.settle(DATABASE)?;
        match contender {
            Contender::Ours(name, callers) => {
                let ask = self.requests.fresh();
                let carried = self.ours(name, callers, ask)?;
                board.add(name, NEW, carried.per_second);
                board.add(name, NEW_P50, carried.p50_ms);
                board.add(name, NEW_P99, carried.p99_ms);
            }
            Contender::Peer(script) => board.add(script.name, NEW, self.peer(script, "new", ENDLESS)?),
        }
        Ok(())
    }

    fn ours(
        &self,
        name: &'static str,
        connections: usize,
        ask: impl Fn(u64, &mut Vec<u8>) + Clone + Send + 'static,
    ) -> Result<crate::load::Carried, Error> {
        let plan = Closed { at: self.service, connections, warm_up: WARM_UP, time: self.args.common.time() };
        closed(plan, None, ask).map_err(|source| Error::Measure { name, source })
    }

    fn peer(&self, script: Script<'_>, kind: &str, most: u64) -> Result<f64, PostgresError> {
        let values = [("kind", kind.to_owned()), ("most", most.to_string())];
        let (clients, time) = (self.args.connections, self.args.common.time());
        let pgbench = Pgbench { database: DATABASE, user: "postgres", options: "", clients, time, values: &values };
        Ok(pgbench.run(self.server, script)?.per_second)
    }
}

/// Figures, and ours over each other one's.
fn findings(board: &Board) -> Result<Vec<Finding>, Incomparable> {
    let mut all = board.figures(|who, what| (who == "rerp-256" && what == NEW_P99).then_some(Goal::AtMost(20.0)));
    for who in ["rerp-32", "rerp-256"] {
        all.push(board.ratio(who, "pgbench-upsert", KNOWN, Some(Goal::AtLeast(1.1)))?);
        all.push(board.ratio(who, "pgbench-read", KNOWN, None)?);
        all.push(board.ratio(who, "pgbench-update", KNOWN, None)?);
        all.push(board.ratio(who, "pgbench-told", NEW, Some(Goal::AtLeast(2.0)))?);
        all.push(board.ratio(who, "pgbench-upsert", NEW, None)?);
    }
    Ok(all)
}
