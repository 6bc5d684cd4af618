//! What a fresh machine lacks. In: what a command is about to need. Out: it is there, or an error that says how to get it.
//! On a Debian-like machine, as root, missing packages are installed and named with the reason; elsewhere nothing is touched.

mod browser;
mod node;
mod postgres;
mod python;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

pub(crate) use browser::browser;
pub(crate) use node::{Node, for_badges, for_portals};
pub(crate) use postgres::postgres_versions;
pub(crate) use python::{bench_peers, official_clients, schemathesis};

use crate::command::{self, Cmd};
use crate::paths::{Paths, program};
use crate::progress::Step;

/// Downloads over a slow line are allowed to take this long.
const APT_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Most of NATS is compiled already, for the bus.
const NATS_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Why the machine could not be made ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("this machine lacks what is needed:{missing}\n{advice}")]
    Missing { missing: String, advice: &'static str },
    #[error(
        "no `go` in PATH; the event bus and the local Kubernetes node are Go programs: install Go 1.26 or later (https://go.dev/dl)"
    )]
    NoGo,
    #[error(
        "the portals are built with Node 20.19 or later, and this machine has {0}: install a newer one (https://nodejs.org)"
    )]
    OldNode(String),
    #[error("a newer Node can't be installed into {path}")]
    Node { path: PathBuf, source: io::Error },
    #[error("the list of packages {path} cannot be read")]
    List { path: PathBuf, source: io::Error },
    #[error("there can be no environment for Python in {path}")]
    Environment { path: PathBuf, source: io::Error },
    #[error("PostgreSQL can't be installed into {path}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("a folder's name has a colon in it: {path}")]
    PathList { path: PathBuf },
    #[error("the configuration of PostgreSQL's packages could not be written to {path}")]
    PostgresDefaults { path: PathBuf, source: io::Error },
    #[error("the packages could not be installed")]
    Apt(#[from] command::Error),
}

/// One thing that must be on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    /// Name of the Debian package that brings it.
    package: String,
    /// Why we want it; shown to the person whose machine it is.
    why: String,
}

impl Need {
    fn new(package: &str, why: &str) -> Self {
        Self { package: package.to_owned(), why: why.to_owned() }
    }

    /// Asks for the thing itself where that is possible: it may come from elsewhere than the package.
    fn is_there(&self) -> bool {
        let name = match self.package.as_str() {
            "binutils" => "strip",
            "nftables" => "nft",
            "iproute2" => "ip",
            "util-linux" => "unshare",
            "nodejs" => "node",
            "ca-certificates" => return Path::new("/etc/ssl/certs/ca-certificates.crt").exists(),
            "containernetworking-plugins" => return Path::new("/usr/lib/cni/bridge").exists(),
            "postgresql" => return postgres_bin_dir().is_some(),
            "python3-pip" => return has_pip(),
            other => other,
        };
        program(name).is_some() || (program("dpkg-query").is_some() && dpkg_has(&self.package))
    }
}

/// What building the images needs.
pub(crate) fn for_images() -> Result<(), Error> {
    ensure(&[
        Need::new("mmdebstrap", "builds the root file system of the PostgreSQL image from Debian's packages"),
        Need::new("binutils", "takes the debug symbols out of the programs in the images"),
        Need::new("ca-certificates", "the certificate authorities that go into the images"),
    ])
}

/// The Go command as every part of this program calls it, so that what one compiles serves the others.
pub(crate) fn go() -> Result<Cmd, Error> {
    // Compiling Kubernetes is short-lived processes of a few hundred megabytes each. Not collecting their garbage takes a quarter off
    // the time; the limit is for the few that want more. What a debugger would read is another fifth; traces name their lines without it.
    let flags = std::env::var("GOFLAGS").unwrap_or_default() + " -gcflags=all=-dwarf=false -ldflags=-w";
    let go = Cmd::new(program("go").ok_or(Error::NoGo)?);
    Ok(go.env("CGO_ENABLED", "0").env("GOGC", "off").env("GOMEMLIMIT", "2GiB").env("GOFLAGS", flags))
}

/// What the local node needs, from the list beside its source.
pub(crate) fn for_node(paths: &Paths) -> Result<(), Error> {
    if program("go").is_none() {
        return Err(Error::NoGo);
    }
    let path = paths.root.join("local-cluster/packages.txt");
    let list = fs::read_to_string(&path).map_err(|source| Error::List { path, source })?;
    ensure(&parse_list(&list))
}

/// What the database tests need: a PostgreSQL server's programs.
pub(crate) fn for_database_tests() -> Result<(), Error> {
    ensure(&[Need::new("postgresql", "the database tests start PostgreSQL servers of their own on loopback")])
}

/// What the split's copy is measured beside.
pub(crate) fn pgcopydb() -> Result<PathBuf, Error> {
    let need = Need::new("pgcopydb", "the split's base copy is measured beside it");
    ensure(std::slice::from_ref(&need))?;
    program(&need.package).ok_or_else(|| Error::Missing { missing: format!("\n  {}", need.package), advice: "" })
}

/// The program of NATS that the bus has as a library, built from the same module: the kit's tests speak with the real one. Go knows whether there is
/// anything to do.
pub(crate) fn nats_server(paths: &Paths) -> Result<PathBuf, Error> {
    let program = paths.cache.join("bin/nats-server");
    let build = go()?.args(["build", "-buildvcs=false", "-o"]).arg(&program).arg("github.com/nats-io/nats-server/v2");
    build.dir(paths.root.join("bus")).limit(NATS_LIMIT).quiet()?;
    Ok(program)
}

/// Names a folder for what a list says, so that another list has another one.
fn name_by_list(name: &str, list: &[u8]) -> String {
    format!("{name}-{}", hex::encode(Sha256::digest(list)).split_at(16).0)
}

fn has_pip() -> bool {
    program("python3").is_some_and(|python| Cmd::new(python).args(["-m", "pip", "--version"]).quiet().is_ok())
}

/// Folder of the newest PostgreSQL server programs of this machine.
pub(crate) fn postgres_bin_dir() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin)
}

/// `name   # why`, one a line; empty lines and pure comments are skipped.
fn parse_list(list: &str) -> Vec<Need> {
    list.lines()
        .filter_map(|line| {
            let (name, why) = line.split_once('#').unwrap_or((line, ""));
            let why = if why.trim().is_empty() { "the local Kubernetes node" } else { why.trim() };
            (!name.trim().is_empty()).then(|| Need::new(name.trim(), why))
        })
        .collect()
}

fn ensure(needs: &[Need]) -> Result<(), Error> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !need.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.iter().fold(String::new(), |all, need| format!("{all}\n  {}: {}", need.package, need.why));
    if program("apt-get").is_none() {
        let advice = "These are Debian's package names; install them with this machine's own package manager and run the command again.";
        return Err(Error::Missing { missing: list, advice });
    }
    if !is_root() {
        let advice = "Install them with `apt-get install`, or run the command as root.";
        return Err(Error::Missing { missing: list, advice });
    }
    let step = Step::begin("Installing Debian packages");
    step.note(list.trim_start_matches('\n'));
    if missing.iter().any(|need| need.package == "postgresql") {
        no_default_cluster()?;
    }
    let names: Vec<&str> = missing.iter().map(|need| need.package.as_str()).collect();
    // The package lists of a fresh machine may be absent or older than what the mirror still has.
    if apt_install(&names).is_err() {
        apt(&["update"])?;
        apt_install(&names)?;
    }
    step.done("installed");
    Ok(())
}

fn apt_install(names: &[&str]) -> Result<(), command::Error> {
    apt(&[&["install", "--yes", "--no-install-recommends"], names].concat())
}

fn apt(args: &[&str]) -> Result<(), command::Error> {
    Cmd::new("apt-get")
        .args(["-o", "DPkg::Lock::Timeout=300"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .limit(APT_LIMIT)
        .quiet()
        .map(drop)
}

/// Debian's server package makes and starts a server on the usual port when it is installed; the tests want the programs only.
fn no_default_cluster() -> Result<(), Error> {
    let path = PathBuf::from("/etc/postgresql-common/createcluster.conf");
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all("/etc/postgresql-common")
        .and_then(|()| fs::write(&path, "create_main_cluster = false\n"))
        .map_err(|source| Error::PostgresDefaults { path, source })
}

fn dpkg_has(package: &str) -> bool {
    Cmd::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status}", package])
        .quiet()
        .is_ok_and(|status| status.trim() == "installed")
}

/// Whether we may install packages and make namespaces.
pub(crate) fn is_root() -> bool {
    // The effective uid is the second number of the line; there is no safe call for it in the standard library.
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("Uid:").map(str::to_owned)))
        .and_then(|uids| uids.split_whitespace().nth(1).map(|uid| uid == "0"))
        .unwrap_or_else(|| env::var("USER").is_ok_and(|user| user == "root"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_names_and_reasons() {
        let needs = parse_list("# packages\ncontainerd   # runs the containers\n\nsocat\n");
        assert_eq!(
            needs,
            [Need::new("containerd", "runs the containers"), Need::new("socat", "the local Kubernetes node")]
        );
    }

    #[test]
    fn a_tool_of_the_base_system_is_found() {
        assert!(Need::new("sh", "").is_there());
        assert!(!Need::new("no-such-package-here", "").is_there());
    }
}
