//! `split-pause`: how long writers are kept from writing when the data changes hands, there and back, beside ways in use elsewhere. In:
//! the program and two servers. Out: a report.
//!
//! | file | holds |
//! |---|---|
//! | `engine.rs` | one migration a round, there and back again and again |
//! | `peer.rs` | the peers' switches: the source's positions are polled, or a role is locked out |

mod engine;
mod peer;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;
use tokio_postgres::Config;

use super::pair::Pair;
use super::tool::Turn;
use super::writers::{Felt, Following, Load, Route, Writers};
use super::{Common, Error};
use crate::board::{Board, Incomparable, What};
use crate::postgres::Server;
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::{order, percentile};
use peer::Fence;

const THERE: &str = "rerp-split";
const BACK: &str = "rerp-split, back";
const FLUSHED: &str = "positions polled";
const APPLIED: &str = "positions polled, not on disk";
const ROLE: &str = "role locked out";
const PAUSE: What = What { name: "write pause", unit: "ms" };
const P99: What = What { name: "write pause, p99", unit: "ms" };
const LONGEST: What = What { name: "write pause, longest", unit: "ms" };
const WAITED: What = What { name: "longest time of a transaction", unit: "ms" };
const APART: What = What { name: "status and ledger apart", unit: "ms" };
const MOST_APART: f64 = 20.0;
const RATE: What = What { name: "transactions a second before a switch", unit: "1/s" };
const MISSING: What = What { name: "acknowledged, and not there", unit: "rows" };
/// How long writers go on after a switch before it counts as over: what comes of it late belongs to it.
const AFTER: Duration = Duration::from_millis(300);
/// Raises a counter and leaves a row by which the transaction is found again; the second time it leaves none.
const STATEMENT: &str = "WITH raised AS (UPDATE item SET v = v + 1 WHERE key = $1 RETURNING v) \
    INSERT INTO entry (writer, n, key, v) SELECT $2::bigint, $3::bigint, $1, v FROM raised ON CONFLICT (writer, n) DO NOTHING";
/// Keys of `item`, in `bench/sql/split-writers.sql`.
const KEYS: i64 = 10_000;

/// What a reader has to know.
const NOTES: [&str; 8] = [
    "write pause: the longest time without an acknowledgement to anybody, from before a switch's program starts until 0.3 s after it has ended. Each switch is a figure: the median is p50. Peers are compared with ours, switch by switch.",
    "Writers pace themselves and catch up on what was due during a pause; one transaction is one message and one commit. Servers, writers and programs share the machine's cores.",
    "rerp-split: one migration a round; `run` switches first, then `rollback` and `rollback --undo` in turn. Writers find out where to go by asking the owner rows, as a service does.",
    "status and ledger apart: how far what writers felt is outside of what status tells, shorter than the pause, or longer than the longest wait of any attempt (writers that come while a lock is awaited wait already, those that hold one go on; an attempt that was given up has kept them waiting too). The ledger's longest gap may also lie where nothing of the switch does: the range shows the worst.",
    "positions polled: the same lock and the same closing by rights, but the target has everything when pg_stat_replication.flush_lsn has come to the source's pg_current_wal_lsn(), asked every millisecond. A subscription commits asynchronously: what it has applied is flushed up to wal_writer_delay (200 ms) later, and more. Ours flushes once, before the source closes.",
    "positions polled, not on disk: the same by replay_lsn. Quick, but a target that crashes within that time has lost what the source no longer takes.",
    "role locked out: ALTER ROLE … NOLOGIN, pg_terminate_backend for all sessions of the role until there are none, flush_lsn polled as above, ALTER ROLE … LOGIN on the target; there are no connections to the target beforehand.",
    "Peers' writers are told where to go in their own process, at once. Each of their switches has a fresh stream and ends there: none of them leads back.",
];

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Switches of everybody in a round; ours go back as often
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=500))]
    cutovers: u32,
    /// Writers
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    writers: u32,
    /// Transactions a second, of all writers together
    #[arg(long, default_value_t = 3200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
}

/// Everything a measurement needs.
struct Scene<'a> {
    args: &'a Args,
    pair: &'a Pair,
    runtime: &'a Runtime,
}

/// What came of one switch.
struct Switch {
    felt: Felt,
    /// What the engine says of it.
    told: Option<Turn>,
    /// Transactions a second before it.
    rate: f64,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let runtime = super::writers::runtime().map_err(Error::Runtime)?;
    let pair = Pair::start(&args.common)?;
    let scene = Scene { args, pair: &pair, runtime: &runtime };
    let mut board = Board::default();
    for round in args.common.each_round() {
        for contender in order(4, round) {
            match contender {
                0 => engine::turns(&scene, &mut board)?,
                1 => peer::switches(&scene, Fence::Flushed, &mut board)?,
                2 => peer::switches(&scene, Fence::Applied, &mut board)?,
                _ => peer::switches(&scene, Fence::Role, &mut board)?,
            }
        }
    }
    let more = [("cutovers", args.cutovers), ("writers", args.writers), ("rate", args.rate)];
    Ok(Report {
        bench: "split-pause",
        ended: seconds_now(),
        command: args.common.command("split-pause", &more.map(|(name, value)| (name, u64::from(value)))),
        machine: Machine::look(None),
        versions: BTreeMap::from([("postgres".to_owned(), pair.source.description()?)]),
        settings: json!({
            "rounds": args.common.rounds, "cutovers": args.cutovers, "writers": args.writers, "rate": args.rate,
        }),
        findings: findings(&board)?,
        left_out: BTreeMap::new(),
        notes: NOTES.to_vec(),
    })
}

impl Scene<'_> {
    /// Lets writers go at the source.
    fn writers(&self, database: &str, following: Following) -> Result<Writers, Error> {
        let side = |server: &Server| server.app_url(database).parse::<Config>();
        let route = Route::new([side(&self.pair.source)?, side(&self.pair.target)?], following);
        let Args { writers, rate, .. } = *self.args;
        let load = Load { writers, rate, statement: STATEMENT, keys: KEYS };
        Ok(Writers::start(self.runtime, route, load))
    }

    /// So many transactions that half a second of them has passed.
    fn some(&self) -> usize {
        (self.args.rate / 2).max(1) as usize
    }

    /// How many acknowledged transactions have left no row.
    fn missing(&self, server: &Server, database: &str, acknowledged: usize) -> Result<f64, Error> {
        let got = server.ask(database, "SELECT count(*) FROM entry")?;
        let expected = acknowledged.to_string();
        let rows: f64 = got.parse().map_err(|_| Error::NotProved { who: "writers", got, expected })?;
        Ok(acknowledged as f64 - rows)
    }
}

fn note(board: &mut Board, who: &'static str, switch: &Switch) {
    board.add(who, PAUSE, switch.felt.gap);
    board.add(who, WAITED, switch.felt.longest);
    board.add(who, RATE, switch.rate);
    if let Some(told) = switch.told {
        let apart = told.apart(switch.felt.gap);
        board.add(who, APART, apart);
        if apart > MOST_APART {
            eprintln!("    {who}: {:.1} ms felt, {told:?} told", switch.felt.gap);
        }
    }
}

fn goal(who: &str, what: What) -> Option<Goal> {
    match (who, what) {
        (THERE, PAUSE) => Some(Goal::AtMost(75.0)),
        (THERE, RATE) => Some(Goal::AtLeast(3000.0)),
        (_, APART) => Some(Goal::AtMost(MOST_APART)),
        (_, MISSING) => Some(Goal::AtMost(0.0)),
        _ => None,
    }
}

fn findings(board: &Board) -> Result<Vec<Finding>, Incomparable> {
    let mut all: Vec<Finding> = Vec::new();
    for found in board.figures(goal) {
        let (who, rounds) = (found.who.clone(), found.rounds.clone());
        let is_pause = found.what == PAUSE.name;
        let longest = found.summary.max;
        all.push(found);
        if is_pause {
            let most = if who == BACK { 500.0 } else { 250.0 };
            let (p99, never) = [THERE, BACK].contains(&who.as_str()).then_some((most, 1000.0)).unzip();
            all.extend(Finding::new(&who, None, P99, p99_of(&rounds), p99.map(Goal::AtMost)));
            all.extend(Finding::new(&who, None, LONGEST, vec![longest], never.map(Goal::AtMost)));
        }
    }
    for peer in [FLUSHED, APPLIED, ROLE] {
        all.push(board.ratio(peer, THERE, PAUSE, None)?);
    }
    Ok(all)
}

fn p99_of(pauses: &[f64]) -> Vec<f64> {
    let mut microseconds: Vec<u64> = pauses.iter().map(|pause| (pause * 1e3) as u64).collect();
    percentile(&mut microseconds, 990).map(|p99| p99 as f64 / 1e3).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switch(gap: f64, told: Option<f64>) -> Switch {
        let told = told.map(|pause| Turn { pause, lock_wait: 0.0, longest: pause, attempts: 1 });
        Switch { felt: Felt { per_second: 1.0, p50: 1.0, p99: 2.0, longest: gap, gap }, told, rate: 3100.0 }
    }

    #[test]
    fn each_switch_counts_and_the_worst_is_told() {
        let mut board = Board::default();
        for pause in 1..=100 {
            note(&mut board, THERE, &switch(f64::from(pause), Some(f64::from(pause) - 5.0)));
            for peer in [FLUSHED, APPLIED, ROLE] {
                note(&mut board, peer, &switch(f64::from(pause) * 4.0, None));
            }
        }
        let found = findings(&board).unwrap();
        let of = |who: &str, what: What| {
            let of = |one: &&Finding| one.who == who && one.against.is_none() && one.what == what.name;
            found.iter().find(of).map(|one| (one.summary.median, one.met))
        };
        assert_eq!(of(THERE, PAUSE), Some((50.5, Some(true))));
        assert_eq!(of(THERE, P99), Some((99.0, Some(true))));
        assert_eq!(of(THERE, LONGEST), Some((100.0, Some(true))));
        assert_eq!((of(THERE, APART), of(ROLE, APART)), (Some((5.0, Some(true))), None));
        assert_eq!((of(ROLE, P99), of(BACK, PAUSE)), (Some((396.0, None)), None));
        assert!(found.iter().any(|one| one.against.as_deref() == Some(THERE) && one.summary.median == 4.0));
    }
}
