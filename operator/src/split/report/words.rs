//! The worker's report in the API's words. Pure.
//! In: what the journal says. Out: the same in the types of the API, in no more room than an object has.

use rerp_crds::split::{
    CleanupStatus, CopyProgress, CutoverStatus, DatabaseSplitMigrationStatus, EvidenceStatus, Finding,
    ForeignKeyStatus, RehearsalStatus, ReplicationStatus, RollbackStatus, SideObject, SplitPhase, TableProgress,
    VerificationStatus,
};
use rerp_split::phase::Phase;
use rerp_split::status::{
    Cleanup, CopyStatus, Cutover, Evidence, ForeignKey, Made, Rehearsal, Replication, Severity, Status, TableStatus,
    Verification,
};

/// How many findings an object holds.
pub(super) const FINDINGS: usize = 100;
/// How many characters of each of their texts.
pub(super) const FINDING_TEXT: usize = 1000;
/// How many side objects.
const SIDE_OBJECTS: usize = 200;

/// The worker's report in the API's types.
pub(super) fn take(after: &mut DatabaseSplitMigrationStatus, report: &Status) {
    after.phase = Some(phase(report.phase));
    after.plan_hash.clone_from(&report.plan_hash);
    after.tables = report.tables.iter().map(table).collect();
    after.copy = report.copy.as_ref().map(copy);
    after.replication = report.replication.as_ref().map(replication);
    after.rehearsal = report.rehearsal.as_ref().map(rehearsal);
    after.cutover = report.cutover.as_ref().map(cutover);
    after.epoch = (report.epoch > 0).then_some(report.epoch);
    after.rollback = rollback(report);
    after.verification = report.verification.as_ref().map(verification);
    after.foreign_keys = report.foreign_keys.iter().map(foreign_key).collect();
    after.evidence = report.evidence.as_ref().map(evidence);
    after.cleanup = report.cleanup.as_ref().map(cleanup);
    after.findings = findings(&report.findings);
    after.side_objects = report.side_objects().take(SIDE_OBJECTS).map(side_object).collect();
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
        total_bytes: Some(int(from.total_bytes)),
        state: format!("{:?}", from.state),
        eta_seconds: from.eta_seconds.map(int),
    }
}

fn copy(from: &CopyStatus) -> CopyProgress {
    CopyProgress {
        bytes: int(from.bytes),
        total_bytes: int(from.total_bytes),
        bytes_per_second: from.bytes_per_second.map(int),
        eta_seconds: from.eta_seconds.map(int),
        max_bytes_per_second: from.max_bytes_per_second.map(int),
        writer_latency_ms: from.writer_latency_ms,
    }
}

fn replication(from: &Replication) -> ReplicationStatus {
    ReplicationStatus {
        lag_bytes: Some(int(from.lag_bytes)),
        retained_wal_bytes: Some(int(from.retained_wal_bytes)),
        wal_room_bytes: from.wal_room_bytes.map(int),
        wal_bytes_per_second: from.wal_bytes_per_second.map(int),
        wal_seconds_left: from.wal_seconds_left.map(int),
        slot: Some(from.slot.clone()),
    }
}

fn cutover(from: &Cutover) -> CutoverStatus {
    CutoverStatus {
        write_pause_ms: Some(from.write_pause_ms),
        lock_wait_ms: Some(from.lock_wait_ms),
        longest_wait_ms: from.longest_wait_ms,
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

fn cleanup(from: &Cleanup) -> CleanupStatus {
    CleanupStatus {
        quiet_since: from.quiet_since.map(|at| at.to_string()),
        until: from.until.map(|at| at.to_string()),
        disturbed: from.disturbed.as_deref().map(short),
        done_at: from.done_at.map(|at| at.to_string()),
    }
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
