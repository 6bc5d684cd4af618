//! A domain that moves, goes back and moves again, each time because somebody with a browser says so: the migration waits in Observe until they have done it.
//! In: the name of a migration that hasn't moved its data yet. Out: one that goes on to its end.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Error;
use super::kube::Kube;
use crate::progress::Step;

/// How long it may take until the data has moved.
const LIMIT: Duration = Duration::from_secs(600);
/// How long somebody may take to have it go back and there again. Whether they did, they say themselves.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_secs(1);
const PATCH: Duration = Duration::from_secs(30);

/// Has it stay where data can change hands.
pub(super) fn hold(kube: Kube<'_>, name: &str) -> Result<(), Error> {
    advance(kube, name, "Cutover", LIMIT)
}

/// Waits until its data has gone back and moved again, and lets it go on.
pub(super) fn wait(kube: Kube<'_>, kind: &str, name: &str) -> Result<(), Error> {
    let step = Step::begin(format!("{name} moves, goes back and moves again, as somebody with a browser says"));
    let started = Instant::now();
    let mut open = None;
    let mut is_done = false;
    while !is_done && started.elapsed() < LIMIT {
        let migration = kube.ours(kind, name)?.unwrap_or_default();
        let turns = Turns::of(&migration["status"]);
        if turns.is_open {
            open = open.or_else(|| Some(Instant::now()));
        }
        is_done = turns.is_there_again || open.is_some_and(|since: Instant| since.elapsed() > PATIENCE);
        thread::sleep(POLL);
    }
    advance(kube, name, "Completed", Duration::ZERO)?;
    step.done("it goes on");
    Ok(())
}

/// There is a way back for as long as it is observed.
fn advance(kube: Kube<'_>, name: &str, to: &str, observed: Duration) -> Result<(), Error> {
    let observe = json!({ "duration": format!("{}s", observed.as_secs()) });
    let wish = json!({ "spec": { "advanceTo": to, "observe": observe } }).to_string();
    kube.run(&["patch", &format!("dsm/{name}"), "-n", "rerp", "--type=merge", "-p", &wish], PATCH)?;
    Ok(())
}

/// How often data has changed hands.
#[derive(Debug, PartialEq, Eq)]
struct Turns {
    /// It has moved at least once.
    is_open: bool,
    /// It has gone back, and moved again.
    is_there_again: bool,
}

impl Turns {
    fn of(status: &Value) -> Self {
        let is_there = status["phase"] == "Observe";
        Self {
            is_open: is_there || status["rollback"]["last"].is_object(),
            is_there_again: is_there && status["rollback"]["last"].is_object(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_back_and_there_again() {
        let last = json!({ "writePauseMs": 30 });
        let cases = [
            (json!({ "phase": "Streaming" }), false, false),
            (json!({ "phase": "Observe" }), true, false),
            (json!({ "phase": "RolledBack", "rollback": { "last": last } }), true, false),
            (json!({ "phase": "Observe", "rollback": { "last": last } }), true, true),
        ];
        for (status, is_open, is_there_again) in cases {
            assert_eq!(Turns::of(&status), Turns { is_open, is_there_again }, "{status}");
        }
    }
}
