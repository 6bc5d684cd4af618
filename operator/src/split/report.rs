//! The status of a migration: the worker's report in the API's words, and what each phase means as conditions. Pure.

mod words;

use super::decide::{Decision, WorkerAct};
use super::gather::Observed;
use crate::cluster::status;
use crate::outcome::Outcome;
use jiff::Timestamp;
use kube::ResourceExt;
use rerp_crds::split::{AdvanceTo, DatabaseSplitMigrationStatus, Finding, RollbackStatus, SplitPhase};
use rerp_crds::{ConditionStatus, ConditionType, DatabaseSplitMigration, NewCondition, Reason, names};
use rerp_split::spec::Side;
use rerp_split::status::{Made, Severity, Status};
use words::take;

/// What a deletion leaves on `side`, which is away because of `why`: by the worker's report, or by the last one that the status holds.
#[must_use]
pub fn left_on(migration: &DatabaseSplitMigration, report: Option<&Status>, side: Side, why: &str) -> String {
    let held = migration.status.as_ref().map(held).unwrap_or_default();
    let id = names::migration_id(&migration.uid().unwrap_or_default());
    let left = report.unwrap_or(&held).left_on(side, &id);
    format!("{why}; until the {side} is back there remain on it: {left}")
}

/// Phase and side objects as the status holds them.
fn held(status: &DatabaseSplitMigrationStatus) -> Status {
    let phase = status.phase.and_then(|phase| phase.to_string().parse().ok()).unwrap_or_default();
    let made = status.side_objects.iter().map(|object| Made {
        side: if object.side == Side::Source.to_string() { Side::Source } else { Side::Target },
        kind: object.kind.clone(),
        name: object.name.clone(),
    });
    Status { phase, made: made.collect(), ..Status::default() }
}

/// The whole new status. Without a journal the last report stays.
#[must_use]
pub fn status(
    migration: &DatabaseSplitMigration,
    seen: Option<&Observed>,
    decision: Option<&Decision>,
    outcome: &Outcome,
    now: Timestamp,
) -> DatabaseSplitMigrationStatus {
    let generation = migration.metadata.generation.unwrap_or_default();
    let mut after = migration.status.clone().unwrap_or_default();
    let phase = after.phase.get_or_insert_default();
    if let Some(journal) = seen.and_then(|seen| seen.journal.as_ref())
        // What is done stays done: the journal's rows go away in the end.
        && *phase != SplitPhase::Completed
    {
        take(&mut after, &journal.status);
    }
    let phase = after.phase.unwrap_or_default();
    if let Some(rollback) = &mut after.rollback {
        let end = decision.and_then(|decision| ends(seen, decision)).filter(|_| phase == SplitPhase::Observe);
        rollback.possible_until = end.filter(|_| rollback.possible).map(|end| end.to_string());
    }
    let mut details = details(phase, after.findings.iter().any(is_fatal), seen, decision);
    details.push(reverse(phase, after.rollback.as_ref()));
    details.push(finalized(phase, outcome));
    after.conditions = status::conditions(&after.conditions, outcome, &details, generation, now);
    after.observed_generation = Some(generation);
    after.migration_id = Some(names::migration_id(&migration.uid().unwrap_or_default()));
    after
}

/// When the time of observation ends by itself.
fn ends(seen: Option<&Observed>, decision: &Decision) -> Option<Timestamp> {
    let WorkerAct::Run(worker) = &decision.worker else { return None };
    let opened = seen?.journal.as_ref()?.status.cutover.as_ref()?.at;
    let by_itself = worker.checked.advance_to == AdvanceTo::Completed;
    by_itself.then(|| opened.checked_add(worker.checked.observe).ok()).flatten()
}

/// Conditions that follow from how far the migration is.
fn details(phase: SplitPhase, fatal: bool, seen: Option<&Observed>, decision: Option<&Decision>) -> Vec<NewCondition> {
    // An abort or a failure takes back what was reached; what exactly, the message says.
    let reached = |after: SplitPhase| match phase {
        SplitPhase::RollingBack => after <= SplitPhase::Cutover,
        SplitPhase::RolledBack => after < SplitPhase::Cutover,
        phase => phase > after && phase <= SplitPhase::Completed,
    };
    let mut all: Vec<NewCondition> = [
        (ConditionType::Copied, reached(SplitPhase::Copy)),
        (ConditionType::CaughtUp, reached(SplitPhase::CatchUp)),
        (ConditionType::Verified, reached(SplitPhase::Verify)),
        (ConditionType::CutOver, reached(SplitPhase::Cutover)),
    ]
    .map(|(type_, met)| step(type_, met))
    .into();
    let follows = [SplitPhase::Verify, SplitPhase::ReadyForCutover, SplitPhase::Cutover, SplitPhase::RolledBack];
    let streaming = follows.contains(&phase);
    all.push(step(ConditionType::Streaming, streaming));
    all.push(if fatal && phase == SplitPhase::Preflight {
        let message = "findings stop the migration; see status.findings";
        NewCondition::new(ConditionType::Preflighted, ConditionStatus::False, Reason::PreflightFailed, message)
    } else {
        step(ConditionType::Preflighted, reached(SplitPhase::Preflight))
    });
    all.push(prepared(phase, seen));
    if let Some(decision) = decision {
        let checked = matches!(decision.worker, WorkerAct::Run(_)) || phase == SplitPhase::Completed;
        all.push(if checked {
            let message = "service and databases are as the spec says";
            NewCondition::new(ConditionType::DependenciesReady, ConditionStatus::True, Reason::AsExpected, message)
        } else {
            let (reason, message) = (decision.outcome.reason(), decision.outcome.message());
            NewCondition::new(ConditionType::DependenciesReady, ConditionStatus::False, reason, message)
        });
    }
    all
}

fn step(type_: ConditionType, met: bool) -> NewCondition {
    if met {
        NewCondition::new(type_, ConditionStatus::True, Reason::AsExpected, "")
    } else {
        NewCondition::new(type_, ConditionStatus::False, Reason::NotReached, "")
    }
}

fn prepared(phase: SplitPhase, seen: Option<&Observed>) -> NewCondition {
    let type_ = ConditionType::ServicesPrepared;
    match seen.and_then(|seen| seen.unprepared.as_ref()) {
        Some(pods) if pods.is_empty() => step(type_, true),
        Some(pods) => {
            let message = format!("without a connection to where the data is about to go: {}", pods.join(", "));
            NewCondition::new(type_, ConditionStatus::False, Reason::ServicesNotPrepared, message)
        }
        None => step(type_, phase > SplitPhase::Cutover && phase <= SplitPhase::Completed),
    }
}

/// Whether changes flow back to the source.
fn reverse(phase: SplitPhase, rollback: Option<&RollbackStatus>) -> NewCondition {
    let type_ = ConditionType::ReverseReplicating;
    let back = matches!(phase, SplitPhase::Observe | SplitPhase::RollingBack);
    match rollback.filter(|_| back) {
        Some(RollbackStatus { possible: false, reason: Some(why), .. }) => {
            NewCondition::new(type_, ConditionStatus::False, Reason::RollbackImpossible, why)
        }
        rollback => step(type_, rollback.is_some_and(|rollback| rollback.possible)),
    }
}

/// Whether nothing is left to do; while the old tables are waited for, until when, and what is in the way.
fn finalized(phase: SplitPhase, outcome: &Outcome) -> NewCondition {
    let type_ = ConditionType::Finalized;
    let told = matches!(outcome.reason(), Reason::AwaitingQuiet | Reason::CleanupBlocked);
    if phase == SplitPhase::Finalize && told {
        return NewCondition::new(type_, ConditionStatus::False, outcome.reason(), outcome.message());
    }
    step(type_, phase == SplitPhase::Completed)
}

fn is_fatal(finding: &Finding) -> bool {
    finding.severity.as_deref() == Some(&format!("{:?}", Severity::Fatal))
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
