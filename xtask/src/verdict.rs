//! What failed and why, said where it happened and once more at the end of a command that goes on after a failure: an hour of output lies between.
//! In: sentences. Out: lines on standard error, and a list.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

static FAILURES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The command `what` has failed, for all of these reasons. Returns its code.
pub(crate) fn failed(what: &str, reasons: &[String]) -> ExitCode {
    eprintln!("{what} FAILED:");
    for reason in reasons {
        eprintln!("  {reason}");
        keep(format!("{what}: {reason}"));
    }
    ExitCode::FAILURE
}

/// Keeps a failure that somebody else has said.
pub(crate) fn keep(failure: String) {
    FAILURES.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
}

/// Keeps the test that a line of cargo's runner (`test NAME ... FAILED`) or of Vitest (`× NAME`) says has failed, if it says so.
pub(crate) fn read(line: &str) {
    let cargo = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED"));
    if let Some(test) = cargo.or_else(|| line.trim_start().strip_prefix("× ")) {
        keep(test.to_owned());
    }
}

/// All failures so far, oldest first.
pub(crate) fn failures() -> Vec<String> {
    FAILURES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
