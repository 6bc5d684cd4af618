//! The program `rerp-split`, as a person runs it. In: a command. Out: its events (`--json`), each with the moment at which it came.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::child::{ChildError, finish_with};
use crate::postgres::SCHEMA;

/// A command that takes longer is a failure.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// How the program ends when contents differ.
const DIFFERENT: i32 = 4;

/// What it didn't do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error(transparent)]
    Child(#[from] ChildError),
    #[error("`rerp-split {command}` has told nothing of {what}")]
    Untold { command: String, what: String },
}

/// The program, and both sides.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    pub(crate) pg_dump: PathBuf,
    /// URLs of the superusers.
    pub(crate) source: String,
    pub(crate) target: String,
}

/// What it has told.
#[derive(Debug)]
pub(crate) struct Told {
    command: String,
    events: Vec<(Instant, Value)>,
}

/// What status says of a switch, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turn {
    /// While no write could commit.
    pub(crate) pause: f64,
    /// Before it: who held locks could go on, who came waited.
    pub(crate) lock_wait: f64,
    /// The longest that any attempt kept writers waiting, given-up ones included.
    pub(crate) longest: f64,
    pub(crate) attempts: u64,
}

impl Turn {
    fn read(told: &Value) -> Option<Self> {
        let ms = |name: &str| told[name].as_f64();
        let longest = ms("longestWaitMs")?;
        let attempts = told["attempts"].as_u64()?;
        Some(Self { pause: ms("writePauseMs")?, lock_wait: ms("lockWaitMs")?, longest, attempts })
    }

    /// How far a pause is from what was told: below what nobody could write in, or above the longest wait of any attempt.
    pub(crate) fn apart(&self, pause: f64) -> f64 {
        (self.pause - pause).max(pause - self.longest).max(0.0)
    }
}

impl Tool {
    /// Runs a command to its end.
    pub(crate) fn run(&self, command: &str, more: &[&str]) -> Result<Told, ToolError> {
        self.run_to(command, more, &[0])
    }

    /// Compares two databases, and has the keys at which they differ.
    pub(crate) fn differences(&self) -> Result<Vec<String>, ToolError> {
        let told = self.run_to("verify", &[], &[0, DIFFERENT])?;
        let key = |event: &Value| (event["event"] == "mismatch").then(|| event["key"].as_str().map(str::to_owned));
        Ok(told.events.iter().filter_map(|(_, event)| key(event)?).collect())
    }

    /// Runs it to its end with one of these codes.
    fn run_to(&self, command: &str, more: &[&str], codes: &[i32]) -> Result<Told, ToolError> {
        let mut program = Command::new(&self.program);
        program.env("RERP_SOURCE_URL", &self.source).env("RERP_TARGET_URL", &self.target);
        program.env("RERP_PG_DUMP", &self.pg_dump).env_remove("RUST_LOG");
        program.arg(command).args(["--schema", SCHEMA, "--json"]).args(more);
        let said = finish_with(program, LIMIT, codes)?;
        let events = said.lines.into_iter().map(|(at, line)| (at, serde_json::from_str(&line).unwrap_or_default()));
        Ok(Told { command: command.to_owned(), events: events.collect() })
    }
}

impl Told {
    /// When a phase began; one that lasts for less than 50 ms may be left out.
    pub(crate) fn entered(&self, phase: &str) -> Result<Instant, ToolError> {
        let found = self.events.iter().find(|(_, event)| event["event"] == "phase" && event["phase"] == phase);
        found.map(|(at, _)| *at).ok_or_else(|| self.untold(phase))
    }

    /// What is told of the turn that led to an epoch. Earlier turns are told of too.
    pub(crate) fn turn(&self, epoch: i64) -> Result<Turn, ToolError> {
        let of = |event: &Value| {
            let turn = ["cutover", "rollback"].iter().find_map(|name| event.get(*name))?;
            (turn["epoch"] == epoch).then(|| Turn::read(turn))?
        };
        self.events.iter().find_map(|(_, event)| of(event)).ok_or_else(|| self.untold(&format!("epoch {epoch}")))
    }

    fn untold(&self, what: &str) -> ToolError {
        ToolError::Untold { command: self.command.clone(), what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_pause_is_that_of_the_epoch_that_is_meant() {
        let begun = Instant::now();
        let later = begun + Duration::from_secs(1);
        let events = vec![
            (begun, json!({"event": "phase", "phase": "RollingBack"})),
            (
                begun,
                json!({"event": "cutover", "cutover": {"epoch": 1, "writePauseMs": 40.5, "lockWaitMs": 2.0, "longestWaitMs": 42.5, "attempts": 1}}),
            ),
            (later, json!({"event": "phase", "phase": "RolledBack"})),
            (
                later,
                json!({"event": "rollback", "rollback": {"epoch": 2, "writePauseMs": 50.5, "lockWaitMs": 10.0, "longestWaitMs": 90.0, "attempts": 3}}),
            ),
        ];
        let told = Told { command: "rollback".to_owned(), events };
        let turn = Turn { pause: 50.5, lock_wait: 10.0, longest: 90.0, attempts: 3 };
        assert_eq!((told.turn(2).unwrap(), told.entered("RolledBack").unwrap()), (turn, later));
        let error = told.turn(3).unwrap_err().to_string();
        assert!(error.contains("`rerp-split rollback` has told nothing of epoch 3"), "{error}");
    }

    #[test]
    fn a_pause_may_have_begun_with_the_wait_for_locks_or_lie_in_an_attempt_that_was_given_up() {
        let turn = Turn { pause: 50.0, lock_wait: 5.0, longest: 60.0, attempts: 2 };
        let apart = [45.0, 50.0, 60.0, 75.0].map(|pause| turn.apart(pause));
        assert_eq!(apart, [5.0, 0.0, 0.0, 15.0]);
    }
}
