//! `cargo xtask walk`: every endpoint of the original specification, called through the gateway of the running platform, and each of its sequence diagrams
//! gone through as a flow. In: a cluster with the platform and its seed. Out: a table, `target/walk/report.json`, an exit code.
//!
//! What is asked and what has to come of it is a table (`flows/`), from which `docs/seed-coverage.md` is written too. The walk plays people at their browsers, staff, and
//! the vendors' side of things through the platform's stand-ins; it sees no more of services than they answer, but for the rows that look into a database.
//! Everything it makes is named after its run, and whoever walks has not walked before: it can be repeated at once.

pub(crate) mod cast;
mod document;
pub(crate) mod door;
mod error;
mod flows;
pub(crate) mod http;
mod judge;
pub(crate) mod needles;
mod notes;
mod original;
pub(crate) mod places;
mod report;
mod row;
pub(crate) mod sample;
pub(crate) mod stand_ins;
mod walker;

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cluster::{self, Choice, Cluster};
use crate::demo;
use crate::paths::Paths;
use crate::progress::{Step, note};
use crate::verdict;

use door::Door;
pub(crate) use error::Error;
use flows::FLOWS;
use http::Client;
use places::Places;
use report::Report;
use stand_ins::StandIns;
use walker::Walker;

/// What the walk asks, and what it asks through.
const SERVICES: [&str; 7] = ["gateway", "sandbox", "identity", "account", "marketing", "billing", "fte"];
/// Nothing is begun after this: it takes some ten seconds where nobody else works.
const LIMIT: Duration = Duration::from_secs(50);

/// Where the page is that [`page`] is the text of.
pub(crate) const PAGE: &str = "docs/seed-coverage.md";

/// What of ours answers to the original specification.
pub(crate) fn page() -> String {
    document::page()
}

/// Walks, and judges.
pub(crate) fn run(paths: &Paths, choice: &Choice) -> Result<ExitCode, Error> {
    let cluster = cluster::current(paths, choice)?;
    let started = Instant::now();
    let run = name();
    let step = Step::begin("Opening a way to the gateway and to the stand-ins, and signing people in");
    let places = Places::find(&cluster)?;
    places.must_have(&SERVICES)?;
    let (gateway, sandbox) = (Door::open(&cluster, "gateway")?, Door::open(&cluster, "sandbox")?);
    let client = Client::new();
    let stand_ins = StandIns { door: &sandbox, client: &client };
    let cast = cast::gather(&places, stand_ins, &run)?;
    let ann = gateway.at(&format!("/api/identity/user/{}", cast.notes.get("ann").unwrap_or_default()));
    cast.believed(|token| {
        let bearer = format!("Bearer {token}");
        client.send("GET", &ann, &[("authorization", bearer.as_str())], None)
    })?;
    step.done("Ann, Ben, Uma and somebody who works here");

    let step = Step::begin("Walking every endpoint of the original specification, and its sequence diagrams as flows");
    let until = started + LIMIT;
    let mut walker = Walker { places: &places, gateway: &gateway, client: &client, stand_ins, cast, run: &run, until };
    let flows = FLOWS.iter().enumerate().map(|(at, flow)| walker.flow(at, flow)).collect();
    let report = Report { run: run.clone(), time: started.elapsed(), flows };
    step.done("walked");
    conclude(paths, &cluster, &report)
}

fn conclude(paths: &Paths, cluster: &Cluster, report: &Report) -> Result<ExitCode, Error> {
    let dir = paths.root.join("target/walk");
    let path = report.write(&dir)?;
    println!("{}", report.table());
    println!("report: {}", path.display());
    let failures = report.failures();
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(error) = demo::leave_traces(cluster, &dir.join("failure")) {
        note(format!("what the cluster says can't be written: {}", crate::chain(&error)));
    }
    Ok(verdict::failed("the walk", &failures))
}

/// Of this run and no other: small letters and digits, by the clock.
fn name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    format!("{now:x}")
}
