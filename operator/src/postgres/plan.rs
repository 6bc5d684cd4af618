//! Catalog and wish -> the statements in between. Pure: no server, no clock, no randomness.
//! In: what a server holds, what one ServiceDatabase wants there. Out: statements in order, none if
//! nothing is missing; or a refusal that names what belongs to somebody else.
//!
//! Rights on tables come from default privileges alone. **Nothing here grants on a table that
//! exists**: a split takes such rights away to close a side, and a plan must never open it again.

use super::catalog::{Catalog, DefaultGrant, Object, Role};
use super::scram;
use rerp_crds::names::{RoleNames, Slot};
use std::collections::BTreeSet;

/// What a ServiceDatabase wants in one database of one server.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Name of the database.
    pub database: String,
    /// Name of the schema.
    pub schema: String,
    /// Names of all roles.
    pub roles: RoleNames,
    /// COMMENT that marks roles and schema as ours.
    pub marker: String,
    /// Extensions the database shall have.
    pub extensions: Vec<String>,
    /// The logins in use, and their passwords. The other login of each pair is left as it is, since
    /// pods that haven't noticed a rotation still use it.
    pub logins: Vec<Login>,
    /// Which login of each pair is in use.
    pub slot: Slot,
}

/// A login in use.
#[derive(Clone)]
pub struct Login {
    /// Name of the role.
    pub role: String,
    /// Its password.
    pub password: String,
    /// Random salt, used if the stored verifier has to be replaced.
    pub salt: [u8; scram::SALT],
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("role", &self.role).finish_non_exhaustive()
    }
}

/// One statement, before it is text. Names are unquoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A role without any privilege of its own.
    CreateRole { role: String, login: bool },
    /// The same for a role that exists with other attributes.
    AlterRole { role: String, login: bool },
    /// Marks a role as ours.
    CommentRole { role: String, marker: String },
    /// Makes `member` a member of `role`.
    GrantRole { role: String, member: String },
    /// A setting at login, in every database.
    SetForRole { role: String, setting: Setting, value: String },
    /// Replaces the stored verifier.
    SetVerifier { role: String, verifier: String },
    /// A schema owned by `owner`.
    CreateSchema { schema: String, owner: String },
    /// Marks a schema as ours.
    CommentSchema { schema: String, marker: String },
    /// Lets a role see the objects of a schema.
    GrantUsage { schema: String, role: String },
    /// Rights on every table or sequence that `owner` makes in `schema` from now on.
    DefaultPrivileges { owner: String, schema: String, object: Object, rights: &'static str, role: String },
    /// An extension, in the schema `public`.
    CreateExtension { extension: String },
}

/// Settings that a login role carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Where unqualified names are looked up.
    SearchPath,
    /// The role that statements run as; everything a migration creates belongs to it.
    Role,
}

impl Setting {
    /// The parameter's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SearchPath => "search_path",
            Self::Role => "role",
        }
    }
}

/// Why there is no plan: a person has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The role isn't marked as ours.
    #[error("role {role} belongs to {}", holder(.comment))]
    RoleTaken { role: String, comment: Option<String> },
    /// The schema has another owner, or isn't marked as ours.
    #[error("schema {schema} belongs to role {owner}, marked {}", holder(.comment))]
    SchemaTaken { schema: String, owner: String, comment: Option<String> },
    /// The server lacks the extension's files.
    #[error(
        "extension {extension} isn't available on the server; remove it from spec.extensions or use an image that has it"
    )]
    ExtensionUnavailable { extension: String },
}

fn holder(comment: &Option<String>) -> String {
    comment.as_deref().map_or_else(|| "somebody else (it has no comment of ours)".to_owned(), |c| format!("'{c}'"))
}

impl Wanted {
    /// The search path of all logins. Extensions live in `public`, so it is on the path if there are any.
    pub fn search_path(&self) -> String {
        if self.extensions.is_empty() { self.schema.clone() } else { format!("{}, public", self.schema) }
    }

    /// The app login in use.
    pub fn app_login(&self) -> String {
        self.roles.app_login(self.slot)
    }

    /// The migrate login in use.
    pub fn migrate_login(&self) -> String {
        self.roles.migrate_login(self.slot)
    }

    /// Every role, with whether it logs in and which group it is a member of.
    fn all_roles(&self) -> Vec<(String, bool, Option<String>)> {
        let roles = &self.roles;
        let mut all = vec![
            (roles.owner(), false, None),
            (roles.migrate(), false, Some(roles.owner())),
            (roles.app(), false, None),
            (roles.read(), false, None),
        ];
        for slot in [Slot::A, Slot::B] {
            all.push((roles.app_login(slot), true, Some(roles.app())));
            all.push((roles.migrate_login(slot), true, Some(roles.migrate())));
        }
        all
    }

    /// Names of all roles, for reading the catalog.
    pub fn role_names(&self) -> Vec<String> {
        self.all_roles().into_iter().map(|(name, _, _)| name).collect()
    }
}

/// The statements that turn `catalog` into what is `wanted`, in an order that works.
pub fn plan(wanted: &Wanted, catalog: &Catalog) -> Result<Vec<Statement>, Refusal> {
    let mut statements = Vec::new();
    for (role, login, group) in wanted.all_roles() {
        statements.extend(role_statements(wanted, catalog.roles.get(&role), &role, login, group)?);
    }
    statements.extend(verifiers(wanted, catalog));
    statements.extend(schema_statements(wanted, catalog)?);
    for extension in &wanted.extensions {
        if catalog.extensions.contains(extension) {
            continue;
        }
        if !catalog.available.contains(extension) {
            return Err(Refusal::ExtensionUnavailable { extension: extension.clone() });
        }
        statements.push(Statement::CreateExtension { extension: extension.clone() });
    }
    Ok(statements)
}

/// Existence, attributes, marker, membership and settings of one role.
fn role_statements(
    wanted: &Wanted,
    live: Option<&Role>,
    role: &str,
    login: bool,
    group: Option<String>,
) -> Result<Vec<Statement>, Refusal> {
    let mut statements = Vec::new();
    match live {
        None => {
            statements.push(Statement::CreateRole { role: role.to_owned(), login });
            statements.push(Statement::CommentRole { role: role.to_owned(), marker: wanted.marker.clone() });
        }
        Some(live) if live.comment.as_deref() != Some(&wanted.marker) => {
            return Err(Refusal::RoleTaken { role: role.to_owned(), comment: live.comment.clone() });
        }
        Some(live) if live.login != login || live.privileged => {
            statements.push(Statement::AlterRole { role: role.to_owned(), login });
        }
        Some(_) => {}
    }
    if let Some(group) = group.filter(|group| !live.is_some_and(|live| live.member_of.contains(group))) {
        statements.push(Statement::GrantRole { role: group, member: role.to_owned() });
    }
    if login {
        statements.extend(settings(wanted, live, role));
    }
    Ok(statements)
}

/// Settings of a login role that are missing or different.
fn settings(wanted: &Wanted, live: Option<&Role>, role: &str) -> Vec<Statement> {
    let migrates = [Slot::A, Slot::B].into_iter().any(|slot| wanted.roles.migrate_login(slot) == role);
    let mut settings = vec![(Setting::SearchPath, wanted.search_path())];
    if migrates {
        settings.push((Setting::Role, wanted.roles.owner()));
    }
    let missing = |(setting, value): &(Setting, String)| {
        let line = format!("{}={value}", setting.name());
        !live.is_some_and(|live| live.settings.contains(&line))
    };
    settings
        .into_iter()
        .filter(missing)
        .map(|(setting, value)| Statement::SetForRole { role: role.to_owned(), setting, value })
        .collect()
}

/// Passwords of the logins in use whose stored verifier doesn't fit. One that fits is left alone:
/// a new salt at every pass would be a write at every pass.
fn verifiers(wanted: &Wanted, catalog: &Catalog) -> Vec<Statement> {
    let stored = |role: &str| catalog.roles.get(role).and_then(|role| role.verifier.as_deref());
    wanted
        .logins
        .iter()
        .filter(|login| !stored(&login.role).is_some_and(|stored| scram::fits(stored, &login.password)))
        .map(|login| Statement::SetVerifier {
            role: login.role.clone(),
            verifier: scram::verifier(&login.password, &login.salt),
        })
        .collect()
}

/// The schema, its marker, and rights that don't concern any table that exists.
fn schema_statements(wanted: &Wanted, catalog: &Catalog) -> Result<Vec<Statement>, Refusal> {
    let (schema, owner) = (wanted.schema.clone(), wanted.roles.owner());
    let mut statements = Vec::new();
    let (usage, defaults) = match &catalog.schema {
        None => {
            statements.push(Statement::CreateSchema { schema: schema.clone(), owner: owner.clone() });
            statements.push(Statement::CommentSchema { schema: schema.clone(), marker: wanted.marker.clone() });
            (BTreeSet::new(), BTreeSet::new())
        }
        Some(live) if live.owner != owner => {
            let (owner, comment) = (live.owner.clone(), live.comment.clone());
            return Err(Refusal::SchemaTaken { schema, owner, comment });
        }
        Some(live) => (live.usage.clone(), live.defaults.clone()),
    };
    for role in [wanted.roles.app(), wanted.roles.read()] {
        if !usage.contains(&role) {
            statements.push(Statement::GrantUsage { schema: schema.clone(), role });
        }
    }
    for (grant, rights) in default_grants(&wanted.roles) {
        if !defaults.contains(&grant) {
            let (owner, schema) = (owner.clone(), schema.clone());
            let DefaultGrant { object, grantee: role } = grant;
            statements.push(Statement::DefaultPrivileges { owner, schema, object, rights, role });
        }
    }
    Ok(statements)
}

/// Who gets what on everything the owner will make.
fn default_grants(roles: &RoleNames) -> [(DefaultGrant, &'static str); 3] {
    [
        (DefaultGrant { object: Object::Tables, grantee: roles.app() }, "SELECT, INSERT, UPDATE, DELETE"),
        (DefaultGrant { object: Object::Sequences, grantee: roles.app() }, "USAGE, SELECT"),
        (DefaultGrant { object: Object::Tables, grantee: roles.read() }, "SELECT"),
    ]
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
