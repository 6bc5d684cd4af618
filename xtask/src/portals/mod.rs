//! `cargo xtask portals`: the portals, built and put onto the platform that is up. In: a cluster with the platform. Out: portals that are served, what was
//! looked at, and how to open them with a browser.

mod browser;
mod customer;
mod drive;
pub(crate) mod during;
mod platform;
mod way;
mod website;
pub(crate) mod workspace;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cluster::{self, Choice, Cluster};
use crate::command;
use crate::deploy;
use crate::images::{self, Options};
use crate::install;
use crate::paths::Paths;
use crate::progress::{Step, note};
use crate::verdict;
use crate::walk;
use crate::walk::door::Door;
use crate::walk::sample::{Login, Sample};

use browser::Browser;
use way::Way;

/// Folder of manifests.
const FOLDER: &str = "portals";
/// What is in it.
const PORTALS: [&str; 3] = ["rsvc/website", "rsvc/customer", "rsvc/platform"];
/// Where they are, as the manifests have it.
const HOSTS: [&str; 3] = [website::HOST, customer::HOST, platform::HOST];
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
    #[error(
        "the port {0} of this machine is taken, and it is in the addresses of the portals; free it, and run cargo xtask portals again"
    )]
    Taken(u16),
    #[error("{0} could not be written")]
    Untold(PathBuf, #[source] io::Error),
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
    let step = Step::begin("Looking at the portals through the gateway");
    let mut wrong = website::look(&cluster)?;
    wrong.extend(customer::look(&cluster)?);
    wrong.extend(platform::look(&cluster)?);
    step.done(if wrong.is_empty() { "as it should be" } else { "not as it should be" });
    let way = Way::open(paths, &cluster)?;
    let sample = walk::sample::settle(&cluster)?;
    if wrong.is_empty() && !drive::all(paths, &cluster, &sample)? {
        wrong.push("somebody with a browser could not do what the portals are for; it is said above".to_owned());
    }
    if wrong.is_empty() {
        println!("{}", next(&way, &sample));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(verdict::failed("the portals", &wrong))
}

/// What follows a demo: the portals, on the platform that it has left. Where there is no Node to build them there is no portal, and the demo is none the worse.
pub(crate) fn after_demo(paths: &Paths, choice: &Choice, options: &Options, demo: ExitCode) -> Result<ExitCode, Error> {
    if demo != ExitCode::SUCCESS {
        return Ok(demo);
    }
    match install::for_portals(paths) {
        Ok(Some(_)) => run(paths, choice, options),
        Ok(None) | Err(install::Error::OldNode(_)) => {
            note("no Node 20.19 or later: the portals were not put onto the platform; cargo xtask portals does it");
            Ok(demo)
        }
        Err(error) => Err(workspace::Error::from(error).into()),
    }
}

fn place(paths: &Paths, cluster: &Cluster, changed: &[String]) -> Result<(), Error> {
    let step = Step::begin("The portals: kubectl apply -k manifests/portals");
    deploy::restart(cluster, changed)?;
    deploy::kustomize(paths, cluster, FOLDER)?;
    for condition in CONDITIONS {
        let condition = format!("--for=condition={condition}");
        cluster.kubectl().args(["wait", "-n", walk::places::NAMESPACE, &condition, WAIT]).args(PORTALS).quiet()?;
    }
    deploy::rollouts(cluster, walk::places::NAMESPACE)?;
    // Exposed is what the operator has written down; a gateway that has just begun reads it a moment later.
    let door = Door::open(cluster, "gateway")?;
    for host in HOSTS {
        browser::first(&Browser::at(&door, host))?;
    }
    note(format!("{}, through the gateway", HOSTS.join(", ")));
    step.done("served");
    Ok(())
}

/// How to look at them.
fn next(way: &Way, sample: &Sample) -> String {
    let first = way.first().map_or_else(String::new, |command| format!("  {command:<68}  leave this running\n"));
    let row = |host: &str, what: &str, login: Option<&Login>| {
        let login = login.map_or_else(String::new, |Login { email, password, .. }| {
            format!(", as {email} with the password {password}")
        });
        format!("  {:<34}  {what}{login}\n", drive::at(host))
    };
    let rows = [
        row("www", "the website", None),
        row("app", "the customers' portal", Some(&sample.customer)),
        row("platform", "the platform's portal", Some(&sample.staff)),
    ];
    let rows = rows.concat();
    format!("With a browser of this machine:\n{first}{rows}")
}
