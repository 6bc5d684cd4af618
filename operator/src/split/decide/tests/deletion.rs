//! Deletion, told case by case.

use super::*;

#[test]
fn deletion_takes_back_and_holds_until_it_is_done() {
    for phase in [
        Phase::Pending,
        Phase::Copy,
        Phase::ReadyForCutover,
        Phase::Cutover,
        Phase::Observe,
        Phase::Finalize,
        Phase::Aborting,
        Phase::Failed,
    ] {
        let decision = decide(&deleted(), &seen(phase), at(1000));
        assert!(run(&decision).wish.abort && decision.hold && !decision.forget, "{phase}");
    }
    for (phase, reported) in [(Phase::Aborted, SplitPhase::Aborted), (Phase::Completed, SplitPhase::Completed)] {
        let place = if phase == Phase::Completed { "identity" } else { "identity-shared" };
        let seen = Observed { record: Some(record(place, Some(100))), ..seen(phase) };
        let decision = decide(&deleted(), &seen, at(1000));
        assert_eq!(
            (decision.hold, decision.forget, decision.worker),
            (true, false, WorkerAct::Remove),
            "{phase} is told first"
        );
        let forgotten = Observed { journal: None, ..seen.clone() };
        for seen in [seen, forgotten] {
            let decision = decide(&ended(reported), &seen, at(1000));
            assert_eq!((decision.hold, decision.forget, decision.worker), (false, true, WorkerAct::Remove), "{phase}");
        }
    }
}

/// Being deleted, and its status tells how it ended.
fn ended(phase: SplitPhase) -> DatabaseSplitMigration {
    let mut object = deleted();
    object.status = Some(DatabaseSplitMigrationStatus { phase: Some(phase), ..Default::default() });
    object
}

fn record(database: &str, moved_by: Option<i64>) -> Record {
    Record { database: database.into(), moved_from: None, moved_by: moved_by.map(at) }
}

#[test]
fn a_migration_that_has_moved_data_goes_only_once_its_service_knows() {
    let wishes = |database: &str| {
        let mut seen = seen(Phase::Completed);
        seen.service.as_mut().unwrap().spec.database_ref = Some(ObjectRef::new(database));
        seen
    };
    let knows = |record: Record| Observed { record: Some(record), ..wishes("identity-shared") };
    let gone = Observed { service: None, ..wishes("identity-shared") };
    let aborted = |record: Record| Observed { record: Some(record), ..seen(Phase::Aborted) };
    for (case, seen, waits) in [
        ("the record is from before the move", knows(record("identity-shared", None)), true),
        ("no record, and the wish is old", wishes("identity-shared"), true),
        ("moved by this one", knows(record("identity", Some(100))), false),
        ("moved on by a later one", knows(record("elsewhere", Some(101))), false),
        ("moved by an earlier one only", knows(record("identity-shared", Some(99))), true),
        ("no record, and the wish names the target", wishes("identity"), false),
        ("no service", gone, false),
        ("nothing was moved", aborted(record("identity-shared", None)), false),
        ("moved and rolled back, which isn't recorded", aborted(record("identity", Some(100))), true),
        ("moved and rolled back", aborted(record("identity-shared", Some(100))), false),
    ] {
        let phase = seen.journal.as_ref().map(|journal| journal.status.phase);
        let reported = if phase == Some(Phase::Aborted) { SplitPhase::Aborted } else { SplitPhase::Completed };
        let decision = decide(&ended(reported), &seen, at(1000));
        assert_eq!((decision.hold, decision.forget), (waits, !waits), "{case}");
        assert_eq!(decision.outcome.message().contains("to record"), waits, "{case}");
    }
}

#[test]
fn a_database_that_is_out_of_reach_is_waited_for() {
    for phase in [Phase::Copy, Phase::Completed] {
        let mut seen = seen(phase);
        seen.target.as_mut().unwrap().admin = None;
        let decision = decide(&deleted(), &seen, at(1000));
        assert_eq!((decision.hold, decision.forget, decision.worker), (true, false, WorkerAct::Leave), "{phase}");
        assert_eq!(decision.outcome.reason(), Reason::SecretMissing);
        assert!(decision.outcome.message().contains("identity-admin"), "{}", decision.outcome.message());
    }
}

#[test]
fn deletion_does_not_wait_for_what_never_began_or_is_gone() {
    let mut going = seen(Phase::Copy);
    going.source.as_mut().unwrap().stays = false;
    for seen in [Observed { held: false, ..seen(Phase::Copy) }, Observed { target: None, ..seen(Phase::Copy) }, going] {
        let decision = decide(&deleted(), &seen, at(1000));
        assert_eq!((decision.hold, decision.forget, decision.worker), (false, false, WorkerAct::Remove));
    }
}

#[test]
fn a_target_that_is_away_is_told_of_by_name_and_waited_for() {
    let made = |side, kind: &str, name: &str| Made { side, kind: kind.into(), name: name.into() };
    for phase in [Phase::Copy, Phase::ReadyForCutover, Phase::Observe] {
        let mut seen = seen(phase);
        seen.away = Some("connect to h:5432: refused".into());
        seen.journal.as_mut().unwrap().status.made = vec![
            made(Side::Source, "slot", "rerp_x_fwd_1"),
            made(Side::Target, "subscription", "rerp_x_fwd_1"),
            made(Side::Target, "table", "identity.person"),
        ];
        let decision = decide(&deleted(), &seen, at(1000));
        assert!(run(&decision).wish.abort && decision.hold && !decision.forget, "{phase}");
        assert_eq!(decision.outcome.reason(), Reason::ServerUnreachable);
        let message = decision.outcome.message();
        assert!(message.starts_with("target: connect to h:5432: refused; until the target is back"), "{message}");
        assert!(message.contains("remain on it: subscription rerp_x_fwd_1, "), "{message}");
        assert_eq!(message.contains("table identity.person"), phase != Phase::Observe, "{message}");
        assert!(!message.contains("slot"), "that is on the source: {message}");
    }
}

#[test]
fn the_journal_is_forgotten_on_both_sides_or_on_none() {
    let ended = ended(SplitPhase::Aborted);
    let seen = Observed { away: Some("refused".into()), ..seen(Phase::Aborted) };
    let decision = decide(&ended, &seen, at(1000));
    assert_eq!((decision.hold, decision.forget, decision.worker), (true, false, WorkerAct::Remove));
    assert!(decision.outcome.message().contains("rows of migration"), "{}", decision.outcome.message());
    let decision = decide(&ended, &Observed { away: None, ..seen }, at(1000));
    assert_eq!((decision.hold, decision.forget), (false, true));
}
