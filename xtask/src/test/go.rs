//! The Go module's stage. In: `local-cluster/`. Out: counts of its tests.

use std::path::Path;

use super::{Error, Tally};
use crate::command::Cmd;
use crate::install;
use crate::paths::program;

/// gofmt would change nothing.
pub(crate) fn format(root: &Path) -> Result<(), Error> {
    let Some(gofmt) = program("gofmt").or_else(|| Some(program("go")?.canonicalize().ok()?.with_file_name("gofmt")))
    else {
        return Err(install::Error::NoGo.into());
    };
    let changed = Cmd::new(gofmt).args(["-l", "."]).dir(root.join("local-cluster")).quiet()?;
    if changed.trim().is_empty() {
        return Ok(());
    }
    Err(Error::Found(format!("gofmt would change:\n{changed}run `gofmt -w` in local-cluster/")))
}

/// `go vet` and `go test`.
pub(crate) fn test(root: &Path, filter: Option<&str>) -> Result<Tally, Error> {
    if !install::go()?.args(["vet", "./..."]).dir(root.join("local-cluster")).status()?.success() {
        return Err(Error::Runner("go vet"));
    }
    let mut tally = Tally::default();
    let mut test = install::go()?.args(["test", "-v", "-count=1", "-vet=off"]).dir(root.join("local-cluster"));
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
    if status.success() { Ok(tally) } else { Err(Error::Tests(tally)) }
}
