//! The main job, told with a person watching: a platform on one shared database, live traffic, and each domain moving out into a database of
//! its own. In: nothing but this checkout. Out: a report, a table, an exit code; the cluster stays up.
//!
//! The file reads like the story. Every figure is measured, most of them by somebody other than the one who is measured: the ledger is kept
//! by the load generator, the rows are read from the servers themselves.

mod api;
mod args;
mod bar;
mod companies;
mod compare;
mod dump;
mod error;
mod journeys;
mod kills;
mod kube;
mod ledger;
mod moves;
mod pods;
mod postgres;
mod ready;
mod report;
mod reset;
mod seed;
mod split;
pub(crate) mod stage;
mod table;
mod traffic;
mod turn;
mod view;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::{self, Choice, Cluster, Provider};
use crate::deploy;
use crate::images::Options;
use crate::paths::Paths;
use crate::portals::during::People;
use crate::progress::{Step, note};
use crate::verdict;

use api::Api;
pub(crate) use args::Args;
use args::JOURNEYS;
use bar::Bar;
pub(crate) use error::Error;
pub(crate) use kills::Victim;
use kube::Kube;
use postgres::Side;
use report::{Domain, Measured};
use traffic::Load;

/// A platform of ten pods on a machine that may be compiling at the same time.
const READY: Duration = Duration::from_secs(300);
/// Traffic before the split begins: enough for a picture of ordinary days.
const BEFORE: Duration = Duration::from_secs(10);
/// Traffic after the split: the new database has to carry it by itself.
const AFTER: Duration = Duration::from_secs(10);

/// Tells the story and judges it.
pub(crate) fn run(paths: &Paths, choice: &Choice, args: &Args, images: &Options) -> Result<ExitCode, Error> {
    let started = Instant::now();
    let cluster = cluster::up(paths, choice)?;
    deploy::operator(paths, &cluster, images)?;
    let api = Api::open(&cluster)?;
    let kube = Kube { cluster: &cluster, api: &api };
    let told = story(paths, kube, args, images, started);
    let dir = paths.root.join("target/demo");
    match told {
        Ok(measured) => conclude(paths, kube, &measured, &args.bar()),
        Err(error) => {
            dump::everything(kube, &dir.join("failure"));
            // Traffic that goes on would only hide what happened; there may be none.
            let _ = traffic::stop(kube);
            Err(error)
        }
    }
}

fn story(paths: &Paths, kube: Kube<'_>, args: &Args, images: &Options, started: Instant) -> Result<Measured, Error> {
    reset::run(kube)?;
    let step = Step::begin("The platform on one shared database: kubectl apply -k manifests/platform");
    deploy::kustomize(paths, kube.cluster, "platform")?;
    step.done("applied");
    ready::all(kube, "sdb,rsvc", READY)?;
    seed::run(paths, kube, args.rows)?;

    let monolith = Side { kube, database: "monolith", schema: "identity" };
    let mut domains = Vec::new();
    for &name in split::ALL.services {
        domains.push(Domain { name, size: Side { schema: name, ..monolith }.size()? });
    }
    let people = if args.browse { People::come(paths, kube.cluster, images)? } else { None };
    let before = pods::look(kube)?;
    traffic::start(kube, args.load())?;
    note(format!("traffic: {} forms and {JOURNEYS} journeys a second from now on", args.rate()));
    thread::sleep(BEFORE);
    let sample = args.sample();
    let outcomes = match args.kill {
        None => split::run(paths, kube, sample, people.is_some())?,
        Some(victim) => kills::during(monolith, victim, || split::run(paths, kube, sample, false))?,
    };
    let load = finish_load(kube, args.requests)?;
    let filled = people.map(People::leave).transpose()?;
    let disturbed = pods::disturbed(&before, &pods::look(kube)?);

    let step = Step::begin("Comparing the ledger and all databases, read from the servers themselves");
    let rows = moves::traces(monolith, &load, sample, &outcomes).read()?;
    let mut verdict = ledger::judge(&traffic::ledger(kube)?, &rows);
    journeys::judge(&traffic::journeys(kube)?, &rows, &mut verdict);
    let moves = moves::measure(monolith, &domains, sample, outcomes)?;
    step.done(format!("{} acknowledged writes compared", verdict.acknowledged));
    Ok(Measured {
        domains,
        moves,
        latency: load.latency.ok_or(Error::Incomplete("the load generator's report", "latency"))?,
        load,
        verdict,
        disturbed,
        filled,
        provider: provider(kube.cluster).to_owned(),
        kubernetes: kubernetes(kube)?,
        postgres: monolith.version()?,
        time: started.elapsed(),
    })
}

/// What a person needs after a failure on the demo's platform, written below `dir`; for whoever works there after a demo.
pub(crate) fn leave_traces(cluster: &Cluster, dir: &Path) -> Result<(), Error> {
    let api = Api::open(cluster)?;
    dump::everything(Kube { cluster, api: &api }, dir);
    Ok(())
}

/// Lets the traffic go on over the new database until there has been enough of it, then stops it.
fn finish_load(kube: Kube<'_>, requests: u64) -> Result<Load, Error> {
    let step = Step::begin("Traffic goes on over the new databases");
    thread::sleep(AFTER);
    loop {
        let load = traffic::report(kube)?;
        if load.total >= requests {
            break;
        }
        if !load.running {
            return Err(Error::LoadEnded);
        }
        thread::sleep(Duration::from_secs(2));
    }
    let load = traffic::stop(kube)?;
    step.done(format!("{} requests, {} failed", view::thousands(load.total), load.failed));
    Ok(load)
}

fn conclude(paths: &Paths, kube: Kube<'_>, measured: &Measured, bar: &Bar) -> Result<ExitCode, Error> {
    let report = measured.write(&paths.root.join("target/demo"))?;
    println!("{}", measured.table());
    let failures = measured.failures(bar);
    println!("report: {}", report.display());
    if failures.is_empty() {
        println!("{}", NEXT);
        return Ok(ExitCode::SUCCESS);
    }
    dump::everything(kube, &paths.root.join("target/demo/failure"));
    for example in &measured.verdict.examples {
        eprintln!("  {example}");
    }
    Ok(verdict::failed("the demo", &failures))
}

const NEXT: &str = "\
The cluster is still up. What to look at next:
  cargo xtask kubectl -- get rsvc,sdb,dsm -n rerp -o wide       the platform after the split
  cargo xtask kubectl -- describe dsm identity -n rerp          a migration, phase by phase
  cargo xtask kubectl -- get pods -n rerp                       nobody was restarted
  cargo xtask logs operator                                     what the operator did
  cargo xtask walk                                              every endpoint, called through the gateway
  cargo xtask down                                              stop the cluster and leave nothing behind";

fn provider(cluster: &Cluster) -> &'static str {
    match cluster.provider {
        Provider::Given => "given",
        Provider::Kind => "kind",
        Provider::Node => "local node",
    }
}

fn kubernetes(kube: Kube<'_>) -> Result<String, Error> {
    let version: Value =
        kube::parse("kubectl version", &kube.run(&["version", "-o", "json"], Duration::from_secs(30))?)?;
    let server = version["serverVersion"]["gitVersion"].as_str();
    server.map(str::to_owned).ok_or(Error::Incomplete("the cluster", "version"))
}
