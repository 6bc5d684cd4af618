//! Splits: applied as a person would, watched one after the other until they end. In: a sample. Out: the migrations as they ended, all
//! Completed, or an error.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::kube::{Kube, condition, since, why};
use super::view::{Frame, Screen};
use super::{Error, traffic, turn};
use crate::deploy;
use crate::paths::Paths;
use crate::progress::{Step, elapsed};

const KIND: &str = "databasesplitmigrations";
const LIMIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_secs(1);
/// Looks between two questions to the load generator, which sums up its whole run for an answer.
const LOAD_EVERY: u32 = 5;
/// How long a migration may say that a person has to act before nobody is waited for any more.
const STALLED: Duration = Duration::from_secs(15);

/// A sample of the manifests: which domains it moves, in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    folder: &'static str,
    pub(super) services: &'static [&'static str],
}

/// Identity alone.
pub(super) const IDENTITY: Sample = Sample { folder: "samples/split-identity", services: &["identity"] };
/// Every domain, by one `kubectl apply`.
pub(super) const ALL: Sample =
    Sample { folder: "samples/split-all", services: &["identity", "marketing", "billing", "account", "fte"] };

/// Figures of a migration that has ended, as its status tells them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) phase: String,
    pub(super) write_pause_ms: f64,
    pub(super) lock_wait_ms: f64,
    pub(super) drain_ms: f64,
    /// When the target was opened (RFC 3339).
    pub(super) at: String,
    /// From when on nothing comes to the old side any more: then, or where there was a way back, which carries what is written, when that had ended.
    pub(super) closed: String,
    pub(super) mismatches: u64,
    /// Rows the engine compared.
    pub(super) verified: u64,
    pub(super) foreign_keys: ForeignKeys,
}

/// Foreign keys between tables that moved and tables that stayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ForeignKeys {
    pub(super) severed: u64,
    /// Rows without a parent, over all keys, compared across the two databases after the switch.
    pub(super) orphans: u64,
    /// The longest that others waited behind a lock.
    pub(super) lock_wait_ms: f64,
}

/// Applies the sample's databases and migrations, and shows the progress of each until phase Completed. The last one goes back and there again if people are there
/// to say so.
pub(super) fn run(paths: &Paths, kube: Kube<'_>, sample: Sample, has_people: bool) -> Result<Vec<Outcome>, Error> {
    let Sample { folder, services } = sample;
    let what = services.join(", then ");
    let step = Step::begin(format!("Splitting {what} out of the monolith: kubectl apply -k manifests/{folder}"));
    deploy::kustomize(paths, kube.cluster, folder)?;
    let turned = services.last().filter(|_| has_people);
    if let Some(service) = turned {
        turn::hold(kube, service)?;
    }
    let mut outcomes = Vec::new();
    for service in services {
        if turned == Some(service) {
            turn::wait(kube, KIND, service)?;
        }
        let outcome = Outcome::of(&watch(kube, service)?)?;
        step.note(format!("{service}: {}, writes paused for {:.0} ms", outcome.phase, outcome.write_pause_ms));
        outcomes.push(outcome);
    }
    step.done("split");
    Ok(outcomes)
}

fn watch(kube: Kube<'_>, service: &str) -> Result<Value, Error> {
    let started = Instant::now();
    let (mut screen, mut load, mut stalled_since, mut looks) = (Screen::new(), None, None, 0_u32);
    loop {
        let migration = kube.ours(KIND, service)?.unwrap_or_default();
        if looks.is_multiple_of(LOAD_EVERY) {
            let now = traffic::report(kube)?;
            if !now.running {
                return Err(Error::LoadEnded);
            }
            load = Some(now);
        }
        looks = looks.wrapping_add(1);
        screen.show(&Frame::of(service, &migration, load.as_ref(), started.elapsed()));
        if is_completed(&migration) {
            return Ok(migration);
        }
        stalled_since = stalled(&migration).then(|| stalled_since.unwrap_or_else(Instant::now));
        if is_lost(&migration) || stalled_since.is_some_and(|since| since.elapsed() > STALLED) {
            let (phase, why) = (phase(&migration).to_owned(), why(&migration, "Ready"));
            return Err(Error::Split { service: service.to_owned(), phase, why });
        }
        if started.elapsed() > LIMIT {
            let (phase, why) = (phase(&migration).to_owned(), why(&migration, "Ready"));
            return Err(Error::SplitTooSlow { service: service.to_owned(), limit: elapsed(LIMIT), phase, why });
        }
        thread::sleep(POLL);
    }
}

impl Outcome {
    fn of(migration: &Value) -> Result<Self, Error> {
        let status = &migration["status"];
        let number = |value: &Value, what| value.as_f64().ok_or(Error::Incomplete("the migration", what));
        let count = |value: &Value, what| value.as_u64().ok_or(Error::Incomplete("the migration", what));
        let cutover = &status["cutover"];
        let at = cutover["at"].as_str().ok_or(Error::Incomplete("the migration", "cutover.at"))?;
        let closed = if status["rollback"]["last"].is_object() {
            since(migration, "Finalized").ok_or(Error::Incomplete("the migration", "Finalized"))?
        } else {
            at
        };
        Ok(Self {
            closed: closed.to_owned(),
            phase: phase(migration).to_owned(),
            write_pause_ms: number(&cutover["writePauseMs"], "cutover.writePauseMs")?,
            lock_wait_ms: number(&cutover["lockWaitMs"], "cutover.lockWaitMs")?,
            drain_ms: number(&cutover["drainMs"], "cutover.drainMs")?,
            at: at.to_owned(),
            mismatches: count(&status["verification"]["mismatches"], "verification.mismatches")?,
            verified: count(&status["verification"]["rows"], "verification.rows")?,
            foreign_keys: ForeignKeys::of(status)?,
        })
    }
}

impl ForeignKeys {
    /// A key that was never compared has no figure, and no figure is no zero.
    fn of(status: &Value) -> Result<Self, Error> {
        let mut all = Self { severed: 0, orphans: 0, lock_wait_ms: 0.0 };
        for key in status["foreignKeys"].as_array().into_iter().flatten() {
            let missing = Error::Incomplete("the migration", "foreignKeys.orphans");
            all.severed += u64::from(key["state"] == "Severed");
            all.orphans += key["orphans"].as_u64().ok_or(missing)?;
            all.lock_wait_ms = key["lockWaitMs"].as_f64().unwrap_or_default().max(all.lock_wait_ms);
        }
        Ok(all)
    }
}

impl fmt::Display for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severed, orphans, lock_wait_ms } = self;
        write!(f, "{severed} severed (longest lock wait {lock_wait_ms:.0} ms), {orphans} orphans afterwards")
    }
}

fn phase(migration: &Value) -> &str {
    migration["status"]["phase"].as_str().unwrap_or("Pending")
}

fn is_completed(migration: &Value) -> bool {
    phase(migration) == "Completed" && condition(migration, "Ready") == "True"
}

fn is_lost(migration: &Value) -> bool {
    matches!(phase(migration), "Aborting" | "Aborted" | "Failed")
}

fn stalled(migration: &Value) -> bool {
    condition(migration, "Stalled") == "True"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn completed() -> Value {
        json!({ "status": { "phase": "Completed", "conditions": [{ "type": "Ready", "status": "True" }],
            "cutover": { "writePauseMs": 61.5, "lockWaitMs": 3, "drainMs": 12.25, "at": "2026-01-01T00:00:00Z" },
            "foreignKeys": [{ "name": "a", "state": "Severed", "orphans": 0, "lockWaitMs": 1.5 },
                { "name": "b", "state": "Severed", "orphans": 2, "lockWaitMs": 0.5 }],
            "verification": { "rows": 5, "mismatches": 0 } } })
    }

    #[test]
    fn the_figures_of_a_completed_migration_are_read() {
        let outcome = Outcome::of(&completed()).unwrap();
        assert_eq!((outcome.write_pause_ms, outcome.lock_wait_ms, outcome.mismatches), (61.5, 3.0, 0));
        assert_eq!((outcome.at.as_str(), outcome.closed.as_str()), ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"));
        assert_eq!(outcome.foreign_keys, ForeignKeys { severed: 2, orphans: 2, lock_wait_ms: 1.5 });
        assert!(is_completed(&completed()));
    }

    #[test]
    fn the_old_side_is_written_to_until_the_way_back_ends() {
        let mut migration = completed();
        migration["status"]["rollback"] = json!({ "last": { "writePauseMs": 30 } });
        assert!(Outcome::of(&migration).is_err());
        let ended = json!({ "type": "Finalized", "status": "True", "lastTransitionTime": "2026-01-01T00:01:00Z" });
        migration["status"]["conditions"].as_array_mut().unwrap().push(ended);
        assert_eq!(Outcome::of(&migration).unwrap().closed, "2026-01-01T00:01:00Z");
    }

    #[test]
    fn a_figure_that_is_missing_is_no_zero() {
        for path in [
            "/status/cutover/writePauseMs",
            "/status/verification/mismatches",
            "/status/cutover/at",
            "/status/foreignKeys/1/orphans",
        ] {
            let mut migration = completed();
            *migration.pointer_mut(path).unwrap() = Value::Null;
            assert!(Outcome::of(&migration).is_err(), "{path}");
        }
    }

    #[test]
    fn aborted_is_lost_and_copying_is_neither() {
        assert!(is_lost(&json!({ "status": { "phase": "Aborted" } })));
        let copying = json!({ "status": { "phase": "Copy" } });
        assert!(!is_lost(&copying) && !is_completed(&copying) && !stalled(&copying));
    }
}
