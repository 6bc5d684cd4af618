//! The status of a migration: the worker's report in the API's words, and what each phase means as conditions. Pure.

use super::decide::{Decision, WorkerAct};
use super::gather::Observed;
use crate::cluster::status;
use crate::outcome::Outcome;
use jiff::Timestamp;
use kube::ResourceExt;
use rerp_crds::split::{
    AdvanceTo, CutoverStatus, DatabaseSplitMigrationStatus, EvidenceStatus, Finding, ForeignKeyStatus, RehearsalStatus,
    ReplicationStatus, RollbackStatus, SideObject, SplitPhase, TableProgress, VerificationStatus,
};
use rerp_crds::{ConditionStatus, ConditionType, DatabaseSplitMigration, NewCondition, Reason, names};
use rerp_split::phase::Phase;
use rerp_split::spec::Side;
use rerp_split::status::{
    Cutover, Evidence, ForeignKey, Made, Rehearsal, Replication, Severity, Status, TableStatus, Verification,
};

/// How many findings an object holds.
const FINDINGS: usize = 100;
/// How many characters of each of their texts.
const FINDING_TEXT: usize = 1000;

/// How many side objects.
const SIDE_OBJECTS: usize = 200;

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

/// The worker's report in the API's types.
fn take(after: &mut DatabaseSplitMigrationStatus, report: &Status) {
    after.phase = Some(phase(report.phase));
    after.plan_hash.clone_from(&report.plan_hash);
    after.tables = report.tables.iter().map(table).collect();
    after.replication = report.replication.as_ref().map(replication);
    after.rehearsal = report.rehearsal.as_ref().map(rehearsal);
    after.cutover = report.cutover.as_ref().map(cutover);
    after.epoch = (report.epoch > 0).then_some(report.epoch);
    after.rollback = rollback(report);
    after.verification = report.verification.as_ref().map(verification);
    after.foreign_keys = report.foreign_keys.iter().map(foreign_key).collect();
    after.evidence = report.evidence.as_ref().map(evidence);
    after.findings = findings(&report.findings);
    after.side_objects = report.made.iter().take(SIDE_OBJECTS).map(side_object).collect();
}

fn side_object(from: &Made) -> SideObject {
    SideObject { side: from.side.to_string(), kind: from.kind.clone(), name: from.name.clone() }
}

fn phase(phase: Phase) -> SplitPhase {
    match phase {
        Phase::Pending => SplitPhase::Pending,
        Phase::Preflight => SplitPhase::Preflight,
        Phase::Prepare => SplitPhase::Prepare,
        Phase::Copy => SplitPhase::Copy,
        Phase::CatchUp => SplitPhase::CatchUp,
        Phase::Verify => SplitPhase::Verify,
        Phase::ReadyForCutover => SplitPhase::ReadyForCutover,
        Phase::Cutover => SplitPhase::Cutover,
        Phase::Observe => SplitPhase::Observe,
        Phase::Finalize => SplitPhase::Finalize,
        Phase::Completed => SplitPhase::Completed,
        Phase::RollingBack => SplitPhase::RollingBack,
        Phase::RolledBack => SplitPhase::RolledBack,
        Phase::Aborting => SplitPhase::Aborting,
        Phase::Aborted => SplitPhase::Aborted,
        Phase::Failed => SplitPhase::Failed,
    }
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
        (ConditionType::Finalized, phase == SplitPhase::Completed),
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

/// The API's integers are signed, since clients warn of unsigned ones.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn table(from: &TableStatus) -> TableProgress {
    TableProgress {
        name: from.name.clone(),
        rows: int(from.rows),
        bytes: int(from.bytes),
        total: int(from.total),
        state: format!("{:?}", from.state),
        eta_seconds: from.eta_seconds.map(int),
    }
}

fn replication(from: &Replication) -> ReplicationStatus {
    ReplicationStatus {
        lag_bytes: Some(int(from.lag_bytes)),
        retained_wal_bytes: Some(int(from.retained_wal_bytes)),
        slot: Some(from.slot.clone()),
    }
}

fn cutover(from: &Cutover) -> CutoverStatus {
    CutoverStatus {
        write_pause_ms: Some(from.write_pause_ms),
        lock_wait_ms: Some(from.lock_wait_ms),
        drain_ms: Some(from.drain_ms),
        sequence_ms: Some(from.sequence_ms),
        attempts: Some(i64::from(from.attempts)),
        epoch: Some(from.epoch),
        at: Some(from.at.to_string()),
    }
}

fn rehearsal(from: &Rehearsal) -> RehearsalStatus {
    RehearsalStatus {
        number: from.number,
        at: from.at.to_string(),
        predicted_pause_ms: from.predicted_pause_ms,
        held_ms: from.held_ms,
        lock_wait_ms: from.lock_wait_ms,
        drain_ms: from.drain_ms,
        sequence_ms: from.sequence_ms,
        attempts: i64::from(from.attempts),
        failed: from.failed.as_deref().map(short),
    }
}

/// None before there was anything to go back to.
fn rollback(from: &Status) -> Option<RollbackStatus> {
    let way = from.way_back.as_ref();
    (way.is_some() || from.rollback.is_some()).then(|| RollbackStatus {
        possible: way.is_some_and(|way| way.possible),
        possible_until: None,
        reason: way.and_then(|way| way.reason.clone()),
        replication: way.and_then(|way| way.replication.as_ref()).map(replication),
        last: from.rollback.as_ref().map(cutover),
    })
}

fn verification(from: &Verification) -> VerificationStatus {
    VerificationStatus {
        rows: Some(int(from.rows)),
        chunks: Some(int(from.chunks)),
        mismatches: Some(int(from.mismatches)),
        coverage: Some(from.coverage),
    }
}

fn foreign_key(from: &ForeignKey) -> ForeignKeyStatus {
    ForeignKeyStatus {
        name: from.name.clone(),
        child: from.child.clone(),
        parent: from.parent.clone(),
        state: format!("{:?}", from.state),
        severed_at: from.severed_at.map(|at| at.to_string()),
        orphans: from.orphans.map(int),
        lock_wait_ms: (from.tries > 0).then_some(from.lock_wait_ms),
    }
}

fn evidence(from: &Evidence) -> EvidenceStatus {
    let seen = from.uses.iter().filter_map(|one| one.last);
    EvidenceStatus {
        since: from.since.to_string(),
        looked_at: from.looked_at.map(|at| at.to_string()),
        uses: int(seen.clone().count() as u64),
        last_use: seen.max().map(|at| at.to_string()),
        unknown: from.unknown.as_deref().map(short),
        closed: from.closed.as_deref().map(short),
    }
}

/// What fits into an object of the API, fatal ones first; the journal has all of them, and all of each.
fn findings(all: &[rerp_split::status::Finding]) -> Vec<Finding> {
    let (fatal, others): (Vec<_>, Vec<_>) = all.iter().partition(|finding| finding.severity == Severity::Fatal);
    fatal.into_iter().chain(others).take(FINDINGS).map(finding).collect()
}

fn finding(from: &rerp_split::status::Finding) -> Finding {
    Finding {
        id: from.id.clone(),
        severity: Some(format!("{:?}", from.severity)),
        side: from.side.to_string(),
        object: short(&from.object),
        message: short(&from.message),
        fix: Some(short(&from.fix)),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(FINDING_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn is_fatal(finding: &Finding) -> bool {
    finding.severity.as_deref() == Some(&format!("{:?}", Severity::Fatal))
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
