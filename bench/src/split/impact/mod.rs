//! `split-impact`: what writers feel while their tables are copied, and after they have moved; and whether queries are planned as before. In:
//! the program and two servers. Out: a report, with a native subscription's copy beside it.

mod plans;

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Runtime;
use tokio_postgres::Config;

use super::pair::{CHANGE, Pair, WRITTEN, database, empty, large};
use super::writers::{Following, Load, Route, Writers, runtime};
use super::{Common, Error, native};
use crate::board::{Board, Incomparable, What};
use crate::postgres::Server;
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::order;

const BASE: &str = "base";
const DATABASE: &str = "shop";
const BEFORE: &str = "before";
const COPYING: &str = "while rerp-split copies";
const COMPARING: &str = "while it compares";
const SWITCHED: &str = "after the switch";
const NATIVE_BEFORE: &str = "before a subscription";
const NATIVE_COPYING: &str = "while a subscription copies";
const RATE: What = What { name: "transactions a second", unit: "1/s" };
const P50: What = What { name: "p50 of a transaction", unit: "ms" };
const P99: What = What { name: "p99 of a transaction", unit: "ms" };
const OTHER: What = What { name: "statements planned otherwise", unit: "of all" };
/// Time at the beginning, and after the switch, that doesn't count.
const WARM_UP: Duration = Duration::from_secs(1);
/// The most that p99 may be of what it was.
const MOST: f64 = 1.2;

/// What a reader has to know.
const NOTES: [&str; 5] = [
    "Writers change random rows of the largest table that moves, at a rate of their own; what was due while the last answer was awaited counts from when it was due.",
    "while rerp-split copies: from the beginning of Copy until rows, indexes and keys are there and the stream has caught up; it copies as fast as it can unless --bytes-per-second bounds it. while a subscription copies: from pg_dump of the schema to ANALYZE.",
    "Both servers, the copy and the writers share the machine's cores and its disk: on a platform the servers have machines of their own.",
    "Ratios are of the same round and of the same writers: p99 meanwhile over p99 before.",
    "Plans: EXPLAIN of a set of statements on the source before anything was done and on the target after the switch; kinds of nodes, tables, indexes and joins have to be the same. Those that aren't are printed.",
];

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Seconds before, and seconds after the switch
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Rows in all, of some 200 bytes
    #[arg(long, default_value_t = 1_500_000, value_parser = clap::value_parser!(u64).range(100..))]
    rows: u64,
    /// Writers
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    writers: u32,
    /// Transactions a second, of all writers together
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Bounds the engine's copy, in bytes a second
    #[arg(long)]
    bytes_per_second: Option<u64>,
    /// Slows the engine's copy down while a commit on the source takes longer, in milliseconds
    #[arg(long)]
    writer_latency_ms: Option<u64>,
    /// How many sessions of the engine copy, and build indexes, at a time; its own default otherwise
    #[arg(long)]
    copy_workers: Option<u64>,
}

impl Args {
    /// What bounds the engine's copy: this command's option, the engine's, and the bound.
    fn bounds(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let bounds = [
            ("bytes-per-second", "copy-max-bytes-per-second", self.bytes_per_second),
            ("writer-latency-ms", "copy-max-writer-latency-ms", self.writer_latency_ms),
            ("copy-workers", "copy-workers", self.copy_workers),
        ];
        bounds.into_iter().filter_map(|(ours, engines, bound)| Some((ours, engines, bound?)))
    }
}

/// Everything a measurement needs.
struct Scene<'a> {
    args: &'a Args,
    pair: &'a Pair,
    runtime: &'a Runtime,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let runtime = runtime().map_err(Error::Runtime)?;
    let pair = Pair::start(&args.common)?;
    eprintln!("    making {} rows", args.rows);
    database(&pair.source, BASE, &[&large(args.rows), WRITTEN])?;
    let scene = Scene { args, pair: &pair, runtime: &runtime };
    let mut board = Board::default();
    for round in args.common.each_round() {
        for contender in order(2, round) {
            if contender == 0 { scene.split(&mut board)? } else { scene.subscribed(&mut board)? }
        }
    }
    let command =
        [("seconds", args.seconds), ("rows", args.rows), ("writers", args.writers.into()), ("rate", args.rate.into())];
    let command: Vec<(&str, u64)> =
        command.into_iter().chain(args.bounds().map(|(name, _, bound)| (name, bound))).collect();
    Ok(Report {
        bench: "split-impact",
        ended: seconds_now(),
        command: args.common.command("split-impact", &command),
        machine: Machine::look(None),
        versions: BTreeMap::from([("postgres".to_owned(), pair.source.description()?)]),
        settings: json!({
            "rounds": args.common.rounds, "seconds": args.seconds, "rows": args.rows, "writers": args.writers, "rate": args.rate,
            "bytesPerSecond": args.bytes_per_second, "writerLatencyMs": args.writer_latency_ms, "copyWorkers": args.copy_workers, "statements": plans::STATEMENTS.len(),
        }),
        findings: findings(&board)?,
        left_out: BTreeMap::new(),
        notes: NOTES.to_vec(),
    })
}

impl Scene<'_> {
    /// The engine: before, meanwhile, after.
    fn split(&self, board: &mut Board) -> Result<(), Error> {
        self.reset()?;
        let planned = plans::shapes(&self.pair.source, DATABASE)?;
        let tool = self.pair.tool(&self.args.common, DATABASE);
        let writers = self.writers(Following::Owner)?;
        self.calm(&writers, board, BEFORE)?;
        let bounds: Vec<String> = self.args.bounds().map(|(_, name, bound)| format!("--{name}={bound}")).collect();
        let run = |to| {
            let more = ["--advance-to", to].into_iter().chain(bounds.iter().map(String::as_str));
            tool.run("run", &more.collect::<Vec<_>>())
        };
        let begun = Instant::now();
        let told = run("ReadyForCutover")?;
        // What lasts for an instant isn't told.
        let copied = told.entered("Verify").unwrap_or_else(|_| Instant::now());
        felt(&writers, board, COPYING, told.entered("Copy").unwrap_or(begun), copied)?;
        if let Ok(compared) = told.entered("ReadyForCutover") {
            // There may have been too little to compare.
            let _ = felt(&writers, board, COMPARING, copied, compared);
        }
        writers.rehearse();
        run("Observe")?;
        self.calm(&writers, board, SWITCHED)?;
        writers.stop(self.runtime)?;
        let now = plans::shapes(&self.pair.target, DATABASE)?;
        board.add(SWITCHED, OTHER, plans::told_apart(&planned, &now) as f64);
        run("Completed")?;
        Ok(())
    }

    /// A native subscription: before and meanwhile.
    fn subscribed(&self, board: &mut Board) -> Result<(), Error> {
        self.reset()?;
        let writers = self.writers(Following::Told)?;
        self.calm(&writers, board, NATIVE_BEFORE)?;
        let begun = Instant::now();
        native::copy(self.pair, DATABASE)?;
        felt(&writers, board, NATIVE_COPYING, begun, Instant::now())?;
        writers.stop(self.runtime)?;
        native::end(self.pair, DATABASE)
    }

    /// The source as it was made, and an empty target.
    fn reset(&self) -> Result<(), Error> {
        let source = &self.pair.source;
        source.ask("postgres", &format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))?;
        source.ask("postgres", &format!("CREATE DATABASE {DATABASE} TEMPLATE {BASE}"))?;
        empty(&self.pair.target, DATABASE)?;
        Ok(self.pair.settle()?)
    }

    fn writers(&self, following: Following) -> Result<Writers, Error> {
        let side = |server: &Server| server.app_url(DATABASE).parse::<Config>();
        let route = Route::new([side(&self.pair.source)?, side(&self.pair.target)?], following);
        let Args { writers, rate, rows, .. } = *self.args;
        let keys = i64::try_from(rows / 2).unwrap_or(i64::MAX);
        Ok(Writers::start(self.runtime, route, Load { writers, rate, statement: CHANGE, keys }))
    }

    /// A time in which nothing else goes on.
    fn calm(&self, writers: &Writers, board: &mut Board, who: &'static str) -> Result<(), Error> {
        sleep(WARM_UP);
        let begun = Instant::now();
        sleep(Duration::from_secs(self.args.seconds));
        felt(writers, board, who, begun, Instant::now())
    }
}

/// What writers felt between two moments.
fn felt(writers: &Writers, board: &mut Board, who: &'static str, from: Instant, to: Instant) -> Result<(), Error> {
    let felt = writers.ledger().felt(from, to).ok_or(Error::TooLate { what: "a write" })?;
    for (what, figure) in [(RATE, felt.per_second), (P50, felt.p50), (P99, felt.p99)] {
        board.add(who, what, figure);
    }
    Ok(())
}

fn findings(board: &Board) -> Result<Vec<Finding>, Incomparable> {
    let mut all = board.figures(|_, what| (what == OTHER).then_some(Goal::AtMost(0.0)));
    all.push(board.ratio(COPYING, BEFORE, P99, Some(Goal::AtMost(MOST)))?);
    all.push(board.ratio(SWITCHED, BEFORE, P99, Some(Goal::AtMost(MOST)))?);
    all.push(board.ratio(NATIVE_COPYING, NATIVE_BEFORE, P99, None)?);
    Ok(all)
}
