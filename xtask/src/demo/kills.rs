//! A demo that is disturbed on purpose: the worker's or the operator's pod, or both, are killed once in every phase of the split.
//! In: whom to kill. Out: the phases in which it was killed. Phases last milliseconds on a small data set, so a trigger on the
//! journal holds every change of phase for two seconds: whatever the worker does, it is killed in each of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::Error;
use super::kube::Kube;
use super::postgres::Side;

/// Whose pods are killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Victim {
    /// The worker that moves the data.
    Worker,
    /// The operator that started it.
    Operator,
    /// The worker, and the operator right after it.
    Both,
}

/// The phases that must have seen a kill.
const PHASES: [&str; 9] =
    ["Preflight", "Prepare", "Copy", "CatchUp", "Verify", "ReadyForCutover", "Cutover", "Observe", "Finalize"];
const POLL: Duration = Duration::from_millis(200);
const KILL: Duration = Duration::from_secs(30);
/// Makes every change of phase take two seconds. Nothing but a test would do so; the journal goes with its database.
const SLOW: &str = "CREATE OR REPLACE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_sleep(2); RETURN NEW; END'; \
    CREATE OR REPLACE TRIGGER slow BEFORE UPDATE ON rerp_split.migration FOR EACH ROW \
    WHEN (OLD.phase IS DISTINCT FROM NEW.phase) EXECUTE FUNCTION public.slow()";

impl Victim {
    fn kill(self, kube: Kube<'_>) -> Result<(), Error> {
        let (worker, operator) = (
            ["rerp", "app.kubernetes.io/component=split-worker"],
            ["rerp-system", "app.kubernetes.io/name=rerp-operator"],
        );
        let pods = match self {
            Self::Worker => vec![worker],
            Self::Operator => vec![operator],
            Self::Both => vec![worker, operator],
        };
        for [namespace, selector] in pods {
            let which = ["delete", "pods", "-n", namespace, "-l", selector];
            let how = ["--grace-period=0", "--force", "--wait=false"];
            kube.cluster.kubectl().args(which).args(how).limit(KILL).quiet()?;
        }
        Ok(())
    }
}

/// Runs `split` and kills `victim` in each of its phases meanwhile. An error where a phase went by without a kill.
pub(super) fn during<T>(
    monolith: Side<'_>,
    victim: Victim,
    split: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let over = Arc::new(AtomicBool::new(false));
    let (result, killed) = thread::scope(|scope| {
        let killer = scope.spawn(|| kill_in_each_phase(monolith, victim, &over));
        let result = split();
        over.store(true, Ordering::Relaxed);
        (result, killer.join())
    });
    let result = result?;
    let killed = killed.map_err(|_| Error::Answer("the killer panicked".to_owned()))??;
    let missed: Vec<&str> = PHASES.into_iter().filter(|phase| !killed.iter().any(|one| one == phase)).collect();
    if missed.is_empty() { Ok(result) } else { Err(Error::NotKilled(missed.join(", "))) }
}

fn kill_in_each_phase(monolith: Side<'_>, victim: Victim, over: &AtomicBool) -> Result<Vec<String>, Error> {
    let mut killed: Vec<String> = Vec::new();
    let mut slowed = false;
    while !over.load(Ordering::Relaxed) {
        thread::sleep(POLL);
        // Until the operator has installed the journal there is nothing to slow and nobody to kill.
        slowed = slowed || monolith.psql(SLOW).is_ok();
        let Ok(answer) = monolith.psql("SELECT phase FROM rerp_split.migration") else { continue };
        let phase = answer.trim().to_owned();
        if slowed && PHASES.contains(&phase.as_str()) && !killed.contains(&phase) {
            victim.kill(monolith.kube)?;
            crate::progress::note(format!("killed in phase {phase}: {victim:?}"));
            killed.push(phase);
        }
    }
    Ok(killed)
}
