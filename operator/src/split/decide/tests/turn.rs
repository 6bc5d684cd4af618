//! The data changes hands once more: back, and there again.

use super::*;
use rerp_crds::split::AtEpoch;
use rerp_split::status::WayBack;

/// Observing at epoch 7, or rolled back at it, and the data may change hands once more.
fn at_epoch_7(phase: Phase, possible: bool) -> Observed {
    let mut seen = seen(phase);
    let status = &mut seen.journal.as_mut().unwrap().status;
    status.epoch = 7;
    let reason = (!possible).then(|| "its slot is gone".to_owned());
    status.way_back = Some(WayBack { possible, reason, replication: None });
    seen
}

#[test]
fn a_rollback_is_told_to_the_worker_and_its_pods_have_to_be_ready_for_it() {
    let mut object = migration("m");
    object.spec.advance_to = Some(AdvanceTo::Cutover);
    let quiet = decide(&object, &at_epoch_7(Phase::Observe, true), at(1000));
    assert!(quiet.outcome.message().contains("spec.rollback.epoch 7"), "{}", quiet.outcome.message());
    object.spec.rollback = Some(AtEpoch { epoch: 7 });
    let mut seen = at_epoch_7(Phase::Observe, true);
    seen.unprepared = Some(vec!["identity-1".into()]);
    let decision = decide(&object, &seen, at(1000));
    assert_eq!(run(&decision).turn, Turn { rollback: Some(7), forward: None });
    assert_eq!(decision.outcome.reason(), Reason::ServicesNotPrepared);
    seen.unprepared = Some(vec![]);
    let decision = decide(&object, &seen, at(1000));
    assert!(run(&decision).wish.services_prepared);
    assert_eq!(decision.outcome.reason(), Reason::Progressing);
    let impossible = decide(&object, &at_epoch_7(Phase::Observe, false), at(1000)).outcome;
    assert_eq!(impossible.reason(), Reason::RollbackImpossible);
    assert!(impossible.message().contains("slot is gone"), "{}", impossible.message());
    object.spec.observe = Some(Observe { duration: Some(Text::new("0s")) });
    let decision = decide(&object, &seen, at(1000));
    assert_eq!((decision.outcome.reason(), run(&decision).checked.spec.way_back), (Reason::RollbackImpossible, false));
}

#[test]
fn a_rollback_for_another_epoch_is_none_and_after_one_the_way_forward_is_told() {
    let mut object = migration("m");
    object.spec.advance_to = Some(AdvanceTo::Completed);
    object.spec.rollback = Some(AtEpoch { epoch: 6 });
    let decision = decide(&object, &at_epoch_7(Phase::RolledBack, true), at(1000));
    assert_eq!(decision.outcome.reason(), Reason::RolledBack);
    assert!(decision.outcome.message().contains("spec.forward.epoch"), "{}", decision.outcome.message());
    object.spec.forward = Some(AtEpoch { epoch: 7 });
    let mut seen = at_epoch_7(Phase::RolledBack, true);
    seen.unprepared = Some(vec![]);
    let decision = decide(&object, &seen, at(1000));
    assert_eq!(run(&decision).turn, Turn { rollback: Some(6), forward: Some(7) });
    assert_eq!(decision.outcome.reason(), Reason::Progressing);
    object.spec.advance_to = None;
    assert_eq!(decide(&object, &seen, at(1000)).outcome.reason(), Reason::RolledBack, "held before the cutover");
}
