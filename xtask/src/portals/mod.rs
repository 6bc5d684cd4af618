//! `cargo xtask portals`: the portals, built and put onto the platform that is up. In: a cluster with the platform. Out: portals that are served, what was
//! looked at, and how to open them with a browser.

mod check;
pub(crate) mod workspace;

use std::process::ExitCode;

use crate::cluster::{self, Choice, Cluster};
use crate::command;
use crate::deploy;
use crate::images::{self, Options};
use crate::install;
use crate::paths::Paths;
use crate::progress::{Step, note};
use crate::walk;

/// Folder of manifests.
const FOLDER: &str = "portals";
/// What is waited for, and how long each.
const CONDITIONS: [&str; 2] = ["Ready", "Exposed"];
const WAIT: &str = "--timeout=180s";

/// Why there are no portals.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(transparent)]
    Deploy(#[from] deploy::Error),
    #[error(transparent)]
    Images(#[from] images::Error),
    #[error(transparent)]
    Way(#[from] walk::Error),
    #[error("a request was not answered")]
    Lost(#[source] Box<ureq::Error>),
    #[error("a cluster command failed")]
    Command(#[from] command::Error),
}

/// Builds, deploys, looks. The code says whether all is as it should be.
pub(crate) fn run(paths: &Paths, choice: &Choice, options: &Options) -> Result<ExitCode, Error> {
    let cluster = cluster::current(paths, choice)?;
    let images = images::of_portals(paths, options)?;
    let changed = cluster.load(paths, &images)?;
    place(paths, &cluster, &changed)?;
    let step = Step::begin("Looking at the website through the gateway");
    let wrong = check::look(&cluster)?;
    step.done(if wrong.is_empty() { "as it should be" } else { "not as it should be" });
    if wrong.is_empty() {
        println!("{NEXT}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("the portals FAILED:");
    for what in wrong {
        eprintln!("  {what}");
    }
    Ok(ExitCode::FAILURE)
}

/// What follows a demo: the portals, on the platform that it has left. Where there is no Node to build them there is no portal, and the demo is none the worse.
pub(crate) fn after_demo(paths: &Paths, choice: &Choice, options: &Options, demo: ExitCode) -> Result<ExitCode, Error> {
    if demo != ExitCode::SUCCESS {
        return Ok(demo);
    }
    match install::for_portals(paths) {
        Ok(Some(_)) => run(paths, choice, options),
        Ok(None) | Err(install::Error::OldNode(_)) => {
            note("no Node 20.19 or later: the website was not put onto the platform; cargo xtask portals does it");
            Ok(demo)
        }
        Err(error) => Err(workspace::Error::from(error).into()),
    }
}

fn place(paths: &Paths, cluster: &Cluster, changed: &[String]) -> Result<(), Error> {
    let step = Step::begin("The website: kubectl apply -k manifests/portals");
    deploy::restart(cluster, changed)?;
    deploy::kustomize(paths, cluster, FOLDER)?;
    for condition in CONDITIONS {
        let condition = format!("--for=condition={condition}");
        cluster.kubectl().args(["wait", "-n", walk::places::NAMESPACE, &condition, WAIT, "rsvc/website"]).quiet()?;
    }
    deploy::rollouts(cluster, walk::places::NAMESPACE)?;
    note("www.rerp.localhost, through the gateway");
    step.done("served");
    Ok(())
}

const NEXT: &str = "\
To look at it:
  cargo xtask kubectl -- port-forward -n rerp service/gateway 8080      leave this running
  http://www.rerp.localhost:8080                                        with a browser of this machine";
