//! The only place that renders SQL. In: statements and names. Out: text with every identifier and
//! literal quoted. Must not: decide anything.

use super::catalog::Object;
use super::plan::{Setting, Statement};
use std::fmt::Write;

/// Serialises plans on one server: two that run at once would collide on shared catalog rows.
pub const LOCK: &str = "SELECT pg_advisory_xact_lock(7310010112)";

/// Keeps what follows in this transaction out of the server's log, whatever its settings are.
/// The verifier isn't the password, but it is enough to guess at.
pub const QUIET: &str = "SET LOCAL log_statement = 'none'; SET LOCAL log_min_error_statement = 'panic'; \
     SET LOCAL log_min_duration_statement = -1";

/// Whether a database exists. Parameter: its name.
pub const DATABASE_EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)";

/// Roles by name. Parameter: names. Columns as `exec::role` reads them.
pub const ROLES: &str = "SELECT a.rolname::text, pg_catalog.shobj_description(a.oid, 'pg_authid'), a.rolcanlogin, \
       a.rolsuper OR a.rolcreatedb OR a.rolcreaterole OR a.rolreplication OR a.rolbypassrls, a.rolpassword, \
       coalesce((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = a.oid AND s.setdatabase = 0), '{}'), \
       coalesce((SELECT array_agg(g.rolname::text) FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid \
                 WHERE m.member = a.oid), '{}') \
     FROM pg_catalog.pg_authid a WHERE a.rolname = ANY($1)";

/// A schema by name. Columns: owner, comment, roles with USAGE.
pub const SCHEMA: &str = "SELECT pg_catalog.pg_get_userbyid(n.nspowner)::text, pg_catalog.obj_description(n.oid, 'pg_namespace'), \
       coalesce((SELECT array_agg(pg_catalog.pg_get_userbyid(x.grantee)::text) FROM pg_catalog.aclexplode(n.nspacl) x \
                 WHERE x.privilege_type = 'USAGE' AND x.grantee <> 0), '{}') \
     FROM pg_catalog.pg_namespace n WHERE n.nspname = $1";

/// Default privileges of a role in a schema. Parameters: role, schema. Columns: kind of object, grantee.
pub const DEFAULTS: &str = "SELECT DISTINCT d.defaclobjtype::text, pg_catalog.pg_get_userbyid(x.grantee)::text \
     FROM pg_catalog.pg_default_acl d, pg_catalog.aclexplode(d.defaclacl) x \
     WHERE d.defaclrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1) \
       AND d.defaclnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $2) AND x.grantee <> 0";

/// Extensions. Columns: name, whether it is installed here.
pub const EXTENSIONS: &str =
    "SELECT name::text, installed_version IS NOT NULL FROM pg_catalog.pg_available_extensions WHERE name = ANY($1)";

/// An identifier, always in quotes.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal that reads the same with any `standard_conforming_strings`.
pub fn literal(text: &str) -> String {
    let escaped = text.replace('\'', "''");
    if escaped.contains('\\') { format!(" E'{}'", escaped.replace('\\', "\\\\")) } else { format!("'{escaped}'") }
}

/// `CREATE DATABASE`, which no transaction may hold.
pub fn create_database(name: &str) -> String {
    format!("CREATE DATABASE {}", ident(name))
}

/// The text of one statement.
pub fn render(statement: &Statement) -> String {
    match statement {
        Statement::CreateRole { role, login } => format!("CREATE ROLE {} {}", ident(role), attributes(*login)),
        Statement::AlterRole { role, login } => format!("ALTER ROLE {} {}", ident(role), attributes(*login)),
        Statement::CommentRole { role, marker } => format!("COMMENT ON ROLE {} IS {}", ident(role), literal(marker)),
        Statement::GrantRole { role, member } => format!("GRANT {} TO {}", ident(role), ident(member)),
        Statement::SetForRole { role, setting, value } => {
            format!("ALTER ROLE {} SET {} TO {}", ident(role), setting.name(), setting_value(*setting, value))
        }
        Statement::SetVerifier { role, verifier } => {
            format!("ALTER ROLE {} PASSWORD {}", ident(role), literal(verifier))
        }
        Statement::CreateSchema { schema, owner } => {
            format!("CREATE SCHEMA {} AUTHORIZATION {}", ident(schema), ident(owner))
        }
        Statement::CommentSchema { schema, marker } => {
            format!("COMMENT ON SCHEMA {} IS {}", ident(schema), literal(marker))
        }
        Statement::GrantUsage { schema, role } => format!("GRANT USAGE ON SCHEMA {} TO {}", ident(schema), ident(role)),
        Statement::DefaultPrivileges { owner, schema, object, rights, role } => format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT {rights} ON {} TO {}",
            ident(owner),
            ident(schema),
            objects(*object),
            ident(role)
        ),
        Statement::CreateExtension { extension } => {
            format!("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public", ident(extension))
        }
    }
}

/// The statement as a person may see it: without what protects a password.
pub fn redacted(statement: &Statement) -> String {
    match statement {
        Statement::SetVerifier { role, .. } => format!("ALTER ROLE {} PASSWORD '…'", ident(role)),
        other => render(other),
    }
}

/// All attributes, so that a role altered by hand comes back to having none.
fn attributes(login: bool) -> &'static str {
    if login {
        "LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    } else {
        "NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    }
}

/// A list of names for `search_path`, one name for the rest.
fn setting_value(setting: Setting, value: &str) -> String {
    match setting {
        Setting::Role => literal(value),
        Setting::SearchPath => {
            let mut list = String::new();
            for name in value.split(", ") {
                let separator = if list.is_empty() { "" } else { ", " };
                // Writing to a String can't fail.
                let _ = write!(list, "{separator}{}", ident(name));
            }
            list
        }
    }
}

fn objects(object: Object) -> &'static str {
    match object {
        Object::Tables => "TABLES",
        Object::Sequences => "SEQUENCES",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_literals_are_quoted() {
        assert_eq!(ident(r#"a"b"#), r#""a""b""#);
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\b"), r" E'a\\b'");
        assert_eq!(setting_value(Setting::SearchPath, "identity, public"), r#""identity", "public""#);
    }

    #[test]
    fn no_verifier_is_shown() {
        let statement = Statement::SetVerifier { role: "a".into(), verifier: "SCRAM-SHA-256$x".into() };
        assert!(!redacted(&statement).contains("SCRAM") && render(&statement).contains("SCRAM"));
    }
}
