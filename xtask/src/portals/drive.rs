//! People at their browsers: what the portals are for, done in a real Chromium on the running platform. In: an open way, and people with accounts. Out: whether
//! all went well. What they do is in `portals/*/test/platform`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::Error;
use super::way::PORT;
use super::workspace::Workspace;
use crate::cluster::Cluster;
use crate::install;
use crate::paths::Paths;
use crate::progress::{Step, note};
use crate::verdict;
use crate::walk;
use crate::walk::door::Door;
use crate::walk::sample::Sample;

/// Pictures and what is told to the tests, below the checkout.
const FOLDER: &str = "target/portals";
/// All of it, on two processors that do something else as well.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Does everything once. True where there is no browser: that is said.
pub(super) fn all(paths: &Paths, cluster: &Cluster, sample: &Sample) -> Result<bool, Error> {
    let Some(browser) = install::browser().map_err(super::workspace::Error::from)? else {
        note("no chromium: nobody went through the portals with a browser");
        return Ok(true);
    };
    let workspace = Workspace::open(paths)?;
    workspace.script("generate").quiet()?;
    let sandbox = Door::open(cluster, "sandbox")?;
    let shots = paths.root.join(FOLDER);
    let told = tell(paths, &sandbox, sample)?;
    walk::sample::give_up(cluster)?;
    let step = Step::begin("Going through the portals with a browser");
    let drive = workspace.script("drive").env("RERP_PLATFORM", &told).env("RERP_CHROMIUM", browser);
    let status = drive.env("RERP_SHOTS", &shots).limit(LIMIT).watch(|line| {
        verdict::read(line);
        println!("{line}");
    })?;
    note(format!("pictures of the pages are in {}", shots.display()));
    step.done(if status.success() { "done" } else { "not done" });
    Ok(status.success())
}

/// Writes down where the platform is and who there is, for tests. Gives the file.
pub(super) fn tell(paths: &Paths, sandbox: &Door, sample: &Sample) -> Result<PathBuf, Error> {
    let shots = paths.root.join(FOLDER);
    let told = shots.join("platform.json");
    let hosts = json!({ "website": at("www"), "customer": at("app"), "platform": at("platform") });
    let text = json!({ "origins": hosts, "sandbox": sandbox.at(""), "people": sample }).to_string();
    fs::create_dir_all(&shots)
        .and_then(|()| fs::write(&told, text))
        .map_err(|source| Error::Untold(told.clone(), source))?;
    Ok(told)
}

/// The address of a portal, as pages have it.
pub(super) fn at(host: &str) -> String {
    format!("http://{host}.rerp.localhost:{PORT}")
}
