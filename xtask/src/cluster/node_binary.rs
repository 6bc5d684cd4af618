//! The node program, built once per state of its source. In: the Go module `local-cluster/`. Out: the program in the cache, and a
//! `kubectl` beside it. A cold build compiles all of Kubernetes, so nothing but a changed source may cause one.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;
use crate::install;
use crate::modules::{self, Inputs};
use crate::paths::Paths;
use crate::progress::Step;

/// Cold, on two busy cores; four times what was measured.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Path of the node program, building it when it is missing.
pub(crate) fn build(paths: &Paths) -> Result<PathBuf, Error> {
    let source = paths.root.join("local-cluster");
    let version = install::go()?.arg("version").dir(&source).quiet()?;
    let inputs = modules::inputs(&source).map_err(|error| Error::Record { path: source.clone(), source: error })?;
    let bin = paths.cache_dir("bin")?;
    let home = bin.join(format!("rerp-node-{}", modules::fingerprint(&inputs, &version).short()));
    let binary = home.join("rerp-node");
    if binary.exists() {
        return Ok(binary);
    }
    let step = Step::begin("Building the node program (compiles Kubernetes: minutes the first time, seconds after)");
    let scratch = tempfile::tempdir_in(&bin).map_err(|source| Error::Record { path: bin.clone(), source })?;
    install::go()?
        // No flag that `go vet` and `go test` lack: what is compiled here serves them too.
        .args(["build", "-ldflags", &flags(&inputs), "-o"])
        .arg(format!("{}/", scratch.path().display()))
        .arg("./cmd/...")
        .dir(&source)
        .limit(LIMIT)
        .quiet()?;
    install_in(scratch.path(), &home).map_err(|source| Error::Record { path: home, source })?;
    step.done("built");
    Ok(binary)
}

/// Path of the `kubectl` inside the node program, which chooses by the name it is called under.
pub(crate) fn kubectl(paths: &Paths) -> Result<PathBuf, Error> {
    Ok(build(paths)?.with_file_name("kubectl"))
}

fn install_in(built: &Path, home: &Path) -> io::Result<()> {
    symlink("rerp-node", built.join("kubectl"))?;
    match fs::rename(built, home) {
        // Another run was faster; its result is as good as ours.
        Err(_) if home.join("rerp-node").exists() => Ok(()),
        other => other,
    }
}

/// Clients parse the version; without these flags the components call themselves v0.0.0.
fn flags(inputs: &Inputs) -> String {
    let module = inputs.get(Path::new("go.mod")).map(|text| String::from_utf8_lossy(text)).unwrap_or_default();
    let version = module.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes ")).unwrap_or("v0.0.0");
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("0"), parts.next().unwrap_or("0"));
    let package = "k8s.io/component-base/version";
    format!("-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_from_the_module() {
        let module = b"require (\n\tk8s.io/kubectl v0.0.0\n\tk8s.io/kubernetes v1.34.4\n)\n".to_vec();
        let flags = flags(&Inputs::from([(PathBuf::from("go.mod"), module)]));
        assert!(flags.contains("gitVersion=v1.34.4 ") && flags.ends_with("gitMinor=34"), "{flags}");
    }
}
