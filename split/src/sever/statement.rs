//! The statements that drop a foreign key, watch its parent, and make it again. Pure: what runs is what the plan shows.

use crate::inspect::Edge;
use crate::names;
use crate::sql;

/// How long one lock may take. Whoever comes after waits behind the request, readers too.
pub(super) const LOCK_TIMEOUT: &str = "100ms";
/// `lock_timeout` counts per lock; this counts for both tables and all their partitions.
pub(super) const LOCKS_TIMEOUT: &str = "150ms";
/// A running autovacuum gives way only to someone who has waited for `deadlock_timeout`; and whoever finds a deadlock is
/// the one to give way, so it must be us and not a client.
pub(super) const DEADLOCK_TIMEOUT: &str = "20ms";

/// Settings under which both tables are locked.
pub(super) fn locking_sql() -> String {
    format!(
        "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL deadlock_timeout = '{DEADLOCK_TIMEOUT}'; \
         SET LOCAL statement_timeout = '{LOCKS_TIMEOUT}'"
    )
}

/// Both tables, in the order of their OIDs as everywhere else. Whatever follows needs no further lock.
pub(super) fn lock_sql(edge: &Edge) -> String {
    let (first, second) =
        if edge.child_oid < edge.parent_oid { (&edge.child, &edge.parent) } else { (&edge.parent, &edge.child) };
    format!("LOCK TABLE {first}, {second} IN ACCESS EXCLUSIVE MODE")
}

/// The triggers that write down the keys which the parent loses: names, and what fires them. The second fires whatever
/// changed the key, a BEFORE trigger included, and costs other updates only a comparison.
fn triggers(migration: &str, number: i32, edge: &Edge) -> [(String, String); 2] {
    let row = |side: &str| {
        let columns: Vec<String> =
            edge.parent_columns().map(|column| format!("{side}.{}", sql::ident(column))).collect();
        format!("ROW({})", columns.join(", "))
    };
    let [deleted, updated] = names::capture_triggers(migration, number);
    let changed =
        format!("AFTER UPDATE ON {} FOR EACH ROW WHEN ({} IS DISTINCT FROM {})", edge.parent, row("OLD"), row("NEW"));
    [(deleted, format!("AFTER DELETE ON {} FOR EACH ROW", edge.parent)), (updated, changed)]
}

/// Sets the triggers on the parent; safe to run again. As ordinary triggers they don't fire for what a subscription
/// applies: those rows were captured where they were written.
pub(super) fn capture_sql(migration: &str, number: i32, edge: &Edge) -> Vec<String> {
    let columns = edge.parent_columns().map(sql::literal);
    let arguments: Vec<String> =
        [sql::literal(migration), sql::literal(&number.to_string())].into_iter().chain(columns).collect();
    triggers(migration, number, edge)
        .into_iter()
        .map(|(name, event)| {
            format!(
                "CREATE OR REPLACE TRIGGER {} {event} EXECUTE FUNCTION rerp_split.capture({})",
                sql::ident(&name),
                arguments.join(", ")
            )
        })
        .collect()
}

/// Takes the triggers away; safe to run again, and where there is no such table.
pub(super) fn release_sql(migration: &str, number: i32, edge: &Edge) -> Vec<String> {
    triggers(migration, number, edge)
        .into_iter()
        .map(|(name, _)| format!("DROP TRIGGER IF EXISTS {} ON {}", sql::ident(&name), edge.parent))
        .collect()
}

/// Drops the key. Column and index stay.
pub(super) fn drop_sql(edge: &Edge) -> String {
    format!("ALTER TABLE {} DROP CONSTRAINT {}", edge.child, sql::ident(&edge.name))
}

/// Makes the key again as it was, but without looking at rows that are there already: `VALIDATE` does that, under a lock
/// that lets writers go on. A key on a partitioned table can't be made in two steps before PostgreSQL 18.
pub(super) fn add_sql(edge: &Edge, version: u32) -> String {
    let at_once = !edge.validated || (edge.partitioned && version < 180_000);
    let not_valid = if at_once { "" } else { " NOT VALID" };
    format!("ALTER TABLE {} ADD CONSTRAINT {} {}{not_valid}", edge.child, sql::ident(&edge.name), edge.definition)
}

/// The key's comment, if it had one.
pub(super) fn comment_sql(edge: &Edge) -> Option<String> {
    let text = edge.comment.as_ref()?;
    Some(format!("COMMENT ON CONSTRAINT {} ON {} IS {}", sql::ident(&edge.name), edge.child, sql::literal(text)))
}

/// Looks at the rows that are there.
pub(super) fn validate_sql(edge: &Edge) -> String {
    format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", edge.child, sql::ident(&edge.name))
}

/// What a person runs to have the key again.
#[must_use]
pub fn by_hand_sql(edge: &Edge) -> String {
    format!("ALTER TABLE {} ADD CONSTRAINT {} {}", edge.child, sql::ident(&edge.name), edge.definition)
}

#[cfg(test)]
mod tests {
    use super::super::tests::edge;
    use super::*;

    #[test]
    fn tables_are_locked_by_oid_whichever_is_the_child() {
        let mut edge = edge();
        assert_eq!(lock_sql(&edge), "LOCK TABLE stay.note, app.item IN ACCESS EXCLUSIVE MODE");
        (edge.child_oid, edge.parent_oid) = (9, 1);
        assert_eq!(lock_sql(&edge), "LOCK TABLE app.item, stay.note IN ACCESS EXCLUSIVE MODE");
    }

    #[test]
    fn a_key_comes_back_as_it_was() {
        let mut edge = edge();
        let add = "ALTER TABLE stay.note ADD CONSTRAINT \"note_item_fkey\" FOREIGN KEY (item) REFERENCES app.item(key)";
        assert_eq!(add_sql(&edge, 170_000), format!("{add} NOT VALID"));
        edge.partitioned = true;
        assert_eq!(add_sql(&edge, 170_000), add);
        assert_eq!(add_sql(&edge, 180_000), format!("{add} NOT VALID"));
        (edge.validated, edge.definition) = (false, format!("{} NOT VALID", edge.definition));
        assert_eq!(add_sql(&edge, 180_000), format!("{add} NOT VALID"));
    }

    #[test]
    fn the_parent_is_watched_for_deletes_and_new_keys() {
        let [deleted, updated] = capture_sql("m1", 2, &edge()).try_into().unwrap();
        assert_eq!(
            deleted,
            "CREATE OR REPLACE TRIGGER \"rerp_m1_fk2_deleted\" AFTER DELETE ON app.item FOR EACH ROW \
             EXECUTE FUNCTION rerp_split.capture('m1', '2', 'key')"
        );
        assert!(updated.contains(
            "AFTER UPDATE ON app.item FOR EACH ROW WHEN (ROW(OLD.\"key\") IS DISTINCT FROM ROW(NEW.\"key\"))"
        ));
        assert_eq!(release_sql("m1", 2, &edge())[1], "DROP TRIGGER IF EXISTS \"rerp_m1_fk2_updated\" ON app.item");
    }
}
