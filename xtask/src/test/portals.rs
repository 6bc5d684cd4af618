//! The portals' stage. In: the npm workspace. Out: counts of what its tests say: first of the sources, then of what was built from them. Types and lints come
//! before, and have no counts.

use super::{Error, Setting, Tally};
use crate::install;
use crate::portals;
use crate::portals::workspace::Workspace;
use crate::progress::note;

/// Runs everything, where there is Node.
pub(super) fn test(setting: &Setting<'_>) -> Result<Tally, Error> {
    if !install::for_portals()? {
        note("no node and npm: the portals were neither built nor tested");
        return Ok(Tally::default());
    }
    let workspace = Workspace::open(setting.paths).map_err(portals::Error::from)?;
    // Made, not written: everything after reads them.
    workspace.script("generate").quiet()?;
    for (script, name) in [("types", "npm run types"), ("lint", "npm run lint")] {
        if !workspace.script(script).status()?.success() {
            return Err(Error::Runner(name));
        }
    }
    let mut tally = Tally::default();
    let sources = counted(setting, &workspace, "test", &mut tally)?;
    workspace.script("build").quiet()?;
    let built = counted(setting, &workspace, "judge", &mut tally)?;
    if sources && built { Ok(tally) } else { Err(Error::Tests(tally)) }
}

/// Whether all passed.
fn counted(setting: &Setting<'_>, workspace: &Workspace, script: &str, tally: &mut Tally) -> Result<bool, Error> {
    let mut test = workspace.script(script);
    if let Some(filter) = setting.filter {
        test = test.args(["--", "--testNamePattern", filter, "--passWithNoTests"]);
    }
    let status = test.watch(|line| {
        tally.read_vitest(line);
        if !line.trim_start().starts_with('✓') && !line.trim().is_empty() {
            println!("{line}");
        }
    })?;
    Ok(status.success())
}
