//! How long old tables are waited for, told case by case.

use super::super::memory::{Backup, Refused};
use super::*;
use crate::spec::{BackupSpec, CleanupPolicy};
use std::collections::BTreeMap;

const DAY: i64 = 24 * 3600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn spec(after_s: i64) -> CleanupSpec {
    CleanupSpec { policy: CleanupPolicy::Rename, after_s: after_s.unsigned_abs(), backup: None }
}

fn look(second: i64, counters: &[(&str, i64, i64)]) -> Look {
    let one = |&(name, reads, writes): &(&str, i64, i64)| (name.to_owned(), Counters { reads, writes });
    Look { at: at(second), counted: true, reset: None, counters: counters.iter().map(one).collect() }
}

fn quiet(since: i64) -> Memory {
    let look = look(since, &[("a", 5, 7), ("b", 0, 1)]);
    let quiet = Quiet { since: at(since), anew: None, look, callers: BTreeMap::new() };
    Memory { quiet: Some(quiet), ..Memory::default() }
}

#[test]
fn they_are_quiet_for_all_of_the_wait() {
    let same = |second| look(second, &[("a", 5, 7), ("b", 0, 1)]);
    let week = |second| next(&spec(7 * DAY), &quiet(DAY), &same(second));
    assert_eq!(next(&spec(7 * DAY), &Memory::default(), &same(0)), Next::Begin(None));
    assert_eq!(week(8 * DAY - 1), Next::Wait(at(8 * DAY)));
    assert_eq!(week(8 * DAY), Next::Remove);
}

#[test]
fn whoever_uses_them_makes_all_of_the_wait_begin_anew() {
    let begun = |counters: &[(&str, i64, i64)]| match next(&spec(DAY), &quiet(0), &look(2 * DAY, counters)) {
        Next::Begin(Some(disturbance)) => disturbance,
        other => panic!("{other:?}"),
    };
    assert_eq!(begun(&[("a", 6, 7), ("b", 0, 1)]), Disturbance { what: "a was read".into(), tables: vec!["a".into()] });
    assert_eq!(begun(&[("a", 6, 7), ("b", 1, 2)]).what, "b was written to", "worse than read");
    assert_eq!(begun(&[("a", 5, 7), ("b", 0, 1), ("c", 1, 0)]).what, "c was read", "unknown before");
}

#[test]
fn counters_that_are_lost_prove_nothing() {
    let begun = |look: &Look| matches!(next(&spec(DAY), &quiet(0), look), Next::Begin(Some(_)));
    let same = look(2 * DAY, &[("a", 5, 7), ("b", 0, 1)]);
    assert!(!begun(&same));
    assert!(
        begun(&Look { reset: Some(at(1)), ..same.clone() }),
        "as high as before, and who knows how they came there"
    );
    assert!(begun(&Look { counted: false, ..same }), "nobody counts");
    assert!(begun(&look(2 * DAY, &[("a", 4, 7), ("b", 0, 1)])), "an index that is gone takes its own with it");
}

#[test]
fn a_table_that_somebody_has_dropped_is_quiet() {
    assert_eq!(next(&spec(DAY), &quiet(0), &look(2 * DAY, &[("a", 5, 7)])), Next::Remove);
    let file = Some(BackupSpec::File("/backup".into()));
    let spec = CleanupSpec { policy: CleanupPolicy::Drop, backup: file, ..spec(DAY) };
    assert_eq!(next(&spec, &quiet(0), &look(2 * DAY, &[])), Next::Remove, "nothing is there to keep");
}

#[test]
fn a_backup_comes_before_the_wait_and_is_taken_again_when_it_is_stale() {
    let spec =
        CleanupSpec { policy: CleanupPolicy::Drop, after_s: 1, backup: Some(BackupSpec::File("/backup".into())) };
    let first = look(0, &[("a", 5, 7)]);
    assert_eq!(next(&spec, &Memory::default(), &first), Next::BackUp(None));
    let backup = Backup { file: "/backup".into(), sha256: String::new(), rows: 1, look: first };
    let with = Memory { backup: Some(backup), ..Memory::default() };
    assert_eq!(next(&spec, &with, &look(5, &[("a", 9, 7)])), Next::Begin(None), "our own reads");
    assert!(matches!(next(&spec, &with, &look(5, &[("a", 9, 8)])), Next::BackUp(Some(_))));
    let refused = Memory { refused: Some(Refused { run: 1, at: at(100) }), ..Memory::default() };
    assert_eq!(next(&spec, &refused, &look(101, &[("a", 5, 7)])), Next::Wait(at(700)), "not one after the other");
    assert_eq!(next(&spec, &refused, &look(700, &[("a", 5, 7)])), Next::BackUp(None));
    let elsewhere = CleanupSpec { backup: Some(BackupSpec::File("/other".into())), ..spec };
    assert!(matches!(next(&elsewhere, &with, &look(5, &[("a", 9, 7)])), Next::BackUp(Some(_))));
}

#[test]
fn many_tables_are_named_in_part() {
    let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(
        [1, 2, 3, 5].map(|n| named(&names(n))),
        ["0 was", "0, 1 were", "0, 1, 2 were", "0, 1, 2 and 2 more were"]
    );
}
