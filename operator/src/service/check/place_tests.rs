//! Where the data of a service is: by record, wish and migrations.

use super::place::{Live, Place, Wish, place};
use crate::record::Record;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use rerp_crds::split::{Source, Target};
use rerp_crds::{
    DatabaseSplitMigration, DatabaseSplitMigrationSpec, DatabaseSplitMigrationStatus, ObjectRef, SplitPhase,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn split(name: &str, second: i64, source: &str, target: &str, phase: Option<SplitPhase>) -> DatabaseSplitMigration {
    let spec = DatabaseSplitMigrationSpec {
        service_ref: ObjectRef::new("identity"),
        source: Source { database_ref: ObjectRef::new(source) },
        target: Target { database_ref: ObjectRef::new(target), schema: None },
        ..DatabaseSplitMigrationSpec::default()
    };
    let mut migration = DatabaseSplitMigration::new(name, spec);
    migration.metadata.creation_timestamp = Some(Time(at(second)));
    migration.status = phase.map(|phase| DatabaseSplitMigrationStatus { phase: Some(phase), ..Default::default() });
    migration
}

fn record(database: &str, moved: Option<(&str, i64)>) -> Record {
    Record {
        database: database.to_owned(),
        moved_from: moved.map(|(from, _)| from.to_owned()),
        moved_by: moved.map(|(_, second)| at(second)),
    }
}

fn live(name: &str, source: &str, target: &str) -> Option<Live> {
    Some(Live { name: name.to_owned(), source: source.to_owned(), target: target.to_owned() })
}

#[test]
fn a_new_service_is_where_it_wishes() {
    let expected = Place { record: record("a", None), live: None, wish: Wish::Here };
    assert_eq!(place("a", None, &[]), expected);
}

#[test]
fn an_edit_moves_nothing() {
    let found = place("b", Some(record("a", None)), &[]);
    assert_eq!(found, Place { record: record("a", None), live: None, wish: Wish::NeedsMigration });
}

#[test]
fn a_migration_gives_next_before_it_has_a_status_and_until_it_ends() {
    for phase in SplitPhase::ALL.into_iter().map(Some).chain([None]).filter(|p| !p.is_some_and(SplitPhase::is_terminal))
    {
        let found = place("a", Some(record("a", None)), &[split("m", 5, "a", "b", phase)]);
        assert_eq!(found.live, live("m", "a", "b"), "{phase:?}");
    }
    assert_eq!(place("a", None, &[split("m", 5, "a", "b", Some(SplitPhase::Aborted))]).live, None);
}

#[test]
fn the_record_moves_with_the_cutover_and_the_wish_may_lag() {
    for phase in [SplitPhase::Observe, SplitPhase::Finalize, SplitPhase::Completed] {
        let found = place("a", Some(record("a", None)), &[split("m", 5, "a", "b", Some(phase))]);
        assert_eq!((&found.record, found.wish), (&record("b", Some(("a", 5))), Wish::Moved), "{phase}");
        assert_eq!(found.live.is_some(), phase != SplitPhase::Completed, "{phase}");
    }
}

#[test]
fn the_record_goes_back_with_a_rollback_and_forward_again() {
    let at = |record: Record, phase| place("a", Some(record), &[split("m", 5, "a", "b", Some(phase))]);
    let there = record("b", Some(("a", 5)));
    let back = Record { moved_by: Some(self::at(5)), ..record("a", None) };
    let rolling = at(there.clone(), SplitPhase::RollingBack);
    assert_eq!((&rolling.record, rolling.live.is_some()), (&there, true), "not before it has happened");
    for phase in [SplitPhase::RolledBack, SplitPhase::Aborting, SplitPhase::Aborted] {
        let found = at(there.clone(), phase);
        assert_eq!((&found.record, found.wish), (&back, Wish::Here), "{phase}");
        assert_eq!(found.live.is_some(), phase != SplitPhase::Aborted, "{phase}");
    }
    assert_eq!(at(back.clone(), SplitPhase::Cutover).live, live("m", "a", "b"));
    assert_eq!(at(back.clone(), SplitPhase::Observe).record, there);
    // An older one that did the same long ago doesn't count for that.
    let older = split("old", 3, "a", "b", Some(SplitPhase::Completed));
    let rolled = split("m", 5, "a", "b", Some(SplitPhase::RolledBack));
    assert_eq!(place("a", Some(there), &[older, rolled]).record, back);
}

#[test]
fn a_deleted_migration_is_remembered() {
    let found = place("a", Some(record("b", Some(("a", 5)))), &[]);
    assert_eq!(found, Place { record: record("b", Some(("a", 5))), live: None, wish: Wish::Moved });
    assert_eq!(place("b", Some(record("b", Some(("a", 5)))), &[]).wish, Wish::Here);
}

#[test]
fn an_edit_ahead_of_the_migration_waits_for_it() {
    let found = place("b", Some(record("a", None)), &[split("m", 5, "a", "b", Some(SplitPhase::Copy))]);
    assert_eq!((found.record, found.wish), (record("a", None), Wish::Moving));
}

#[test]
fn chains_and_ways_back_are_followed_in_the_order_of_creation() {
    let done = Some(SplitPhase::Completed);
    let all = [split("m2", 9, "b", "a", done), split("m1", 5, "a", "b", done)];
    assert_eq!(place("a", None, &all).record, record("a", Some(("b", 9))));
    // m1 has been accounted for: with m2 gone it must not move the service again.
    let known = Some(record("a", Some(("b", 9))));
    assert_eq!(place("a", known, &[split("m1", 5, "a", "b", done)]).record, record("a", Some(("b", 9))));
}

#[test]
fn a_migration_from_elsewhere_does_not_concern_the_service() {
    let found = place("a", Some(record("a", None)), &[split("m", 5, "x", "b", Some(SplitPhase::Copy))]);
    assert_eq!(found.live, None);
}
