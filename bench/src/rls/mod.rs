//! `rls`: what row level security costs. In: services' programs, for their schemas. Out: a report: queries of services with their policies beside
//! the same on a copy of the same database, where the policies are off.
//!
//! A person's query is a transaction that says for whom it is; a service's own work says so once for each connection and is a statement alone.
//! Each is measured with policies and without. What a person's query costs in all is its transaction with policies over the statement alone without.

mod case;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::args::Common;
use crate::board::{Board, Incomparable};
use crate::postgres::{Pgbench, PostgresError, Protocol, SCHEMA, Script, Server};
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::order;
use case::{CASES, Case, FIRST, Form, last};

/// At most so many times what it costs without.
const MOST: f64 = 1.35;
/// The role that serves: policies bind it.
const APP: &str = "svc_app_a";
/// What connections of a service say as they open.
const AT_WORK: &str = "-crerp.work=on";

const PERSON: &str = "person";
const PERSON_WITHOUT: &str = "person, without";
const WORK: &str = "own work";
const WORK_WITHOUT: &str = "own work, without";
const MESSAGE: &str = "person, one message";

/// Who is measured: database and form.
static CONTENDERS: [(&str, Side, Form); 5] = [
    (PERSON, Side::Secured, Form::Transaction),
    (WORK_WITHOUT, Side::Plain, Form::Alone),
    (PERSON_WITHOUT, Side::Plain, Form::Transaction),
    (WORK, Side::Secured, Form::Alone),
    (MESSAGE, Side::Secured, Form::Message),
];

/// What a reader has to know.
const NOTES: [&str; 5] = [
    "person: as services ask in somebody's name, in a transaction that says for whom it is (for accounts also which ones the person reaches), in three messages. own work: the statement alone, on a connection that said so when it opened. Statements are prepared in every form.",
    "without: the same on a copy of the database with row level security off. person against `person, without`: the policies alone; own work against `own work, without`: the same where no transaction is needed.",
    "person against `own work, without`: everything that comes with row level security, the two waits of the transaction included, over the statement as it was sent before there were policies.",
    "person, one message: what would be left to pay if nobody waited within the transaction, as a pipelining driver can.",
    "Times are those of one transaction at this many clients (clients over transactions a second); clients and server share the machine's cores. The insert waits for the disk in every form.",
];

/// Where a query is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// As migrations left it.
    Secured,
    /// A copy with policies off.
    Plain,
}

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Folder of PostgreSQL's programs; by default the newest of this machine
    #[arg(long, value_name = "FOLDER")]
    postgres: Option<PathBuf>,
    /// Clients of pgbench
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    clients: u32,
    /// Persons with rows
    #[arg(long, default_value_t = 100_000)]
    persons: u64,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no database to measure with")]
    Postgres(#[from] PostgresError),
    #[error("the table {table} of {service} has no policy: there is nothing to compare")]
    NoPolicy { service: &'static str, table: &'static str },
    #[error("{what}: {got} rows of {table} are seen; expected {expected}")]
    NotProved { what: &'static str, table: &'static str, got: String, expected: u64 },
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let server = Server::start(args.postgres.as_deref())?;
    for case in CASES {
        if let Some(rows) = case.rows(args.persons) {
            prepare(args, &server, case, &rows)?;
            prove(args, &server, case)?;
        }
    }
    let mut board = Board::default();
    for round in args.common.each_round() {
        eprintln!("    round {} of {}", round + 1, args.common.rounds);
        for case in CASES {
            for contender in order(CONTENDERS.len(), round).into_iter().filter_map(|at| CONTENDERS.get(at)) {
                let (name, side, form) = *contender;
                board.add(name, case.what, measure(args, &server, case, side, form)?);
            }
        }
    }
    Ok(Report {
        bench: "rls",
        ended: seconds_now(),
        command: args.common.command("rls"),
        machine: Machine::look(None),
        versions: BTreeMap::from([("postgres".to_owned(), server.description()?)]),
        settings: json!({
            "rounds": args.common.rounds, "seconds": args.common.seconds, "clients": args.clients, "persons": args.persons,
        }),
        findings: findings(&board)?,
        left_out: BTreeMap::new(),
        notes: NOTES.to_vec(),
    })
}

/// The database of a service with rows in it, and its copy.
fn prepare(args: &Args, server: &Server, case: Case, rows: &str) -> Result<(), Error> {
    let (service, plain) = (case.service, Side::Plain.database(case));
    server.migrated(service, &args.common.place.program(&format!("rerp-{service}")))?;
    let table = case.table;
    let policies = format!("SELECT count(*) FROM pg_policies WHERE schemaname = '{SCHEMA}' AND tablename = '{table}'");
    if server.ask(service, &policies)? == "0" {
        return Err(Error::NoPolicy { service, table });
    }
    server.ask(service, rows)?;
    server.ask("postgres", &format!("CREATE DATABASE {plain} TEMPLATE {service}"))?;
    server.ask(&plain, include_str!("../../sql/policies-off.sql"))?;
    for side in [Side::Secured, Side::Plain] {
        server.settle(&side.database(case))?;
    }
    Ok(())
}

/// Makes sure that policies hide on one side, and show there what is somebody's, and that the other side has none.
fn prove(args: &Args, server: &Server, case: Case) -> Result<(), Error> {
    let count = format!("SELECT count(*) FROM {}", case.table);
    let named = format!("{}; {count}; COMMIT", case.begin(&FIRST.to_string(), ";"));
    for (what, side, sql, expected) in [
        ("policies, for nobody", Side::Secured, &count, 0),
        ("policies, for a person", Side::Secured, &named, case.each),
        ("without", Side::Plain, &count, case.each * args.persons),
    ] {
        let said = server.ask_as(APP, &side.database(case), sql)?;
        // What a transaction notes as it begins is shown before.
        let got = said.lines().last().unwrap_or_default().to_owned();
        if got != expected.to_string() {
            return Err(Error::NotProved { what, table: case.table, got, expected });
        }
    }
    Ok(())
}

/// Microseconds of a transaction.
fn measure(args: &Args, server: &Server, case: Case, side: Side, form: Form) -> Result<f64, PostgresError> {
    let (database, text) = (side.database(case), case.script(form));
    let values = [("first", "1".to_owned()), ("last", last(args.persons).to_string())];
    let (clients, time) = (args.clients, args.common.time());
    let pgbench = Pgbench { database: &database, user: APP, options: AT_WORK, clients, time, values: &values };
    let carried = pgbench.run(server, Script { name: "rls", text: &text, protocol: Protocol::Simple })?;
    Ok(f64::from(clients) * 1e6 / carried.per_second)
}

/// Times, and how many times as long it takes with policies.
fn findings(board: &Board) -> Result<Vec<Finding>, Incomparable> {
    let mut all = board.figures(|_, _| None);
    for Case { what, .. } in CASES {
        for (who, against) in [(PERSON, PERSON_WITHOUT), (WORK, WORK_WITHOUT), (PERSON, WORK_WITHOUT)] {
            all.push(board.ratio(who, against, what, Some(Goal::AtMost(MOST)))?);
        }
        all.push(board.ratio(MESSAGE, WORK_WITHOUT, what, None)?);
    }
    Ok(all)
}

impl Side {
    fn database(self, case: Case) -> String {
        match self {
            Self::Secured => case.service.to_owned(),
            Self::Plain => format!("{}_plain", case.service),
        }
    }
}
