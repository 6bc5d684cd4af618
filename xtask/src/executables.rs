//! Programs of the workspace, built. In: what to build. Out: where each program is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::command;
use crate::paths::Paths;

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the programs do not compile; cargo's words are above")]
    Compile,
    #[error("cargo could not be run")]
    Command(#[from] command::Error),
}

/// One cargo call for the whole workspace: any other selection would unify features differently and build dependencies twice.
/// `what` narrows it down (`--profile`, `--example`).
pub(crate) fn build(paths: &Paths, what: &[&str]) -> Result<BTreeMap<String, PathBuf>, Error> {
    cargo(paths, &["--workspace"], what)
}

/// Some packages and what they depend on: for a profile with which the rest of the workspace takes much longer than dependencies that have
/// to be built a second time.
pub(crate) fn build_only(paths: &Paths, packages: &[&str], what: &[&str]) -> Result<BTreeMap<String, PathBuf>, Error> {
    let packages: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
    cargo(paths, &packages, what)
}

fn cargo(paths: &Paths, packages: &[&str], what: &[&str]) -> Result<BTreeMap<String, PathBuf>, Error> {
    let cargo = command::cargo()
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(packages)
        .args(what)
        .dir(&paths.root);
    let mut built = BTreeMap::new();
    let status = cargo.watch(|line| {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        if let (Some(name), Some(file)) = (message["target"]["name"].as_str(), message["executable"].as_str()) {
            built.insert(name.to_owned(), PathBuf::from(file));
        }
    })?;
    if status.success() { Ok(built) } else { Err(Error::Compile) }
}
