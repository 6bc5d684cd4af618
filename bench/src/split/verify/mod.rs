//! `split-verify`: the comparison of both sides, beside checksums of whole tables. In: the program and two databases that hold the same. Out: a
//! report: rows a second, rows a processor second, in which everybody's work on both servers and in clients counts, and whether each of some
//! seeded differences is found (`faults`).

mod faults;
mod load;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use self::faults::{BESIDES, MISSED};
use self::load::ALARMS;
use super::child::{ChildError, finish_reading};
use super::pair::{Pair, TABLES, database, large};
use super::{Common, Error};
use crate::board::{Board, Incomparable, What};
use crate::postgres::{PostgresError, Server};
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::order;

const DATABASE: &str = "shop";
/// A dump that takes longer is a failure.
const LIMIT: Duration = Duration::from_secs(20 * 60);
const ENGINE: &str = "rerp-split";
const AGGREGATE: &str = "md5(string_agg)";
const DUMP: &str = "COPY | md5sum";
const CONTENDERS: [&str; 3] = [ENGINE, AGGREGATE, DUMP];
const RATE: What = What { name: "rows compared a second", unit: "1/s" };
const EACH: What = What { name: "rows compared a processor second", unit: "1/s" };

/// What a reader has to know.
const NOTES: [&str; 6] = [
    "A row counts once, though it is read on both sides. A processor second is one of either server, of the program, or of psql and md5sum.",
    "rerp-split: `verify`, without a migration: ranges of 10,000 to 160,000 keys, count and 64-bit hash. It would name the keys that differ, and compares while rows move.",
    "md5(string_agg): per table one digest of the digests of all rows in the order of the key, on both sides at once. COPY | md5sum: all rows in the order of the key, as text, on both sides at once. Neither says which row differs, and neither can be used while somebody writes.",
    "Both sides hold the same, freshly made, vacuumed and analysed.",
    "Seeded differences: one byte of an order's note, a document that isn't there, a customer who is one too many, all on the target, each time others; ten tries share a comparison. Each try is a figure; all three must be named by their keys, and nothing else.",
    "Keys named while rows move (--loaded-seconds): 16 writers change random orders and add rows, a native subscription carries them, and the comparison runs again and again, with as long a pause as it took. Each comparison is a figure.",
];

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Rows in all, of some 200 bytes
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(100..))]
    rows: u64,
    /// How often a flipped byte, a missing row and an extra row are seeded afterwards, each time elsewhere
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=1000))]
    faults: u64,
    /// For how long to compare, again and again, while writers write, in seconds
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    loaded_seconds: u64,
    /// Their transactions a second, of all together
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let pair = Pair::start(&args.common)?;
    eprintln!("    making {} rows, twice", args.rows);
    let sql = large(args.rows);
    on_both(&pair, |server| database(server, DATABASE, &[&sql]))?;
    let mut board = Board::default();
    for round in args.common.each_round() {
        for contender in order(CONTENDERS.len(), round).into_iter().filter_map(|at| CONTENDERS.get(at).copied()) {
            let (begun, spent) = (Instant::now(), pair.cpu_time());
            compare(args, &pair, contender)?;
            let (took, spent) = (begun.elapsed(), pair.cpu_time().saturating_sub(spent));
            board.add(contender, RATE, args.rows as f64 / took.as_secs_f64());
            board.add(contender, EACH, args.rows as f64 / spent.as_secs_f64().max(0.01));
        }
    }
    faults::seed(&args.common, &pair, args.rows, args.faults, &mut board)?;
    load::compare(args, &pair, &mut board)?;
    let loaded =
        (args.loaded_seconds > 0).then_some([("loaded-seconds", args.loaded_seconds), ("rate", args.rate.into())]);
    let command = [("rows", args.rows), ("faults", args.faults)].into_iter().chain(loaded.into_iter().flatten());
    Ok(Report {
        bench: "split-verify",
        ended: seconds_now(),
        command: args.common.command("split-verify", &command.collect::<Vec<_>>()),
        machine: Machine::look(None),
        versions: BTreeMap::from([("postgres".to_owned(), pair.source.description()?)]),
        settings: json!({"rounds": args.common.rounds, "rows": args.rows, "faults": args.faults, "loadedSeconds": args.loaded_seconds, "rate": args.rate}),
        findings: findings(&board)?,
        left_out: BTreeMap::new(),
        notes: NOTES.to_vec(),
    })
}

/// Compares everything, and finds it the same.
fn compare(args: &Args, pair: &Pair, contender: &'static str) -> Result<(), Error> {
    let [here, there] = match contender {
        // It fails if anything differs.
        ENGINE => return Ok(pair.tool(&args.common, DATABASE).run("verify", &[]).map(drop)?),
        AGGREGATE => on_both(pair, aggregate)?,
        _ => on_both(pair, dump)?,
    };
    if here == there { Ok(()) } else { Err(Error::NotProved { who: contender, got: there, expected: here }) }
}

fn aggregate(server: &Server) -> Result<String, PostgresError> {
    let each = TABLES.map(|table| {
        format!("SELECT '{table}' AS part, md5(string_agg(md5(t::text), '' ORDER BY id)) FROM {table} AS t")
    });
    // Several tables may be read at once, so whose digest comes first is not said.
    server.ask(DATABASE, &format!("SELECT * FROM ({}) AS digests ORDER BY part", each.join(" UNION ALL ")))
}

fn dump(server: &Server) -> Result<String, ChildError> {
    let mut digests = String::new();
    for table in TABLES {
        let mut psql = server.client("psql", "postgres");
        psql.args(["-X", "-q", "-d", DATABASE, "-c"])
            .arg(format!("COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT"));
        let failed = |source| ChildError::Run { program: "psql".to_owned(), source };
        let mut dump = psql.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let from = dump.stdout.take().map_or_else(Stdio::null, Stdio::from);
        let summed = finish_reading(Command::new("md5sum"), from, LIMIT);
        if summed.is_err() {
            dump.kill().map_err(failed)?;
        }
        let status = dump.wait().map_err(failed)?;
        digests.extend(summed?.lines.into_iter().map(|(_, line)| line));
        if !status.success() {
            return Err(ChildError::Failed { program: "psql".to_owned(), status, words: String::new() });
        }
    }
    Ok(digests)
}

/// The same on both servers at once.
fn on_both<T: Send, E: Send>(pair: &Pair, work: impl Fn(&Server) -> Result<T, E> + Sync) -> Result<[T; 2], Error>
where
    Error: From<E>,
{
    let (here, there) = thread::scope(|scope| {
        let there = scope.spawn(|| work(&pair.target));
        (work(&pair.source), there.join())
    });
    match there {
        Ok(there) => Ok([here?, there?]),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn findings(board: &Board) -> Result<Vec<Finding>, Incomparable> {
    let goal = |who: &str, what: What| match what {
        EACH if who == ENGINE => Some(Goal::AtLeast(500_000.0)),
        MISSED | BESIDES | ALARMS => Some(Goal::AtMost(0.0)),
        _ => None,
    };
    let mut all = board.figures(goal);
    for what in [RATE, EACH] {
        for peer in [AGGREGATE, DUMP] {
            all.push(board.ratio(ENGINE, peer, what, None)?);
        }
    }
    Ok(all)
}
