//! What is compared, and what whoever approves the cutover is told of what wasn't.

use super::*;
use rerp_crds::split::{Cleanup, CleanupBackup, CleanupPolicy, VerificationMode, VerificationSettings};
use rerp_split::spec::{self, CleanupSpec, VerificationSpec};
use rerp_split::status::Verification;

fn compared(mode: Option<VerificationMode>, limit: Option<&str>) -> DatabaseSplitMigration {
    let mut object = migration("m");
    object.spec.verification = Some(VerificationSettings { mode, max_duration: limit.map(Text::new) });
    object
}

fn dropped(mode: VerificationMode) -> DatabaseSplitMigration {
    let mut object = compared(Some(mode), None);
    let (policy, backup) = (Some(CleanupPolicy::Drop), Some(CleanupBackup::None));
    object.spec.cleanup = Some(Cleanup { policy, after: None, backup });
    object
}

#[test]
fn a_sample_and_its_bound_reach_the_worker() {
    let told = |object: &DatabaseSplitMigration| {
        run(&decide(object, &seen(Phase::Verify), at(1000))).checked.spec.verification
    };
    let sample = |seconds| VerificationSpec { mode: spec::VerificationMode::Sample, max_duration_s: Some(seconds) };
    assert_eq!(told(&migration("m")), VerificationSpec::default());
    assert_eq!(told(&compared(None, None)), VerificationSpec::default());
    assert_eq!(told(&compared(Some(VerificationMode::Full), None)), VerificationSpec::default());
    assert_eq!(told(&compared(Some(VerificationMode::Sample), None)), sample(3600));
    assert_eq!(told(&compared(Some(VerificationMode::Sample), Some("90m"))), sample(5400));
}

#[test]
fn who_drops_compares_everything_and_a_migration_that_would_not_is_removed_all_the_same() {
    let refused = |object: &DatabaseSplitMigration| decide(object, &seen(Phase::Preflight), at(1000)).outcome;
    let sampled = refused(&dropped(VerificationMode::Sample));
    assert_eq!(sampled.reason(), Reason::InvalidSpec);
    assert!(sampled.message().contains("set spec.verification.mode to Full"), "{sampled:?}");
    assert_ne!(refused(&dropped(VerificationMode::Full)).reason(), Reason::InvalidSpec);
    let bound = refused(&compared(None, Some("1h")));
    assert_eq!(bound.reason(), Reason::InvalidSpec);
    assert!(bound.message().contains("set spec.verification.mode to Sample"), "{bound:?}");

    let mut deleted = dropped(VerificationMode::Sample);
    deleted.metadata.deletion_timestamp = Some(Time(at(900)));
    let spec = run(&decide(&deleted, &seen(Phase::Copy), at(1000))).checked.spec.clone();
    assert_eq!((spec.verification, spec.cleanup), (VerificationSpec::default(), CleanupSpec::default()));
}

#[test]
fn whoever_approves_is_told_what_was_not_compared() {
    let says = |coverage, left_out| {
        let mut seen = seen(Phase::ReadyForCutover);
        seen.journal.as_mut().unwrap().status.verification =
            Some(Verification { rows: 1, chunks: 1, mismatches: 0, coverage, left_out });
        decide(&migration("m"), &seen, at(1000)).outcome.message().to_owned()
    };
    let told = says(0.2567, Some(3));
    assert!(told.starts_with("ready for the cutover; about 25.6 % of the rows were compared; raise"), "{told}");
    assert!(says(1.0, None).starts_with("ready for the cutover; raise"));
}
