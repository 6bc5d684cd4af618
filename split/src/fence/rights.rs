//! The SQL about the service's rights: what it has, what it will have, and taking them away.
//!
//! In: schema, tables, sequences and roles of one side. Out: SQL text. `rerp_split.open` grants what is written down here.

use super::config::CutoverConfig;
use super::render::role_list;
use crate::spec::{Roles, SideSpec};
use crate::sql::{literal, qualified};

/// Writes down what the service's roles have on the source, exactly: columns and grant options included.
pub(super) fn declare_source(cfg: &CutoverConfig) -> String {
    let schema = literal(&cfg.source.schema);
    let roles = literals(all_roles(&cfg.source.roles));
    let relations = literals(cfg.tables.iter().chain(&cfg.sequences).map(String::as_str));
    format!(
        "SELECT rerp_split.hold_owner({id}, true);
         INSERT INTO rerp_split.declared (migration, schema_name) VALUES ({id}, {schema}) ON CONFLICT DO NOTHING;
         DELETE FROM rerp_split.rights WHERE schema_name = {schema};
         WITH moving AS (
             SELECT c.oid, c.relname, c.relowner, c.relacl,
                 (CASE c.relkind WHEN 'S' THEN 'S' ELSE 'r' END)::\"char\" AS kind
             FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname = {schema} AND c.relname IN ({relations}) AND c.relkind IN ('r', 'p', 'S')),
         granted AS (
             SELECT m.kind, m.relname, '' AS column_name, a.* FROM moving AS m, aclexplode(coalesce(m.relacl,
                 acldefault((CASE m.kind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", m.relowner))) AS a
             UNION ALL
             SELECT m.kind, m.relname, t.attname, a.* FROM moving AS m
             JOIN pg_attribute AS t ON t.attrelid = m.oid AND t.attacl IS NOT NULL, aclexplode(t.attacl) AS a)
         INSERT INTO rerp_split.rights (schema_name, kind, relation, column_name, role_name, privilege, grantable)
         SELECT {schema}, g.kind, g.relname, g.column_name, r.rolname, g.privilege_type, bool_or(g.is_grantable)
         FROM granted AS g JOIN pg_roles AS r ON r.oid = g.grantee WHERE r.rolname IN ({roles})
         GROUP BY g.kind, g.relname, g.column_name, r.rolname, g.privilege_type",
        id = literal(&cfg.migration)
    )
}

/// Writes down what the service's roles will have on the target, by what each is for, and takes whatever they have now:
/// nobody may write there early, or read what isn't complete. Where this side has owned before, it will be what they had then.
pub(super) fn close_target(cfg: &CutoverConfig) -> String {
    let (id, schema) = (literal(&cfg.migration), literal(&cfg.target.schema));
    let new = format!(
        "NOT EXISTS (SELECT FROM rerp_split.declared AS d WHERE d.migration = {id} AND d.schema_name = {schema})"
    );
    let mut sql = format!(
        "SELECT rerp_split.hold_owner({id}, false); DELETE FROM rerp_split.rights WHERE schema_name = {schema} AND {new}"
    );
    let mut declare = |kind: &str, relations: &[String], rights: &[(&str, &str)]| {
        for (role, privilege) in rights {
            for relation in relations {
                sql.push_str(&format!(
                    "; INSERT INTO rerp_split.rights (schema_name, kind, relation, role_name, privilege)
                     SELECT {schema}, '{kind}', {}, {}, '{privilege}' WHERE {new} ON CONFLICT DO NOTHING",
                    literal(relation),
                    literal(role)
                ));
            }
        }
    };
    let rights = table_rights(&cfg.target.roles);
    let (unnamed, named): (Vec<_>, Vec<_>) = cfg.tables.iter().cloned().partition(|table| cfg.unnamed.contains(table));
    declare("r", &named, &rights);
    // Policies of the table above don't hold for who names a partition: nobody gets there a right that he hasn't had.
    declare("r", &unnamed, &rights[..1]);
    declare("r", &cfg.views, &table_rights(&cfg.target.roles));
    declare("S", &cfg.sequences, &sequence_rights(&cfg.target.roles));
    sql.push_str("; ");
    sql.push_str(&revoke(&cfg.target, &cfg.tables, &cfg.sequences));
    sql
}

/// Takes every right away from the service's roles, SELECT included: nobody should read what is out of date. The owner
/// loses its own too; it could give them back, which is why there are guards as well.
pub(super) fn revoke(side: &SideSpec, tables: &[String], sequences: &[String]) -> String {
    let from = role_list(&side.roles);
    let list = |names: &[String]| {
        let all: Vec<String> = names.iter().map(|name| qualified(&side.schema, name)).collect();
        all.join(", ")
    };
    let mut sql = format!("REVOKE ALL ON TABLE {} FROM {from} CASCADE", list(tables));
    if !sequences.is_empty() {
        sql.push_str(&format!("; REVOKE ALL ON SEQUENCE {} FROM {from} CASCADE", list(sequences)));
    }
    sql
}

/// Migrating roles are members of the owner and need nothing of their own.
fn table_rights(roles: &Roles) -> Vec<(&str, &'static str)> {
    let mut rights = vec![(roles.owner.as_str(), "ALL")];
    for role in roles.app.iter().filter(|role| **role != roles.owner) {
        rights.extend(["SELECT", "INSERT", "UPDATE", "DELETE"].map(|privilege| (role.as_str(), privilege)));
    }
    for role in roles.read.iter().filter(|role| **role != roles.owner) {
        rights.push((role.as_str(), "SELECT"));
    }
    rights
}

fn sequence_rights(roles: &Roles) -> Vec<(&str, &'static str)> {
    let mut rights = vec![(roles.owner.as_str(), "ALL")];
    for role in roles.app.iter().filter(|role| **role != roles.owner) {
        rights.extend(["USAGE", "SELECT"].map(|privilege| (role.as_str(), privilege)));
    }
    rights
}

fn all_roles(roles: &Roles) -> impl Iterator<Item = &str> {
    std::iter::once(roles.owner.as_str()).chain(roles.service())
}

fn literals<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(literal).collect::<Vec<_>>().join(", ")
}
