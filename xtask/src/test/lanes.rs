//! Two test programs at a time. Those that have PostgreSQL servers of their own wait for these more than they work, so one beside another takes little
//! from it. In: what cargo built. Out: counts, and what each program said, in one piece. Must not run what is measured by its speed.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use super::{Error, Tally};
use crate::command::Cmd;
use crate::verdict;

/// How many programs run at once. Each runs as many tests at once as there are processors.
const LANES: usize = 2;

/// A test program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// The package it belongs to and its name.
    shown: String,
    path: PathBuf,
    /// The folder of the package, where cargo would run it.
    dir: PathBuf,
}

/// Builds test programs, in the order in which cargo would run them. `build` is a `cargo test` with all that it is to know of what to build.
pub(super) fn build(build: Cmd) -> Result<Vec<Program>, Error> {
    let mut programs = Vec::new();
    let build = build.args(["--no-run", "--message-format", "json-render-diagnostics"]);
    let status = build.watch(|line| programs.extend(program(line)))?;
    if !status.success() {
        return Err(Error::Runner("cargo test --no-run"));
    }
    // Cargo says of each when it is finished, which depends on what is built beside it.
    programs.sort_by(|one: &Program, other| one.shown.cmp(&other.shown));
    Ok(programs)
}

/// The test program that a message of cargo's speaks of.
fn program(message: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let dir = Path::new(message["manifest_path"].as_str()?).parent()?;
    let shown = format!("{} {}", dir.file_name()?.to_string_lossy(), message["target"]["name"].as_str()?);
    Some(Program { shown, path: message["executable"].as_str()?.into(), dir: dir.to_owned() })
}

/// Runs programs; those at the end first, which are operator and split and take longest. `with` adds to each command what all of them are to know, and `show` is
/// handed all lines of one program after the other. A program that fails doesn't keep the others from running.
pub(super) fn run(
    programs: Vec<Program>,
    with: impl Fn(Cmd) -> Cmd + Sync,
    show: impl FnMut(&str) + Send,
) -> Result<Tally, Error> {
    let (waiting, ended) = (Mutex::new(VecDeque::from(programs)), Mutex::new((Tally::default(), true, show)));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_back();
    let lane = || -> Result<(), Error> {
        while let Some(program) = next() {
            let command = with(Cmd::new(&program.path).env("CARGO_MANIFEST_DIR", &program.dir).dir(&program.dir));
            let mut lines = vec![format!("     Running {}", program.shown)];
            let status = command.watch(|line| lines.push(line.to_owned()));
            let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
            let (tally, passed, show) = &mut *ended;
            lines.iter().for_each(|line| tally.read_cargo(line));
            lines.iter().for_each(|line| verdict::read(line));
            lines.iter().for_each(|line| show(line));
            *passed &= status?.success();
        }
        Ok(())
    };
    let lanes: Vec<Result<(), Error>> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap_or(Err(Error::Runner("a thread of the tests")))).collect()
    });
    lanes.into_iter().collect::<Result<(), Error>>()?;
    let (tally, passed, _) = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    if passed { Ok(tally) } else { Err(Error::Tests(tally)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_among_what_cargo_says() {
        let said = r#"{"reason":"compiler-artifact","manifest_path":"/p/split/Cargo.toml","target":{"kind":["test"],"name":"it"},
            "profile":{"test":true},"executable":"/t/it-1"}"#;
        let found = Program { shown: "split it".into(), path: "/t/it-1".into(), dir: "/p/split".into() };
        assert_eq!(program(said), Some(found));
        for other in [r#""test":true"#, r#""/t/it-1""#].map(|what| said.replace(what, "null")) {
            assert_eq!(program(&other), None, "{other}");
        }
        assert_eq!(program("not JSON"), None);
    }

    /// A shell that says it had two tests, and fails when its package is `/usr`.
    fn all(dirs: &[&str], lines: &mut Vec<String>) -> Result<Tally, Error> {
        let script = "echo 'test result: ok. 2 passed; 0 failed'; [ $CARGO_MANIFEST_DIR != /usr ]";
        let shell = |dir: &&str| Program { shown: (*dir).into(), path: "sh".into(), dir: (*dir).into() };
        let programs = dirs.iter().map(shell).collect();
        run(programs, |program| program.args(["-c", script]), |line| lines.push(line.to_owned()))
    }

    #[test]
    fn each_runs_and_one_that_fails_is_told_with_all_counts() {
        let mut lines = Vec::new();
        assert_eq!(all(&["/", "/tmp", "/dev"], &mut lines).unwrap().passed, 6);
        assert_eq!(lines.iter().filter(|line| line.starts_with("     Running /")).count(), 3);
        let failed = all(&["/usr", "/tmp", "/dev"], &mut lines);
        assert!(matches!(&failed, Err(Error::Tests(tally)) if tally.passed == 6), "{failed:?}");
    }
}
