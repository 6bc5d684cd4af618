//! What a service holds of people: the rows of its table, and the statements that follow from one. In: constants. Out: SQL. The only place of this room that
//! puts SQL together; names and conditions are constants of the program, values are bound. Must not run anything.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// By which identifiers rows are somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The person's.
    Person,
    /// Those of the addresses that are, or were, the person's.
    Addresses,
}

/// What becomes of rows when their person is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtErase {
    /// They go.
    Delete,
    /// They stay without what says who it was: this follows `SET`.
    Clear(&'static str),
    /// They stay as they are, for this reason: they name nobody, or a law wants them.
    Keep(&'static str),
}

/// A table with something of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub table: &'static str,
    /// By which identifiers.
    pub by: By,
    /// Which rows: a condition in which `$1` is an array of them, and the table has its own name.
    pub whose: &'static str,
    /// Columns that aren't given out: secrets of the platform, not data of the person.
    pub hidden: &'static [&'static str],
    /// What becomes of them.
    pub at_erase: AtErase,
}

/// Whose data it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Identity's identifier of the person.
    pub person: Uuid,
    /// Those of the addresses that are, or were, the person's.
    pub addresses: Vec<Uuid>,
}

impl Subject {
    /// A person, for services that know no addresses.
    #[must_use]
    pub fn of(person: Uuid) -> Self {
        Self { person, addresses: Vec::new() }
    }

    /// The identifiers to bind.
    pub(super) fn keys(&self, by: By) -> Vec<Uuid> {
        match by {
            By::Person => vec![self.person],
            By::Addresses => self.addresses.clone(),
        }
    }
}

impl Held {
    /// Rows that go when their person does.
    #[must_use]
    pub const fn deleted(table: &'static str, by: By, whose: &'static str) -> Self {
        Self { table, by, whose, hidden: &[], at_erase: AtErase::Delete }
    }

    /// Rows that stay without what says who it was.
    #[must_use]
    pub const fn cleared(table: &'static str, by: By, whose: &'static str, set: &'static str) -> Self {
        Self { table, by, whose, hidden: &[], at_erase: AtErase::Clear(set) }
    }

    /// Rows that stay, and why.
    #[must_use]
    pub const fn kept(table: &'static str, by: By, whose: &'static str, why: &'static str) -> Self {
        Self { table, by, whose, hidden: &[], at_erase: AtErase::Keep(why) }
    }

    /// The same without these columns in what is given out.
    #[must_use]
    pub const fn hiding(self, hidden: &'static [&'static str]) -> Self {
        Self { hidden, ..self }
    }

    /// What is given out: `$2` are columns that aren't, `$3` is how many rows at most.
    pub(super) fn select(&self) -> AssertSqlSafe<String> {
        let Self { table, whose, .. } = self;
        AssertSqlSafe(format!("SELECT to_jsonb({table}) - $2::text[] FROM {table} WHERE {whose} LIMIT $3"))
    }

    /// What is done at an erasure. It affects the rows that it is about; of rows that stay it counts them.
    pub(super) fn statement(&self) -> AssertSqlSafe<String> {
        let Self { table, whose, .. } = self;
        AssertSqlSafe(match self.at_erase {
            AtErase::Delete => format!("DELETE FROM {table} WHERE {whose}"),
            AtErase::Clear(set) => format!("UPDATE {table} SET {set} WHERE {whose}"),
            AtErase::Keep(_) => format!("SELECT FROM {table} WHERE {whose}"),
        })
    }
}

/// Locks the tables of which an erasure changes something, and that of receipts, as changing them does, but the oldest first: so does a cutover, and in another order each would wait for
/// the other. None where nothing is changed.
pub(super) fn oldest_first(held: &[Held]) -> Option<AssertSqlSafe<String>> {
    let changed = held.iter().filter(|one| !matches!(one.at_erase, AtErase::Keep(_)));
    let mut names: Vec<String> = changed.map(|one| format!("'{}'::regclass", one.table)).collect();
    if names.is_empty() {
        return None;
    }
    // The receipt comes last, and some of the others may be younger than its table.
    names.push("'rights_log'::regclass".to_owned());
    Some(AssertSqlSafe(format!(
        "DO $$ BEGIN EXECUTE (SELECT 'LOCK TABLE ' || string_agg(oid::regclass::text, ', ' ORDER BY oid) || ' IN ROW EXCLUSIVE MODE' \
         FROM pg_class WHERE oid IN ({})); END $$",
        names.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_table_says_everything() {
        let of = |held: Held| (held.select().0, held.statement().0);
        let (select, delete) = of(Held::deleted("roles", By::Person, "human_name_id = ANY ($1)"));
        assert_eq!(select, "SELECT to_jsonb(roles) - $2::text[] FROM roles WHERE human_name_id = ANY ($1) LIMIT $3");
        assert_eq!(delete, "DELETE FROM roles WHERE human_name_id = ANY ($1)");
        assert_eq!(
            of(Held::cleared("names", By::Person, "id = ANY ($1)", "name = NULL")).1,
            "UPDATE names SET name = NULL WHERE id = ANY ($1)"
        );
        assert_eq!(
            of(Held::kept("bills", By::Person, "id = ANY ($1)", "law")).1,
            "SELECT FROM bills WHERE id = ANY ($1)"
        );
    }

    #[test]
    fn what_is_changed_is_locked_and_nothing_else() {
        let kept = Held::kept("bills", By::Person, "id = ANY ($1)", "law");
        assert!(oldest_first(&[kept]).is_none());
        let held =
            [Held::deleted("roles", By::Person, "true"), kept, Held::cleared("names", By::Person, "true", "x = 1")];
        let sql = oldest_first(&held).unwrap().0;
        assert!(
            sql.contains("WHERE oid IN ('roles'::regclass, 'names'::regclass, 'rights_log'::regclass))")
                && !sql.contains("bills"),
            "{sql}"
        );
    }

    #[test]
    fn leads_are_known_by_addresses_and_everything_else_by_the_person() {
        let subject = Subject { person: Uuid::from_u128(1), addresses: vec![Uuid::from_u128(2)] };
        assert_eq!(subject.keys(By::Person), [Uuid::from_u128(1)]);
        assert_eq!(subject.keys(By::Addresses), [Uuid::from_u128(2)]);
        assert!(Subject::of(subject.person).keys(By::Addresses).is_empty());
    }
}
