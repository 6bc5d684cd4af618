//! `cargo xtask chaos`: pods, broker and databases are killed at random under mixed flows, and Identity stays away for minutes. Afterwards intents equal
//! effects. In: a cluster. Out: a table, `target/chaos/report.json`, an exit code; the cluster stays up.
//!
//! The file reads like the story. The ledgers of what was acknowledged are kept by those who asked: the load generator, a visitor at the gateway, and
//! the stand-in for Stripe. None of them is ever killed.

mod away;
mod certificate;
mod error;
mod killer;
mod report;
mod rng;
mod sides;
mod stripe;
mod truth;
mod victims;
mod visitor;

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cluster::{self, Choice, Cluster};
use crate::demo::stage::{Stage, Wish};
use crate::deploy;
use crate::images::Options;
use crate::paths::Paths;
use crate::progress::Step;
use crate::verdict;
use crate::walk::places::Places;

pub(crate) use error::Error;
use killer::Killer;
use report::Report;
use rng::Rng;
use stripe::Vendor;
use visitor::Visitor;

const ROWS: u64 = 20_000;
/// What two cores carry beside pods that start all the time.
const RATE: u32 = 20;
const JOURNEYS: u32 = 1;
/// The load ends by itself after this many seconds, should this program die.
const LOAD_LIMIT: u64 = 3_500;
/// One kill of this many hits payments; the others hit everything.
const PAYMENTS: u32 = 10;
const READY: Duration = Duration::from_secs(300);
/// Until everything that Stripe has to tell has been taken, and every form acknowledged.
const DELIVERED: Duration = Duration::from_secs(900);
const INSIST: Duration = Duration::from_secs(120);

/// What a person may change about the run.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Instead of all this, so many migrations by the split engine alone, without a cluster: workers, servers, network and disks are disturbed
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000),
          conflicts_with_all = ["kills", "identity_down", "here", "rows", "split"])]
    runs: Option<u32>,
    /// How many kills
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=250))]
    kills: u32,
    /// What everything random follows from; with --runs, the first one's seed, and the next ones' follow it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long Identity is away, such as 5m or 90s; 0s for not at all
    #[arg(long, default_value = "5m", value_parser = time)]
    identity_down: Duration,
    /// On the platform that is up, as it is, instead of a new one; with its own number of seeded rows
    #[arg(long)]
    here: bool,
    /// Rows of the platform's data set
    #[arg(long, default_value_t = ROWS, value_parser = clap::value_parser!(u64).range(20_000..=20_000_000))]
    rows: u64,
    /// Move all domains into databases of their own meanwhile; their workers are killed too
    #[arg(long, conflicts_with = "here")]
    split: bool,
}

impl Args {
    /// Few kills on the platform that a small demo has left, and Identity away for a moment: that it all still works.
    pub(crate) fn small() -> Self {
        let identity_down = Duration::from_secs(10);
        Self { runs: None, kills: 6, seed: 1, identity_down, here: true, rows: ROWS, split: false }
    }
}

/// Tells the story and judges it.
pub(crate) fn run(paths: &Paths, choice: &Choice, args: &Args, images: &Options) -> Result<ExitCode, Error> {
    if let Some(runs) = args.runs {
        return certificate::run(paths, runs, args.seed);
    }
    let started = Instant::now();
    let cluster = if args.here { cluster::current(paths, choice)? } else { cluster::up(paths, choice)? };
    if !args.here {
        deploy::operator(paths, &cluster, images)?;
    }
    let stage = Stage::open(&cluster)?;
    let dir = paths.root.join("target/chaos");
    let told = set_up(paths, &stage, args).and_then(|()| story(paths, &cluster, &stage, args));
    let report = match told {
        Ok(report) => Report { time: started.elapsed(), ..report },
        Err(error) => {
            stage.dump(&dir.join("failure"));
            // There may be none; what goes on would only hide what happened.
            let _ = stage.stop();
            return Err(error);
        }
    };
    let path = report.write(&dir)?;
    println!("{}", report.table());
    println!("report: {}", path.display());
    let failures = report.failures();
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    stage.dump(&dir.join("failure"));
    Ok(verdict::failed("chaos", &failures))
}

fn set_up(paths: &Paths, stage: &Stage<'_>, args: &Args) -> Result<(), Error> {
    if !args.here {
        stage.raise(paths, args.rows)?;
    }
    Ok(stage.ready("sdb,rsvc", READY)?)
}

fn story(paths: &Paths, cluster: &Cluster, stage: &Stage<'_>, args: &Args) -> Result<Report, Error> {
    let mut killer =
        Killer { cluster, rng: Rng::new(args.seed), report: Report { seed: args.seed, ..Report::default() } };
    let mut visitor = Visitor::new(cluster, &name());
    let of_payments = args.kills / PAYMENTS;
    let (seed_rows, max_seconds) = (args.rows, LOAD_LIMIT);
    stage.start(Wish { rate: RATE, journeys: JOURNEYS, seed_rows, max_seconds, timeout_seconds: None })?;
    if args.split {
        deploy::kustomize(paths, cluster, "samples/split-all")?;
    }
    killer.under_load(stage, args.kills - of_payments, &mut visitor)?;
    let ended = stage.stop()?;
    let kinds = if args.split { "sdb,rsvc,dsm" } else { "sdb,rsvc" };
    stage.ready(kinds, READY)?;
    let places = Places::find(cluster)?;
    visitor.insist(INSIST);
    killer.report.flow = ended.flow();
    killer.compare(stage, &places, &ended)?;

    let mut vendor = Vendor::new(cluster)?;
    let meant = vendor.collect(&mut killer.rng)?;
    killer.under_payments(&mut vendor, of_payments)?;
    stage.ready("sdb,rsvc", READY)?;
    let step = Step::begin(format!("Delivering what is left of Stripe's events, {} of them", vendor.left()));
    vendor.deliver(DELIVERED);
    step.done(format!("{} left", vendor.left()));
    if !args.identity_down.is_zero() {
        killer.report.absence = Some(away::for_a_while(cluster, &places, &mut visitor, args.identity_down)?);
        stage.ready("sdb,rsvc", READY)?;
        visitor.insist(INSIST);
    }
    killer.conclude(&places, ended.since(), (&vendor, &meant), &visitor)
}

/// Of this run and no other: small letters and digits, by the clock.
fn name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    format!("{now:x}")
}

/// Seconds or minutes, an hour at most.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 90s or 5m, an hour at most".to_owned();
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').ok_or_else(wrong)?, 1),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|seconds| *seconds <= 3_600).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn runs_are_the_engine_s_and_kills_are_the_platform_s() {
        let Line { args } = Line::try_parse_from(["x", "--runs", "6", "--seed", "7"]).unwrap();
        assert_eq!((args.runs, args.seed), (Some(6), 7));
        assert_eq!(Line::try_parse_from(["x", "--kills", "6"]).unwrap().args.runs, None);
        for wrong in
            [["--runs", "6", "--kills", "6"], ["--runs", "6", "--rows", "20000"], ["--runs", "0", "--seed", "1"]]
        {
            assert!(Line::try_parse_from(["x"].iter().chain(&wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_have_units_and_an_end() {
        assert_eq!((time("5m"), time("90s")), (Ok(Duration::from_secs(300)), Ok(Duration::from_secs(90))));
        for wrong in ["", "5", "m", "-1s", "2h", "61m", "1.5m"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
