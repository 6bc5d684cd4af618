//! Named places at which a test lets this process die, freeze or wait: proof that a worker may be lost anywhere.
//!
//! In: `RERP_SPLIT_FAILPOINT=<name>=<kill|freeze|wait>[:nth]`, read once when the program starts. Out: nothing, unless
//! the named place is reached for the nth time (the first without it). Unset, a place costs one look at a static. It
//! knows nothing of what happens around it, and changes nothing but whether this process goes on.

mod points;

pub use points::{Moment, STATEMENTS, Step, names};

use crate::fence::Stmt;
use crate::phase::Phase;
use rustix::process::{Signal, getpid, kill_process};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The environment variable that arms one place.
pub const VARIABLE: &str = "RERP_SPLIT_FAILPOINT";
/// Names the file whose existence ends a `wait`.
pub const GO: &str = "RERP_SPLIT_FAILPOINT_GO";
/// The longest wait; whoever forgot to end it gets a worker that goes on.
const WAIT_LIMIT: Duration = Duration::from_secs(60);
/// Between two looks for the file.
const LOOK: Duration = Duration::from_millis(1);
/// Far longer than a signal to oneself takes to arrive.
const SIGNAL_LIMIT: Duration = Duration::from_millis(100);

static ARMED: OnceLock<Armed> = OnceLock::new();

/// What happens at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// SIGKILL: nothing is closed in an orderly way.
    Kill,
    /// SIGSTOP: sockets stay open, nothing answers, until SIGCONT.
    Freeze,
    /// This task waits until the file of `GO` exists; the rest of the process goes on.
    Wait,
}

#[derive(Debug)]
struct Armed {
    name: String,
    action: Action,
    /// How many times more the place is to be reached.
    left: AtomicU32,
    go: PathBuf,
}

/// Why no place could be armed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArmError {
    /// The text has another form.
    #[error("{VARIABLE} is <name>=<kill|freeze|wait>[:nth] with nth from 1, not {0:?}")]
    Form(String),
    /// There is no such place.
    #[error("{VARIABLE}: no failpoint is called {name:?}; there are: {}", names().join(" "))]
    Unknown {
        /// What was given.
        name: String,
    },
    /// A wait that nothing can end.
    #[error("{VARIABLE}: wait needs a path in {GO}")]
    NoFile,
    /// It can be done once in a process.
    #[error("{VARIABLE}: a failpoint is armed already")]
    Twice,
}

/// Arms what the environment asks for; nothing if it asks for nothing.
///
/// # Errors
/// The text can't be understood, or names no place.
pub fn arm_from_env() -> Result<(), ArmError> {
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(()) };
    let armed = parse(&text, std::env::var_os(GO).map(PathBuf::from))?;
    tracing::warn!(?armed, "failpoint");
    ARMED.set(armed).map_err(|_| ArmError::Twice)
}

fn parse(text: &str, go: Option<PathBuf>) -> Result<Armed, ArmError> {
    let form = || ArmError::Form(text.to_owned());
    let (name, what) = text.split_once('=').ok_or_else(form)?;
    let (action, nth) = what.split_once(':').unwrap_or((what, "1"));
    let action = action.parse().map_err(|()| form())?;
    let left = nth.parse().ok().filter(|nth| *nth > 0).ok_or_else(form)?;
    if !names().iter().any(|known| known == name) {
        return Err(ArmError::Unknown { name: name.to_owned() });
    }
    if action == Action::Wait && go.is_none() {
        return Err(ArmError::NoFile);
    }
    Ok(Armed { name: name.to_owned(), action, left: AtomicU32::new(left), go: go.unwrap_or_default() })
}

impl FromStr for Action {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "kill" => Ok(Self::Kill),
            "freeze" => Ok(Self::Freeze),
            "wait" => Ok(Self::Wait),
            _ => Err(()),
        }
    }
}

/// A place between two steps inside of a phase's work.
pub async fn step(step: Step) {
    reached(|| step.name().to_owned()).await;
}

/// A place around the work of a phase, which has been stored.
pub async fn phase(phase: Phase, moment: Moment) {
    reached(|| points::around(phase.as_str(), moment)).await;
}

/// A place around a statement of the fence.
pub async fn statement(stmt: &Stmt, moment: Moment) {
    reached(|| points::around(points::statement(stmt), moment)).await;
}

async fn reached(name: impl FnOnce() -> String) {
    let Some(armed) = ARMED.get() else { return };
    if name() == armed.name && armed.counts_down() {
        armed.act().await;
    }
}

impl Armed {
    /// Whether this is the time that was asked for; never again after it.
    fn counts_down(&self) -> bool {
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1)
    }

    async fn act(&self) {
        tracing::warn!(name = self.name, action = ?self.action, "failpoint reached");
        match self.action {
            Action::Kill => signal(Signal::KILL),
            Action::Freeze => signal(Signal::STOP),
            Action::Wait => {
                let begun = Instant::now();
                while !self.go.exists() && begun.elapsed() < WAIT_LIMIT {
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }
}

/// Sends a signal to this process. Whichever thread takes it, this one doesn't go on before it has worked.
fn signal(signal: Signal) {
    if let Err(error) = kill_process(getpid(), signal) {
        tracing::error!(%error, "a process may not signal itself");
    }
    std::thread::sleep(SIGNAL_LIMIT);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn error(text: &str) -> String {
        parse(text, None).unwrap_err().to_string()
    }

    #[test]
    fn a_name_an_action_and_a_number() {
        let armed = parse("F8Close.before=kill:3", None).unwrap();
        assert_eq!((armed.name.as_str(), armed.action), ("F8Close.before", Action::Kill));
        assert_eq!([(); 4].map(|()| armed.counts_down()), [false, false, true, false]);
        assert_eq!(parse("SlotMade=freeze", None).unwrap().action, Action::Freeze);
        assert_eq!(parse("Copy.after=wait", Some("/go".into())).unwrap().go, PathBuf::from("/go"));
    }

    #[test]
    fn what_can_not_be_understood_is_an_error_that_helps() {
        for text in ["", "F8Close.before", "F8Close.before=die", "F8Close.before=kill:0", "F8Close.before=kill:x"] {
            assert!(error(text).contains("<kill|freeze|wait>"), "{text:?}: {}", error(text));
        }
        let unknown = error("F8Close=kill");
        assert!(unknown.contains("\"F8Close\"") && unknown.contains(" F8Close.before F8Close.after "), "{unknown}");
        assert_eq!(parse("SlotMade=wait", None).unwrap_err(), ArmError::NoFile);
    }

    #[test]
    fn names_are_told_apart() {
        let names = names();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| !name.contains(['=', ':', ' '])), "{names:?}");
    }
}
