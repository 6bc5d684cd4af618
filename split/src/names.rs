//! Names of everything a migration creates beside the data. All begin with `rerp_<id>_` (the role with
//! `rerp_repl_<id>`), so that clean-up finds what an intent row should have named and nothing else.

/// Longest id is 16, so the longest name here stays far below 63 bytes.
const PREFIX: &str = "rerp_";

/// What the names of slots, publications, subscriptions and event triggers begin with.
#[must_use]
pub fn prefix(migration: &str) -> String {
    format!("{PREFIX}{migration}_")
}

/// The publication on the source.
#[must_use]
pub fn publication(migration: &str) -> String {
    format!("{}fwd", prefix(migration))
}

/// The subscription on the target. Carries the worker's run: what an older worker creates late is told apart.
#[must_use]
pub fn subscription(migration: &str, run: i64) -> String {
    format!("{}fwd_{run}", prefix(migration))
}

/// The slot on the source, made by run `run`.
#[must_use]
pub fn slot(migration: &str, run: i64) -> String {
    format!("{}fwd_{run}", prefix(migration))
}

/// The login of the subscription on the source.
#[must_use]
pub fn replication_role(migration: &str) -> String {
    format!("{PREFIX}repl_{migration}")
}

/// The event trigger on the source that freezes DDL.
#[must_use]
pub fn ddl_trigger(migration: &str) -> String {
    format!("{}ddl", prefix(migration))
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
        for name in [publication(id), subscription(id, i64::MAX), slot(id, i64::MAX), ddl_trigger(id), deleted, updated]
        {
            assert!(name.starts_with("rerp_0123456789abcdef_"), "{name}");
            assert!(name.len() <= 63, "{name}");
        }
        assert_eq!(replication_role(id), "rerp_repl_0123456789abcdef");
    }
}
