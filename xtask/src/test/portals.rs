//! The portals' stage. In: the npm workspace, and the program that serves it. Out: counts of what its tests say: first of the sources, then of what was built from
//! them, then of that in a browser. Types and lints come before, and have no counts.

use std::path::Path;

use super::{Error, Setting, Tally};
use crate::command::Cmd;
use crate::portals;
use crate::portals::workspace::Workspace;
use crate::progress::{Step, note};
use crate::{executables, install, verdict};

/// Cargo package of the program.
const PROGRAM: &str = "rerp-portal";
/// Pictures of pages, below the checkout.
const SHOTS: &str = "target/portals";

/// Runs everything, where there is Node.
pub(super) fn test(setting: &Setting<'_>) -> Result<Tally, Error> {
    if install::for_portals(setting.paths)?.is_none() {
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
    let mut passed = counted(setting, workspace.script("test"), &mut tally)?;
    workspace.script("build").quiet()?;
    passed &= counted(setting, workspace.script("judge"), &mut tally)?;
    match install::browser()? {
        Some(browser) => passed &= browse(setting, &workspace, &browser, &mut tally)?,
        None => note("no chromium: the portals were not looked at in a browser"),
    }
    if passed { Ok(tally) } else { Err(Error::Tests(tally)) }
}

/// The built pages in a browser, from the program that serves them.
fn browse(setting: &Setting<'_>, workspace: &Workspace, browser: &Path, tally: &mut Tally) -> Result<bool, Error> {
    let step = Step::begin("Building the program that serves the portals (cargo)");
    let built = executables::build(setting.paths, &[])?;
    step.done("built");
    let program = built.get(PROGRAM).ok_or(Error::NoProgram(PROGRAM))?;
    let shots = setting.paths.root.join(SHOTS);
    let test = workspace.script("browse").env("RERP_PORTAL", program).env("RERP_CHROMIUM", browser);
    let passed = counted(setting, test.env("RERP_SHOTS", &shots), tally)?;
    note(format!("pictures of the pages are in {}", shots.display()));
    Ok(passed)
}

/// Whether all passed.
fn counted(setting: &Setting<'_>, script: Cmd, tally: &mut Tally) -> Result<bool, Error> {
    let script = match setting.filter {
        Some(filter) => script.args(["--", "--testNamePattern", filter, "--passWithNoTests"]),
        None => script,
    };
    let status = script.watch(|line| {
        tally.read_vitest(line);
        verdict::read(line);
        if !line.trim_start().starts_with('✓') && !line.trim().is_empty() {
            println!("{line}");
        }
    })?;
    Ok(status.success())
}
