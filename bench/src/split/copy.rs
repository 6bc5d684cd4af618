//! `split-copy`: the engine's base copy with indexes, beside a native subscription with an initial copy and pgcopydb. In: programs. Out: a
//! report.
//!
//! Everybody begins with a full source and an empty database, and ends when all rows, indexes, keys and statistics are on the target; what
//! is there is compared before it counts. The source is made once, and nobody writes to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::child::finish;
use super::pair::{Pair, TABLES, contents, database, empty, large};
use super::{Common, Error, native};
use crate::board::{Board, Incomparable, What};
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::order;

const DATABASE: &str = "shop";
/// Workers of everybody: as many as the engine has by default.
const WORKERS: &str = "4";
/// A copy of pgcopydb that takes longer is a failure.
const LIMIT: Duration = Duration::from_secs(20 * 60);

const ENGINE: &str = "rerp-split";
const NATIVE: &str = "subscription";
const PGCOPYDB: &str = "pgcopydb";
const READY: What = What { name: "until everything is there", unit: "s" };
const RATE: What = What { name: "tables copied, indexes and all", unit: "MB/s" };
const ROWS_RATE: What = What { name: "rows alone", unit: "MB/s" };

/// What a reader has to know.
const NOTES: [&str; 5] = [
    "Everybody goes from an empty database to all rows, indexes, keys and statistics, programs' starts included. A round's ratio is the other one's time over ours.",
    "MB/s: size of tables and TOAST on the source, without indexes, over that whole time; \"rows alone\" over the engine's phase Copy.",
    "rerp-split: `run --advance-to CatchUp`: checks, schema, copy, indexes, and a stream that has caught up. subscription: pg_dump of the schema, indexes included as it comes, CREATE SUBSCRIPTION (copy_data), until each table is ready, ANALYZE. pgcopydb: `clone`, which makes no stream, with its own VACUUM ANALYZE.",
    "Four workers each: rerp-split's default; max_sync_workers_per_subscription (2 by default); pgcopydb's --table-jobs and --index-jobs, tables above 64 MB in parts.",
    "Durable: fsync is on. Both servers and the clients share the machine's cores and its disk. Before each measurement both servers make a checkpoint.",
];

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Rows in all, of some 200 bytes
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(100..))]
    rows: u64,
    /// The program pgcopydb; without it pgcopydb is left out
    #[arg(long, value_name = "PROGRAM")]
    pgcopydb: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let pair = Pair::start(&args.common)?;
    eprintln!("    making {} rows", args.rows);
    database(&pair.source, DATABASE, &[&large(args.rows)])?;
    let size = size(&pair)?;
    let mut contenders = vec![ENGINE, NATIVE];
    contenders.extend(args.pgcopydb.as_ref().map(|_| PGCOPYDB));
    let mut board = Board::default();
    for round in args.common.each_round() {
        for contender in order(contenders.len(), round).into_iter().filter_map(|at| contenders.get(at).copied()) {
            empty(&pair.target, DATABASE)?;
            pair.settle()?;
            let begun = Instant::now();
            let rows_alone = copy(args, &pair, contender)?;
            let took = begun.elapsed().as_secs_f64();
            prove(&pair, contender)?;
            end(args, &pair, contender)?;
            board.add(contender, READY, took);
            board.add(contender, RATE, size / took);
            if let Some(rows_alone) = rows_alone {
                board.add(contender, ROWS_RATE, size / rows_alone.as_secs_f64());
            }
        }
    }
    Ok(Report {
        bench: "split-copy",
        ended: seconds_now(),
        command: args.common.command("split-copy", &[("rows", args.rows)]),
        machine: Machine::look(None),
        versions: versions(args, &pair)?,
        settings: json!({"rounds": args.common.rounds, "rows": args.rows, "megabytes": size, "workers": WORKERS}),
        findings: findings(&board)?,
        left_out: left_out(args),
        notes: NOTES.to_vec(),
    })
}

/// Copies everything. Out: how long the rows alone took, where that is told.
fn copy(args: &Args, pair: &Pair, contender: &str) -> Result<Option<Duration>, Error> {
    match (contender, &args.pgcopydb) {
        (ENGINE, _) => {
            let told = pair.tool(&args.common, DATABASE).run("run", &["--advance-to", "CatchUp"])?;
            // A phase that lasts for an instant isn't told.
            let (begun, ended) = (told.entered("Copy").ok(), told.entered("CatchUp").ok());
            return Ok(begun.zip(ended).map(|(begun, ended)| ended.duration_since(begun)));
        }
        (PGCOPYDB, Some(program)) => finish(clone(pair, program), LIMIT).map(drop)?,
        _ => native::copy(pair, DATABASE)?,
    }
    Ok(None)
}

fn clone(pair: &Pair, program: &Path) -> Command {
    let mut clone = Command::new(program);
    clone.arg("clone").arg("--source").arg(pair.source.admin_url(DATABASE));
    clone.arg("--target").arg(pair.target.admin_url(DATABASE));
    clone.args(["--table-jobs", WORKERS, "--index-jobs", WORKERS, "--split-tables-larger-than", "64 MB"]);
    // What an earlier round has left is no concern of this one.
    clone.arg("--restart").arg("--dir").arg(pair.target.dir().join("pgcopydb"));
    clone.args(["--skip-large-objects", "--skip-extensions"]);
    // It calls pg_dump and pg_restore by their names.
    let bin = pair.source.program("");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap_or(path);
    clone.env("PATH", path);
    clone
}

fn prove(pair: &Pair, who: &'static str) -> Result<(), Error> {
    let (expected, got) = (contents(&pair.source, DATABASE)?, contents(&pair.target, DATABASE)?);
    if got == expected { Ok(()) } else { Err(Error::NotProved { who, got, expected }) }
}

/// Takes back what isn't rows.
fn end(args: &Args, pair: &Pair, contender: &str) -> Result<(), Error> {
    match contender {
        ENGINE => pair.tool(&args.common, DATABASE).run("abort", &[]).map(drop)?,
        NATIVE => native::end(pair, DATABASE)?,
        _ => {}
    }
    Ok(())
}

/// Megabytes of tables with their TOAST.
fn size(pair: &Pair) -> Result<f64, Error> {
    let sizes = TABLES.map(|table| format!("pg_table_size('{table}')")).join(" + ");
    let bytes = pair.source.ask(DATABASE, &format!("SELECT {sizes}"))?;
    let expected = "a number".to_owned();
    bytes.parse().map(|bytes: f64| bytes / 1e6).map_err(|_| Error::NotProved {
        who: "the source",
        got: bytes,
        expected,
    })
}

fn findings(board: &Board) -> Result<Vec<Finding>, Incomparable> {
    let mut all = board.figures(|who, what| (who == ENGINE && what == RATE).then_some(Goal::AtLeast(100.0)));
    all.push(board.ratio(NATIVE, ENGINE, READY, Some(Goal::AtLeast(3.0)))?);
    if board.has(PGCOPYDB, READY) {
        all.push(board.ratio(PGCOPYDB, ENGINE, READY, Some(Goal::AtLeast(1.0)))?);
    }
    Ok(all)
}

fn versions(args: &Args, pair: &Pair) -> Result<BTreeMap<String, String>, Error> {
    let mut versions = BTreeMap::from([("postgres".to_owned(), pair.source.description()?)]);
    if let Some(program) = &args.pgcopydb {
        let mut ask = Command::new(program);
        ask.arg("--version");
        let said = finish(ask, LIMIT)?;
        let line = said.lines.first().map(|(_, line)| line.clone()).unwrap_or_default();
        versions.insert(PGCOPYDB.to_owned(), line);
    }
    Ok(versions)
}

fn left_out(args: &Args) -> BTreeMap<String, String> {
    let reason = "Debian's package isn't installed, and --pgcopydb names no program";
    let none = args.pgcopydb.is_none().then(|| (PGCOPYDB.to_owned(), reason.to_owned()));
    none.into_iter().collect()
}
