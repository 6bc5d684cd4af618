//! Names of everything a migration creates beside the data. All begin with `rerp_<id>_` (the roles with
//! `rerp_repl_<id>`), so that clean-up finds what an intent row should have named and nothing else. What belongs to a
//! stream says which way it goes: both ends may be on one server.

use crate::spec::Direction;

/// Longest id is 16, so the longest name here stays far below 63 bytes.
const PREFIX: &str = "rerp_";

/// What the names of slots, publications, subscriptions and event triggers begin with.
#[must_use]
pub fn prefix(migration: &str) -> String {
    format!("{PREFIX}{migration}_")
}

/// The publication that the stream begins at, and what the names of its slots and subscriptions begin with.
#[must_use]
pub fn publication(migration: &str, direction: Direction) -> String {
    format!("{}{direction}", prefix(migration))
}

/// The subscription. Carries the worker's run: what an older worker creates late is told apart.
#[must_use]
pub fn subscription(migration: &str, direction: Direction, run: i64) -> String {
    format!("{}_{run}", publication(migration, direction))
}

/// The slot that run `run` made for the subscription.
#[must_use]
pub fn slot(migration: &str, direction: Direction, run: i64) -> String {
    format!("{}_{run}", publication(migration, direction))
}

/// The login of the subscription, on the side that publishes.
#[must_use]
pub fn replication_role(migration: &str, direction: Direction) -> String {
    match direction {
        Direction::Forward => format!("{PREFIX}repl_{migration}"),
        Direction::Back => format!("{PREFIX}repl_{migration}_{direction}"),
    }
}

/// The event trigger on the source that freezes DDL.
#[must_use]
pub fn ddl_trigger(migration: &str) -> String {
    format!("{}ddl", prefix(migration))
}

/// The event trigger on the target that ends the way back.
#[must_use]
pub fn watch_trigger(migration: &str) -> String {
    format!("{}_ddl", publication(migration, Direction::Back))
}

/// The database on the target's server that run `run` restores the backup of the old tables into.
#[must_use]
pub fn scratch(migration: &str, run: i64) -> String {
    format!("{}scratch_{run}", prefix(migration))
}

/// The triggers on the parent of severed foreign key `number`: for deleted rows and for changed keys.
#[must_use]
pub fn capture_triggers(migration: &str, number: i32) -> [String; 2] {
    ["deleted", "updated"].map(|event| format!("{}fk{number}_{event}", prefix(migration)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_the_prefix_that_clean_up_sweeps() {
        let id = "0123456789abcdef";
        let [deleted, updated] = capture_triggers(id, i32::MAX);
        let stream = |way| [publication(id, way), subscription(id, way, i64::MAX), slot(id, way, i64::MAX)];
        let both = Direction::ALL.into_iter().flat_map(stream);
        for name in both.chain([ddl_trigger(id), watch_trigger(id), scratch(id, i64::MAX), deleted, updated]) {
            assert!(name.starts_with("rerp_0123456789abcdef_"), "{name}");
            assert!(name.len() <= 63, "{name}");
        }
        let [forward, back] = Direction::ALL.map(|way| replication_role(id, way));
        assert_eq!((forward.as_str(), back.as_str()), ("rerp_repl_0123456789abcdef", "rerp_repl_0123456789abcdef_rev"));
    }
}
