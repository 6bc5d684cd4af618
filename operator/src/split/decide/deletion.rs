//! What becomes of a migration that is being deleted. Pure, like the rest of the decision.
//! In: the migration, what was seen. Out: one `Decision`.

use super::super::gather::Observed;
use super::super::{check, report};
use super::{Decision, HELD, LIVE, Worker, WorkerAct};
use crate::outcome::Outcome;
use rerp_crds::{DatabaseSplitMigration, Reason, SplitPhase};
use rerp_split::journal::{Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::spec::Side;

/// Before the source has closed everything is taken back; afterwards the target keeps the data and only side objects go.
pub(super) fn deletion(migration: &DatabaseSplitMigration, seen: &Observed) -> Decision {
    let going = |hold, worker, forget, on: &str| Decision {
        hold,
        worker,
        close: false,
        forget,
        outcome: Outcome::waiting(Reason::Deleting, on, LIVE),
    };
    // A database whose object is gone or going can't be cleaned; its own deletion policy decides about what is in it.
    let staying = [&seen.source, &seen.target].map(|member| member.as_ref().filter(|one| one.stays));
    let (true, [Some(source), Some(target)]) = (seen.held, staying) else {
        return going(false, WorkerAct::Remove, false, "the object to go");
    };
    // One that is only out of reach keeps what the migration made on it: whoever let go now could never come back.
    if let Some(closed) = [source, target].into_iter().find(|member| member.admin.is_none()) {
        let outcome = Outcome::waiting(Reason::SecretMissing, check::no_admin(closed), HELD);
        return Decision { hold: true, worker: WorkerAct::Leave, close: false, forget: false, outcome };
    }
    let (phase, message) = match &seen.journal {
        Some(journal) => (journal.status.phase, journal.status.message.as_str()),
        None => (forgotten(migration).unwrap_or_default(), "the worker to start"),
    };
    let away = away(migration, seen);
    let going = |hold, worker, forget, on: &str| match &away {
        Some(away) => Decision { outcome: away.clone(), ..going(hold, worker, forget, on) },
        None => going(hold, worker, forget, on),
    };
    if phase.is_terminal() {
        return ending(migration, seen, phase, &going);
    }
    match check::for_removal(migration, seen) {
        Ok(checked) => {
            let wish = Wish {
                advance_to: Phase::Completed,
                abort: true,
                suspend: false,
                services_prepared: false,
                until: None,
            };
            let worker = WorkerAct::Run(Box::new(Worker { checked, wish, turn: Turn::default(), rehearsal: 0 }));
            going(true, worker, false, &format!("{phase}, being taken back: {message}"))
        }
        Err(outcome) => Decision { hold: true, worker: WorkerAct::Leave, close: false, forget: false, outcome },
    }
}

/// What is waited for while the target can't be asked: its name, and what it still has of the migration.
fn away(migration: &DatabaseSplitMigration, seen: &Observed) -> Option<Outcome> {
    let why = seen.away.as_ref()?;
    let told = seen.journal.as_ref().map(|journal| &journal.status);
    let left = report::left_on(migration, told, Side::Target, &format!("{}: {why}", Side::Target));
    Some(Outcome::waiting(Reason::ServerUnreachable, left, HELD))
}

/// The worker has done its part. `going` makes the decision.
fn ending(
    migration: &DatabaseSplitMigration,
    seen: &Observed,
    phase: Phase,
    going: &impl Fn(bool, WorkerAct, bool, &str) -> Decision,
) -> Decision {
    if !recorded(migration, seen, phase) {
        let service = &migration.spec.service_ref.name;
        let on = format!("RerpService {service} to record where its data is; if it is suspended, resume it");
        return going(true, WorkerAct::Remove, false, &on);
    }
    // The end is in the status before the journal's rows go: without them it would look as if no worker had ever run,
    // and whoever finishes the deletion after a crash would start one. They go from both sides together.
    let told = forgotten(migration) == Some(phase) && seen.away.is_none();
    going(!told, WorkerAct::Remove, told, "the object to go")
}

/// The end that the status tells; what it stands for once the journal's rows are gone.
fn forgotten(migration: &DatabaseSplitMigration) -> Option<Phase> {
    match migration.status.as_ref().and_then(|status| status.phase) {
        Some(SplitPhase::Completed) => Some(Phase::Completed),
        Some(SplitPhase::Aborted) => Some(Phase::Aborted),
        _ => None,
    }
}

/// Whether the service will still find its data when this migration is gone. A service that is gone or going has nothing to find.
fn recorded(migration: &DatabaseSplitMigration, seen: &Observed, phase: Phase) -> bool {
    let Some(service) = seen.service.as_ref().filter(|service| service.metadata.deletion_timestamp.is_none()) else {
        return true;
    };
    let target = &migration.spec.target.database_ref.name;
    let created = migration.metadata.creation_timestamp.as_ref().map(|time| time.0).unwrap_or_default();
    match &seen.record {
        // Once there, and back again.
        Some(record) if phase == Phase::Aborted => record.database != *target || record.moved_by != Some(created),
        None if phase == Phase::Aborted => true,
        Some(record) => record.database == *target || record.knows_of(created),
        // Without a record the wish decides, and this one names the place.
        None => service.spec.database_ref.as_ref().is_some_and(|wish| wish.name == *target),
    }
}
