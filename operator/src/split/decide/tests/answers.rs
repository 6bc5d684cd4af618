//! What a person may answer while the worker waits, and what becomes of the old tables.

use super::*;
use rerp_crds::split::{Cleanup, CleanupBackup, CleanupPolicy};
use rerp_split::spec::{
    self, AcrossDomains as Across, BackupSpec, CleanupSpec, EvidenceSpec, ForeignKeySpec, Policy, Spec,
    VerificationMode, VerificationSpec,
};
use rerp_split::status;

fn cleaned(
    policy: Option<CleanupPolicy>,
    after: Option<&str>,
    backup: Option<CleanupBackup>,
) -> DatabaseSplitMigration {
    let mut object = migration("m");
    object.spec.cleanup = Some(Cleanup { policy, after: after.map(Text::new), backup });
    object
}

fn told(object: &DatabaseSplitMigration, phase: Phase) -> CleanupSpec {
    run(&decide(object, &seen(phase), at(1000))).checked.spec.cleanup.clone()
}

#[test]
fn the_worker_is_told_what_becomes_of_the_old_tables() {
    assert!(told(&migration("m"), Phase::Copy).is_default());
    let kept = cleaned(Some(CleanupPolicy::Keep), Some("1h"), Some(CleanupBackup::None));
    assert!(told(&kept, Phase::Finalize).is_default(), "whoever is in a hurry changes one word");
    let renamed = told(&cleaned(Some(CleanupPolicy::Rename), None, None), Phase::Finalize);
    assert_eq!((renamed.policy, renamed.after_s, renamed.backup), (spec::CleanupPolicy::Rename, 168 * 3600, None));
    let dropped = cleaned(Some(CleanupPolicy::Drop), Some("1h"), Some(CleanupBackup::None));
    let dropped = told(&dropped, Phase::Finalize);
    assert_eq!((dropped.after_s, dropped.backup), (3600, Some(BackupSpec::None)));
}

#[test]
fn a_backup_has_no_place_in_the_cluster_and_that_is_said_before_anything_begins() {
    for backup in [None, Some(CleanupBackup::Required)] {
        let object = cleaned(Some(CleanupPolicy::Drop), None, backup);
        let decision = decide(&object, &seen(Phase::Pending), at(1000));
        assert_eq!((decision.outcome.reason(), decision.worker), (Reason::InvalidSpec, WorkerAct::Leave));
        let message = decision.outcome.message();
        assert!(message.contains("spec.cleanup.backup to None") && message.contains("Rename"), "{message}");
        let late = decide(&object, &seen(Phase::Finalize), at(1000));
        assert_eq!(late.worker, WorkerAct::Suspend, "one that was told to drop without a backup must not do it now");
        let mut deleted = object;
        deleted.metadata.deletion_timestamp = Some(Time(at(900)));
        let decision = decide(&deleted, &seen(Phase::Finalize), at(1000));
        assert!(run(&decision).wish.abort, "it doesn't keep anybody from deleting the migration");
    }
}

#[test]
fn whoever_suspends_is_heard_whatever_else_is_wrong() {
    let mut object = cleaned(Some(CleanupPolicy::Drop), None, None);
    for (phase, suspend, expected) in [
        (Phase::Copy, false, WorkerAct::Leave),
        (Phase::Copy, true, WorkerAct::Suspend),
        (Phase::Completed, true, WorkerAct::Leave),
    ] {
        object.spec.suspend = Some(suspend);
        assert_eq!(decide(&object, &seen(phase), at(1000)).worker, expected, "{phase} {suspend}");
    }
    let nobody = Observed { journal: None, ..seen(Phase::Copy) };
    assert_eq!(decide(&object, &nobody, at(1000)).worker, WorkerAct::Leave);
}

#[test]
fn the_wait_for_the_old_tables_is_told_and_so_is_what_is_in_its_way() {
    let object = cleaned(Some(CleanupPolicy::Rename), None, None);
    let mut seen = seen(Phase::Finalize);
    assert_eq!(decide(&object, &seen, at(1000)).outcome.reason(), Reason::Progressing, "side objects go first");
    let status = &mut seen.journal.as_mut().unwrap().status;
    status.cleanup = Some(status::Cleanup::default());
    status.message = "old tables: quiet since then".into();
    let outcome = decide(&object, &seen, at(1000)).outcome;
    assert_eq!((outcome.reason(), outcome.message()), (Reason::AwaitingQuiet, "old tables: quiet since then"));
    seen.journal.as_mut().unwrap().status.findings.push(Finding {
        id: "old-table-needed".into(),
        side: Side::Source,
        object: "view app.v".into(),
        message: "it depends".into(),
        fix: "drop it".into(),
        severity: Severity::Fatal,
    });
    let decision = decide(&object, &seen, at(1000));
    assert_eq!(decision.outcome.reason(), Reason::CleanupBlocked);
    assert_eq!(decision.outcome.message(), "view app.v: it depends. Fix: drop it");
    run(&decision);
}

#[test]
fn another_answer_starts_another_worker() {
    let owner = crate::cluster::child::Owner::of(&migration("identity"));
    let usual = run(&decide(&migration("m"), &seen(Phase::Pending), at(1000))).checked.spec.clone();
    let pod = |spec: &Spec| {
        let spec = super::super::super::build::worker::deployment(&owner, "image", spec).spec.unwrap();
        spec.template.metadata.unwrap().annotations
    };
    assert_eq!(pod(&usual), None, "nobody's worker is started anew for nothing");
    let sever = ForeignKeySpec { across_domains: Across::Sever, waive_orphans: false };
    let keys = |foreign_keys| pod(&Spec { foreign_keys, ..usual.clone() });
    assert!(keys(sever).is_some());
    assert_ne!(keys(sever), keys(ForeignKeySpec { waive_orphans: true, ..sever }));
    let seen = |policy, quiet_for_s| pod(&Spec { evidence: EvidenceSpec { policy, quiet_for_s }, ..usual.clone() });
    assert!(seen(Policy::Require, 600).is_some());
    assert_ne!(seen(Policy::Require, 600), seen(Policy::Require, 60));
    let compared = |max_duration_s| {
        let verification = VerificationSpec { mode: VerificationMode::Sample, max_duration_s };
        pod(&Spec { verification, ..usual.clone() })
    };
    assert!(compared(None).is_some());
    assert_eq!(compared(None), compared(Some(3600)));
    assert_ne!(compared(None), compared(Some(60)));
    let dropped = |after_s, backup| {
        let cleanup = CleanupSpec { policy: spec::CleanupPolicy::Drop, after_s, backup };
        pod(&Spec { cleanup, ..usual.clone() })
    };
    assert!(dropped(60, None).is_some());
    assert_ne!(dropped(60, None), dropped(61, None));
    assert_ne!(dropped(60, None), dropped(60, Some(BackupSpec::None)));
    assert!(pod(&Spec { way_back: false, ..usual.clone() }).is_some());
    assert_ne!(keys(sever), pod(&Spec { foreign_keys: sever, way_back: false, ..usual.clone() }));
}
