//! What a server holds, as far as one ServiceDatabase is concerned. Plain values: `exec` fills them,
//! `plan` compares them.

use std::collections::{BTreeMap, BTreeSet};

/// A snapshot of the parts of the catalogs that a plan looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Roles whose names were asked for, by name.
    pub roles: BTreeMap<String, Role>,
    /// The schema, if it exists.
    pub schema: Option<Schema>,
    /// Extensions that are installed in this database.
    pub extensions: BTreeSet<String>,
    /// Extensions that the server could install.
    pub available: BTreeSet<String>,
}

/// One role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// COMMENT on the role: the marker of its owner.
    pub comment: Option<String>,
    /// Whether it can log in.
    pub login: bool,
    /// Whether it has any of SUPERUSER, CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS.
    pub privileged: bool,
    /// Stored verifier of its password.
    pub verifier: Option<String>,
    /// Settings for all databases, as `name=value`.
    pub settings: BTreeSet<String>,
    /// Roles it is a member of.
    pub member_of: BTreeSet<String>,
}

/// One schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Role that owns it.
    pub owner: String,
    /// COMMENT on the schema.
    pub comment: Option<String>,
    /// Roles with USAGE, by grant and not by inheritance.
    pub usage: BTreeSet<String>,
    /// Roles that get rights on every new table or sequence of the owner.
    pub defaults: BTreeSet<DefaultGrant>,
}

/// A default privilege that exists: what kind of object, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefaultGrant {
    /// Kind of object.
    pub object: Object,
    /// Role that gets the rights.
    pub grantee: String,
}

/// Objects that default privileges speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// Tables and views.
    Tables,
    /// Sequences.
    Sequences,
}
