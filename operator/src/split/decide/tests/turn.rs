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

/// As long as it is only asked for, the time of the first opening is what the worker knows: it would end the way back at once.
#[test]
fn the_time_of_observation_begins_anew_with_each_opening() {
    let mut object = migration("m");
    object.spec.advance_to = Some(AdvanceTo::Completed);
    object.spec.observe = Some(Observe { duration: Some(Text::new("10m")) });
    object.spec.forward = Some(AtEpoch { epoch: 7 });
    let opened = |second| Cutover {
        write_pause_ms: 70.0,
        lock_wait_ms: 1.0,
        longest_wait_ms: None,
        drain_ms: 1.0,
        sequence_ms: 1.0,
        attempts: 1,
        epoch: 5,
        at: at(second),
    };
    let told = |phase, second| {
        let mut seen = at_epoch_7(phase, true);
        seen.journal.as_mut().unwrap().status.cutover = Some(opened(second));
        run(&decide(&object, &seen, at(1000))).wish.advance_to
    };
    for phase in [Phase::RollingBack, Phase::RolledBack, Phase::Cutover] {
        assert_eq!(told(phase, 100), Phase::Cutover, "{phase}");
    }
    assert_eq!(told(Phase::Observe, 900), Phase::Cutover);
    assert_eq!(told(Phase::Observe, 100), Phase::Completed);
}

#[test]
fn a_turn_that_is_asked_for_before_the_first_holds_it() {
    let mut object = migration("m");
    object.spec.advance_to = Some(AdvanceTo::Cutover);
    let mut ready = seen(Phase::ReadyForCutover);
    ready.unprepared = Some(vec![]);
    assert_eq!(run(&decide(&object, &ready, at(1000))).wish.advance_to, Phase::Cutover);
    object.spec.rollback = Some(AtEpoch { epoch: 1 });
    let decision = decide(&object, &ready, at(1000));
    assert_eq!(run(&decision).wish.advance_to, Phase::ReadyForCutover);
    assert_eq!(decision.outcome.reason(), Reason::RollbackImpossible);
    assert!(decision.outcome.message().contains("take them out"), "{}", decision.outcome.message());
    assert_eq!(run(&decide(&object, &at_epoch_7(Phase::Observe, true), at(1000))).wish.advance_to, Phase::Cutover);
}

#[test]
fn two_owners_need_a_person() {
    for advance_to in [AdvanceTo::Cutover, AdvanceTo::Completed] {
        let (mut object, mut seen) = (migration("m"), seen(Phase::Observe));
        object.spec.advance_to = Some(advance_to);
        let finding = Finding {
            id: BOTH_OWN.into(),
            side: Side::Source,
            object: "identity".into(),
            message: "both own".into(),
            fix: "close one".into(),
            severity: Severity::Fatal,
        };
        seen.journal.as_mut().unwrap().status.findings.push(finding);
        let decision = decide(&object, &seen, at(1000));
        assert_eq!(decision.outcome.message(), "both own. Fix: close one");
        assert!(matches!(decision.outcome, Outcome::Refused { .. }) && decision.hold);
        run(&decision);
    }
}
