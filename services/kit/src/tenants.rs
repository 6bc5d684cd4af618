//! Whose rows are whose, as data. Each service has its tables in `src/tenants.rs`; migrations make policies of row level security that say the same, and the
//! tests of each service try every table, verb and caller by this list. In: constants. Out: nothing runs here.
//!
//! What a policy goes by is told by the handle, as a transaction begins: [`crate::pool::Db::on_behalf`] and [`crate::pool::Db::at_work`].
//!
//! | setting, until the transaction ends | says |
//! |---|---|
//! | `rerp.subject` | the person for whom it works |
//! | `rerp.accounts` | the accounts in which that person has a role, with commas between; where rows belong to accounts |
//! | `rerp.staff` | who of the staff it is; a row of `staff_access` comes with its COMMIT |
//! | `rerp.work` | `on`: the service's own work. Connections of the pool are at it as they open; every transaction that works for somebody takes it away |

/// The table `staff_access`, as migrations of services have it; a test compares them.
pub const STAFF_ACCESS: &str = include_str!("staff_access.sql");

/// A table and whose its rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Whose its rows are.
    pub whose: Whose,
}

/// Whose rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A person's: seen and changed in that person's name. Policies `tenant` and `platform`.
    Person,
    /// An account's: seen and changed in the name of whoever has a role in it. Policies `tenant` and `platform`.
    Account,
    /// The platform's, about people who have no say here: no person sees one. Policy `platform`.
    Platform,
    /// The record of what staff did: added to, and never changed. Policies `adding` and `reading`.
    Record,
    /// Nobody's, for this reason; no policies.
    Nobody(&'static str),
}

impl Table {
    /// A row of the list.
    #[must_use]
    pub const fn new(name: &'static str, whose: Whose) -> Self {
        Self { name, whose }
    }
}

impl Whose {
    /// The policies that a table of this kind has, and no other: names, in their order.
    #[must_use]
    pub const fn policies(self) -> &'static [&'static str] {
        match self {
            Self::Person | Self::Account => &["platform", "tenant"],
            Self::Platform => &["platform"],
            Self::Record => &["adding", "reading"],
            Self::Nobody(_) => &[],
        }
    }
}

/// Why the kit's own tables and the migrator's are nobody's: they hold identifiers and states until something is done, and never who somebody is.
pub mod machinery {
    use super::{Table, Whose};

    /// What migrations were applied.
    pub const MIGRATIONS: Table = Table::new("_sqlx_migrations", Whose::Nobody("what migrations were applied"));
    /// Answers under keys of callers.
    pub const IDEMPOTENCY_KEYS: Table = Table::new(
        "idempotency_keys",
        Whose::Nobody(
            "answers for a day, given again only to who asks for the very same; whose it is, is asked before the key",
        ),
    );
    /// Events on their way out.
    pub const OUTBOX: Table = Table::new("outbox", Whose::Nobody("events on their way: identifiers and states"));
    /// Which relay has the turn.
    pub const OUTBOX_RELAY: Table = Table::new("outbox_relay", Whose::Nobody("which relay has the turn"));
    /// Their numbers.
    pub const OUTBOX_SUBJECTS: Table = Table::new("outbox_subjects", Whose::Nobody("numbers of events"));
    /// Events on their way in.
    pub const INBOX: Table = Table::new("inbox", Whose::Nobody("events on their way: identifiers and states"));
    /// What staff did.
    pub const STAFF_ACCESS: Table = Table::new("staff_access", Whose::Record);
}
