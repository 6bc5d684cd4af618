//! The Go modules' stage. In: `bus/` and `local-cluster/`. Out: counts of their tests.

use std::path::Path;

use super::{Error, Tally};
use crate::command::Cmd;
use crate::install;
use crate::modules;
use crate::paths::{Paths, program};

/// How the packages of Kubernetes itself begin.
const KUBERNETES: &str = "k8s.io/kubernetes/";

/// gofmt would change nothing.
pub(crate) fn format(root: &Path) -> Result<(), Error> {
    let Some(gofmt) = program("gofmt").or_else(|| Some(program("go")?.canonicalize().ok()?.with_file_name("gofmt")))
    else {
        return Err(install::Error::NoGo.into());
    };
    let changed = Cmd::new(gofmt).arg("-l").args(modules::ALL).dir(root).quiet()?;
    if changed.trim().is_empty() {
        return Ok(());
    }
    Err(Error::Found(format!("gofmt would change:\n{changed}run `gofmt -w` on them")))
}

/// `go vet` and `go test` in every module (what links Kubernetes is not vetted, see [`vetted`]); one that fails does not hide what the next would say.
pub(crate) fn test(paths: &Paths, filter: Option<&str>) -> Result<Tally, Error> {
    if install::is_root() {
        // Some tests make network namespaces and ask the kernel: they need what the node needs.
        install::for_node(paths)?;
    }
    let (root, mut all, mut failed) = (&paths.root, Tally::default(), false);
    for module in modules::ALL {
        let (tally, passed) = one(&root.join(module), filter)?;
        all.add(&tally);
        failed |= !passed;
    }
    if failed { Err(Error::Tests(all)) } else { Ok(all) }
}

/// The packages of a module that don't link Kubernetes. `go vet` looks at every dependency of what it is asked about: of the three that do link it
/// that is 2,800, and a minute and a half of two processors for some ten files that every cluster test compiles and runs.
fn vetted(module: &Path) -> Result<Vec<String>, Error> {
    let list = install::go()?
        .args(["list", "-f", "{{.ImportPath}}{{range .Deps}} {{.}}{{end}}", "./..."])
        .dir(module)
        .quiet()?;
    let is_light = |line: &&str| !line.split(' ').any(|package| package.starts_with(KUBERNETES));
    Ok(list.lines().filter(is_light).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

fn one(module: &Path, filter: Option<&str>) -> Result<(Tally, bool), Error> {
    if !install::go()?.arg("vet").args(vetted(module)?).dir(module).status()?.success() {
        return Err(Error::Runner("go vet"));
    }
    let mut tally = Tally::default();
    let mut test = install::go()?.args(["test", "-v", "-count=1", "-vet=off"]).dir(module);
    if let Some(filter) = filter {
        test = test.args(["-run", filter]);
    }
    let status = test.arg("./...").watch(|line| {
        tally.read_go(line);
        if !line.starts_with("=== ")
            && !line.trim_start().starts_with("--- PASS")
            && line != "PASS"
            && !line.contains("[no test files]")
        {
            println!("{line}");
        }
    })?;
    Ok((tally, status.success()))
}
