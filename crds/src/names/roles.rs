//! Names of roles on PostgreSQL servers. Data in databases carries them, so they may never change.

use std::fmt;

use super::{Id, short_hash};

/// Longest identifier of PostgreSQL in bytes.
pub const PG_MAX: usize = 63;
/// Longest suffix that a role adds to its base: `_migrate_a`.
const ROLE_SUFFIX_MAX: usize = 10;

/// One of the two login roles of a pair; a rotation gives the other one a new password and switches to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

impl Slot {
    /// The slot that a rotation switches to.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

/// Role names of one ServiceDatabase on the server it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleNames {
    base: String,
}

impl RoleNames {
    /// Roles of `database` with `schema` on the server that `server` (a ServiceDatabase with an embedded engine) runs.
    ///
    /// Roles belong to a server, not to a database, hence the hash of both objects.
    #[must_use]
    pub fn new(server: Id<'_>, database: Id<'_>, schema: &str) -> Self {
        let scope = format!("{}/{}/{}/{}", server.namespace, server.name, database.namespace, database.name);
        let prefix = format!("rerp_{}_", short_hash(&scope, 8));
        Self { base: format!("{prefix}{}", fit(schema, PG_MAX - ROLE_SUFFIX_MAX - prefix.len())) }
    }

    /// What all names begin with.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Owns schema and tables; can't log in.
    #[must_use]
    pub fn owner(&self) -> String {
        format!("{}_owner", self.base)
    }

    /// Group of those who change the schema; can't log in.
    #[must_use]
    pub fn migrate(&self) -> String {
        format!("{}_migrate", self.base)
    }

    /// Group of those who read and write rows; can't log in.
    #[must_use]
    pub fn app(&self) -> String {
        format!("{}_app", self.base)
    }

    /// Group of those who read rows; can't log in.
    #[must_use]
    pub fn read(&self) -> String {
        format!("{}_read", self.base)
    }

    /// Login of the service's pods.
    #[must_use]
    pub fn app_login(&self, slot: Slot) -> String {
        format!("{}_app_{slot}", self.base)
    }

    /// Login of the service's migrate command.
    #[must_use]
    pub fn migrate_login(&self, slot: Slot) -> String {
        format!("{}_migrate_{slot}", self.base)
    }
}

/// COMMENT on every role of a ServiceDatabase; a role with another marker is never touched.
#[must_use]
pub fn role_marker(database: Id<'_>) -> String {
    format!("rerp:{}/{}", database.namespace, database.name)
}

/// `text` in at most `max` bytes: unchanged, or cut with a hash of the whole at its end so that two long names stay apart.
fn fit(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max - 9;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{}", &text[..end], short_hash(text, 8))
}
