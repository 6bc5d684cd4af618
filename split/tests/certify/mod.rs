//! The certificate of the live split: random disturbances while migrations go on under writers, everything compared afterwards.
//!
//! In: how many runs, and a seed; run `n` has the seed plus `n`, so any one of them can be made again alone. Out: a certificate. Read
//! down: `plan` (what is to happen, pure) over `way` (stories and places), `run` (does it) with `legs` (wishes), `crew` (worker processes), `strike` (servers,
//! sessions, disks) and `wire` (the network), `judge` (compares), `weak` (fences that must be caught), `report`.

mod crew;
mod eye;
mod judge;
mod legs;
mod outcome;
mod plan;
#[path = "../chaos/points.rs"]
#[allow(dead_code, reason = "the failpoints' own tests use more of it")]
mod points;
mod report;
mod run;
mod servers;
mod strike;
mod way;
mod weak;
mod wire;

use outcome::Outcome;
pub use plan::{At, NAMES, Plan};
use report::Certificate;
pub use way::Story;

use run::Run;
use servers::Servers;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A run that breaks off where nothing should has so long; its own limit is far below.
const RUN_LIMIT: Duration = Duration::from_secs(600);

/// Where the certificate goes; beside it lies what is needed to look into a run that found something.
const OUT: &str = "RERP_CHAOS_OUT";

/// The certificate's path.
pub fn out() -> PathBuf {
    let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/chaos/short/certificate.json");
    std::env::var_os(OUT).map_or_else(|| PathBuf::from(usual), PathBuf::from)
}

/// Makes all runs and weakens all fences.
///
/// So many go on at once, for they wait more than they work; clients that share processors wait longer, which pauses show.
pub async fn certify(runs: u64, seed: u64, at_once: u64) -> Certificate {
    let begun = Instant::now();
    let (next, outcomes) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let mut weakened = Vec::new();
    let mut lanes = Vec::new();
    for lane in 0..at_once.max(1) {
        let mut servers = Servers::default();
        if lane == 0 {
            weakened = weaken(&mut servers, seed).await;
        }
        let (next, outcomes) = (next.clone(), outcomes.clone());
        lanes.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= runs {
                    return;
                }
                let outcome = one(&mut servers, Plan::draw(seed + number)).await;
                println!("{}", outcome.line());
                outcomes.lock().await.push(outcome);
            }
        }));
    }
    for lane in lanes {
        lane.await.unwrap();
    }
    let mut outcomes = std::mem::take(&mut *outcomes.lock().await);
    outcomes.sort_by_key(|outcome| outcome.seed);
    Certificate { seed, wanted: runs as usize, outcomes, weakened, missing: servers::missing(), took: begun.elapsed() }
}

async fn weaken(servers: &mut Servers, seed: u64) -> Vec<weak::Caught> {
    let mut all = Vec::new();
    let (pair, _) = servers.of(&Plan::draw(seed)).await;
    for (weakness, must_count) in weak::ALL {
        let caught = tokio::spawn(weak::weakened(weakness, must_count, pair.clone())).await;
        match caught {
            Ok(caught) => {
                println!("{caught:?}");
                all.push(caught);
            }
            Err(error) => println!("{weakness:?} broke off: {error}"),
        }
    }
    all
}

/// One run on the lane's servers. One that breaks off is one that found something.
async fn one(servers: &mut Servers, plan: Plan) -> Outcome {
    let (seed, story) = (plan.seed, plan.story.name());
    let (pair, versions) = servers.of(&plan).await;
    let task = tokio::spawn(async move { Run::begin(plan, pair).await.finish(versions).await });
    let abort = task.abort_handle();
    let failure = match tokio::time::timeout(RUN_LIMIT, task).await {
        Ok(Ok(outcome)) => {
            if !outcome.is_clean() {
                servers.renew();
            }
            return outcome;
        }
        Ok(Err(error)) => format!("the run broke off: {error}"),
        Err(_) => "the run takes too long".to_owned(),
    };
    abort.abort();
    servers.renew();
    Outcome { seed, story, versions, failure: Some(failure), ..Outcome::default() }
}
