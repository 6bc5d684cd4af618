//! How long rows stay: the rows of a service's table, and the statements that follow from one. In: constants. Out: SQL. Must not run anything.

use sqlx::AssertSqlSafe;

/// How rows end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// They are deleted `after` this time (an interval of PostgreSQL) `since` the time in a column.
    Deleted {
        /// An interval.
        after: &'static str,
        /// A column, which has an index.
        since: &'static str,
    },
    /// They stay, and lose something: `set` follows `SET`, and `only` says which rows still have it.
    Cleared {
        /// An interval.
        after: &'static str,
        /// A column, which has an index over those rows.
        since: &'static str,
        /// What still has it.
        only: &'static str,
        /// What is changed.
        set: &'static str,
    },
    /// Something else ends them; this says what.
    Elsewhere(&'static str),
    /// They have no end by time.
    Stay,
}

/// How long the rows of a table stay. A table may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Its name.
    pub table: &'static str,
    /// How its rows end.
    pub end: End,
    /// Why then, or why not.
    pub why: &'static str,
}

impl Lifetime {
    /// Rows that are deleted `after` this time `since` the time in a column.
    #[must_use]
    pub const fn deleted(table: &'static str, after: &'static str, since: &'static str, why: &'static str) -> Self {
        Self { table, end: End::Deleted { after, since }, why }
    }

    /// Rows that something else ends.
    #[must_use]
    pub const fn elsewhere(table: &'static str, what: &'static str, why: &'static str) -> Self {
        Self { table, end: End::Elsewhere(what), why }
    }

    /// Rows that have no end by time.
    #[must_use]
    pub const fn stays(table: &'static str, why: &'static str) -> Self {
        Self { table, end: End::Stay, why }
    }

    /// The interval and the statement that ends at most `$2` rows older than `$1`, if this is how they end. What somebody works on is left for the next
    /// time.
    pub(super) fn statement(&self) -> Option<(&'static str, AssertSqlSafe<String>)> {
        let table = self.table;
        let old = |since, more: &str| {
            format!(
                "ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {since} < now() - $1::interval{more} \
                 ORDER BY {since} LIMIT $2 FOR UPDATE SKIP LOCKED))"
            )
        };
        match self.end {
            End::Deleted { after, since } => {
                Some((after, AssertSqlSafe(format!("DELETE FROM {table} WHERE {}", old(since, "")))))
            }
            End::Cleared { after, since, only, set } => {
                let which = old(since, &format!(" AND {only}"));
                Some((after, AssertSqlSafe(format!("UPDATE {table} SET {set} WHERE {which}"))))
            }
            End::Elsewhere(_) | End::Stay => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_table_says_everything() {
        let (after, sql) = Lifetime::deleted("messages", "12 months", "created_at", "").statement().unwrap();
        assert_eq!(after, "12 months");
        assert_eq!(
            sql.0,
            "DELETE FROM messages WHERE ctid = ANY (ARRAY(SELECT ctid FROM messages WHERE created_at < now() - $1::interval \
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
        );
        let end = End::Cleared { after: "1 year", since: "at", only: "name IS NOT NULL", set: "name = NULL" };
        let (_, sql) = Lifetime { table: "leads", end, why: "" }.statement().unwrap();
        assert!(
            sql.0.starts_with("UPDATE leads SET name = NULL WHERE ctid")
                && sql.0.contains("AND name IS NOT NULL ORDER")
        );
        assert!(Lifetime::stays("plans", "").statement().is_none());
        assert!(Lifetime::elsewhere("outbox", "events", "").statement().is_none());
    }
}
