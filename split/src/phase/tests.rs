//! Which phase follows which, told case by case.

use super::*;

fn seen() -> Observation {
    Observation {
        work: Work::Done,
        advance_to: Phase::Completed,
        services_prepared: true,
        abort: false,
        suspend: false,
        owner: Owner::Source,
        rollback: false,
        forward: false,
        was_back: false,
    }
}

#[test]
fn names_round_trip() {
    for phase in Phase::ALL {
        assert_eq!(phase.as_str().parse::<Phase>(), Ok(phase));
    }
    assert!("copy".parse::<Phase>().is_err());
}

#[test]
fn a_finished_migration_runs_from_pending_to_completed() {
    let (mut phase, mut path) = (Phase::Pending, vec![Phase::Pending]);
    while !phase.is_terminal() {
        let owner = if phase == Phase::Cutover { Owner::Target } else { Owner::Source };
        phase = next(phase, &Observation { owner, ..seen() });
        path.push(phase);
    }
    assert_eq!(path, Phase::ALL[..11]);
}

#[test]
fn it_stops_where_it_was_told_to() {
    let to = |advance_to| Observation { advance_to, ..seen() };
    assert_eq!(next(Phase::Preflight, &to(Phase::Preflight)), Phase::Preflight);
    assert_eq!(next(Phase::Verify, &to(Phase::ReadyForCutover)), Phase::ReadyForCutover);
    assert_eq!(next(Phase::ReadyForCutover, &to(Phase::ReadyForCutover)), Phase::ReadyForCutover);
    assert_eq!(next(Phase::ReadyForCutover, &to(Phase::Cutover)), Phase::Cutover);
    assert_eq!(next(Phase::Observe, &to(Phase::Cutover)), Phase::Observe);
    assert_eq!(next(Phase::Observe, &to(Phase::Completed)), Phase::Finalize);
}

#[test]
fn the_cutover_waits_for_the_services() {
    let phase = Phase::ReadyForCutover;
    assert_eq!(next(phase, &Observation { services_prepared: false, ..seen() }), phase);
}

#[test]
fn an_abort_wins_until_the_source_has_closed() {
    let abort = Observation { abort: true, ..seen() };
    for phase in [Phase::Pending, Phase::Copy, Phase::Verify, Phase::ReadyForCutover, Phase::Cutover, Phase::Failed] {
        assert_eq!(next(phase, &abort), Phase::Aborting, "{phase}");
    }
    let closed = Observation { owner: Owner::Neither, ..abort };
    assert_eq!(next(Phase::Cutover, &closed), Phase::Cutover);
    assert_eq!(next(Phase::Aborting, &closed), Phase::Cutover);
    let moved = Observation { owner: Owner::Target, ..abort };
    assert_eq!(next(Phase::Cutover, &moved), Phase::Observe);
    assert_eq!(next(Phase::Observe, &Observation { advance_to: Phase::Cutover, ..moved }), Phase::Finalize);
}

#[test]
fn the_data_goes_back_when_that_is_asked_for_at_this_epoch_and_forward_again() {
    let target = Observation { owner: Owner::Target, advance_to: Phase::Cutover, ..seen() };
    let asked = Observation { rollback: true, ..target };
    for work in [Work::Done, Work::Unfinished] {
        assert_eq!(next(Phase::Observe, &Observation { work, ..asked }), Phase::RollingBack);
    }
    let ended = Observation { advance_to: Phase::Completed, ..asked };
    assert_eq!(next(Phase::Observe, &ended), Phase::RollingBack, "rather than to finish");
    assert_eq!(next(Phase::Finalize, &Observation { work: Work::Unfinished, ..asked }), Phase::Finalize, "too late");
    assert_eq!(next(Phase::RollingBack, &target), Phase::Observe, "no longer asked for");
    assert_eq!(next(Phase::RollingBack, &asked), Phase::RollingBack);
    let closed = Observation { owner: Owner::Neither, ..target };
    assert_eq!(next(Phase::RollingBack, &closed), Phase::RollingBack);
    let source = |work| Observation { work, ..seen() };
    assert_eq!(next(Phase::RollingBack, &source(Work::Unfinished)), Phase::RollingBack, "tidying up");
    assert_eq!(next(Phase::RollingBack, &source(Work::Done)), Phase::RolledBack);
    assert_eq!(next(Phase::RolledBack, &seen()), Phase::RolledBack, "whatever advance_to says");
    let again = Observation { forward: true, ..seen() };
    assert_eq!(next(Phase::RolledBack, &again), Phase::Cutover);
    for held in [
        Observation { suspend: true, ..again },
        Observation { services_prepared: false, ..again },
        Observation { advance_to: Phase::ReadyForCutover, ..again },
    ] {
        assert_eq!(next(Phase::RolledBack, &held), Phase::RolledBack);
    }
    let under_way = Observation { was_back: true, work: Work::Unfinished, ..again };
    assert_eq!(next(Phase::Cutover, &under_way), Phase::Cutover);
    assert_eq!(next(Phase::Cutover, &Observation { forward: false, ..under_way }), Phase::RolledBack, "taken back");
    assert_eq!(next(Phase::Cutover, &Observation { was_back: false, forward: false, ..under_way }), Phase::Cutover);
    let held = Observation { advance_to: Phase::ReadyForCutover, ..under_way };
    assert_eq!(next(Phase::Cutover, &held), Phase::RolledBack, "held before the switch");
    let first = Observation { was_back: false, forward: false, ..held };
    assert_eq!(next(Phase::Cutover, &first), Phase::ReadyForCutover);
    assert_eq!(
        next(Phase::Cutover, &Observation { owner: Owner::Neither, ..first }),
        Phase::Cutover,
        "the source has closed"
    );
}

#[test]
fn deletion_leaves_the_data_where_it_is() {
    let abort = Observation { abort: true, rollback: true, ..seen() };
    let at = |owner| Observation { owner, ..abort };
    assert_eq!(next(Phase::Observe, &at(Owner::Target)), Phase::Finalize);
    assert_eq!(next(Phase::RollingBack, &at(Owner::Target)), Phase::Observe);
    assert_eq!(next(Phase::RollingBack, &at(Owner::Neither)), Phase::RollingBack, "the step finishes first");
    assert_eq!(next(Phase::RolledBack, &at(Owner::Source)), Phase::Aborting);
}

#[test]
fn suspension_and_unfinished_work_stay() {
    assert_eq!(next(Phase::Copy, &Observation { suspend: true, ..seen() }), Phase::Copy);
    assert_eq!(next(Phase::CatchUp, &Observation { work: Work::Unfinished, ..seen() }), Phase::CatchUp);
}

#[test]
fn doomed_work_fails_and_can_still_be_aborted() {
    let doomed = Observation { work: Work::Doomed, ..seen() };
    assert_eq!(next(Phase::Verify, &doomed), Phase::Failed);
    assert_eq!(next(Phase::Failed, &seen()), Phase::Failed);
    assert_eq!(next(Phase::Failed, &Observation { abort: true, ..seen() }), Phase::Aborting);
}
