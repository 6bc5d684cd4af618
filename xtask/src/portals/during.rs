//! People who fill forms at their browsers while something happens to the platform. In: a platform. Out: how many forms they filled in each portal, and whether
//! each was taken without an error shown. What they do is in `portals/customer/test/during`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::way::Way;
use super::workspace::Workspace;
use super::{Error, drive, place};
use crate::cluster::Cluster;
use crate::images::{self, Options};
use crate::install;
use crate::paths::Paths;
use crate::progress::{Step, note};
use crate::walk;
use crate::walk::door::Door;

/// What they and this program tell each other, below the checkout: this one makes `enough`; they make a file of each portal when they begin there, and `filled.json`.
const FOLDER: &str = "target/portals/during";
const ENOUGH: &str = "enough";
const FILLED: &str = "filled.json";
const BEGUN: [&str; 3] = ["website.begun", "customer.begun", "platform.begun"];
/// How long signing in, opening an account and subscribing may take.
const COMING: Duration = Duration::from_secs(120);
/// How long those who are told that it is enough may take: a form that is being filled in is sent.
const LEAVING: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(500);

/// People at their browsers. They leave with this value.
#[derive(Debug)]
pub(crate) struct People {
    process: Child,
    folder: PathBuf,
    _way: Way,
    _sandbox: Door,
}

/// What they did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Forms that were taken, by portal.
    pub(crate) forms: BTreeMap<String, u64>,
    /// Nobody was shown an error, and no page said one on its console.
    pub(crate) went_well: bool,
}

impl Filled {
    /// For a table.
    pub(crate) fn words(&self) -> String {
        let forms: Vec<String> = self.forms.iter().map(|(portal, count)| format!("{portal} {count}")).collect();
        format!("{}: {}", forms.join(", "), if self.went_well { "no error shown" } else { "NOT all went well" })
    }
}

impl People {
    /// Puts the portals onto the platform and sends people there. None where there is no Node or no browser: that is said.
    pub(crate) fn come(paths: &Paths, cluster: &Cluster, options: &Options) -> Result<Option<Self>, Error> {
        if install::for_portals(paths).map_err(super::workspace::Error::from)?.is_none() {
            note("no node and npm: nobody is there with a browser");
            return Ok(None);
        }
        let Some(browser) = install::browser().map_err(super::workspace::Error::from)? else {
            note("no chromium: nobody is there with a browser");
            return Ok(None);
        };
        let images = images::of_portals(paths, options)?;
        place(paths, cluster, &cluster.load(paths, &images)?)?;
        let step = Step::begin("People come with a browser, and fill in forms");
        let way = Way::open(paths, cluster)?;
        let sample = walk::sample::settle(cluster)?;
        let sandbox = Door::open(cluster, "sandbox")?;
        let told = drive::tell(paths, &sandbox, &sample)?;
        let folder = paths.root.join(FOLDER);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|source| Error::Untold(folder.clone(), source))?;
        let workspace = Workspace::open(paths)?;
        workspace.script("generate").quiet()?;
        let script = workspace.script("during").env("RERP_PLATFORM", &told).env("RERP_CHROMIUM", browser);
        let process = script.env("RERP_DURING", &folder).env("RERP_SHOTS", &folder).spawn(Stdio::inherit())?;
        let people = Self { process, folder, _way: way, _sandbox: sandbox };
        // Whoever starts a browser and signs in takes most of two processors; what is measured afterwards isn't about that.
        let until = Instant::now() + COMING;
        while !BEGUN.iter().all(|mark| people.folder.join(mark).exists()) && Instant::now() < until {
            thread::sleep(POLL);
        }
        step.done("there");
        Ok(Some(people))
    }

    /// Tells them that it is enough, and what they did.
    pub(crate) fn leave(mut self) -> Result<Filled, Error> {
        let step = Step::begin("People with a browser leave");
        self.enough();
        let until = Instant::now() + LEAVING;
        let mut ended = None;
        while ended.is_none() && Instant::now() < until {
            ended = self.process.try_wait().map_err(|source| Error::Untold(self.folder.clone(), source))?;
            thread::sleep(POLL);
        }
        let forms: BTreeMap<String, u64> = fs::read(self.folder.join(FILLED))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let went_well = ended.is_some_and(|status| status.success()) && !forms.is_empty();
        step.done(if went_well { "no error was shown to anybody" } else { "not all went well" });
        Ok(Filled { forms, went_well })
    }

    fn enough(&self) {
        let _ = fs::write(self.folder.join(ENOUGH), "");
    }
}

impl Drop for People {
    /// Whoever isn't asked what they did leaves all the same; they look for the word every moment, and go by themselves after a time.
    fn drop(&mut self) {
        self.enough();
    }
}
