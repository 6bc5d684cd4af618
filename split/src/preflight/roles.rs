//! Whether taking rights away closes a side: roles exist, and none has a way around.

use super::{Check, Findings};
use crate::inspect::{Given, Inventory};
use crate::spec::{Side, Spec};
use crate::sql;

/// Roles and rights of one side.
pub(super) fn check(findings: &mut Findings, spec: &Spec, inventory: &Inventory) {
    let (side, roles) = (inventory.side, &spec.side(inventory.side).roles);
    for role in &inventory.roles {
        let name = sql::ident(&role.name);
        let is_owner = role.name == roles.owner;
        if !role.exists {
            let message = "there is no such role";
            findings.fatal(Check::NoSuchRole, side, &role.name, message, format!("CREATE ROLE {name} NOLOGIN"));
            continue;
        }
        if is_owner && role.login {
            let message = "the owner can log in: an owner gives itself back what is taken from it";
            findings.fatal(Check::OwnerLogin, side, &role.name, message, hand_over(inventory, &role.name));
        }
        // The owner, and who changes the schema as the owner, have it with the schema.
        let through_owner = is_owner || roles.migrate.contains(&role.name);
        if side == Side::Target && !role.enters && !through_owner {
            let message = "may not use the schema: the service would be refused once the tables have moved";
            let fix = format!("GRANT USAGE ON SCHEMA {} TO {name}", sql::ident(&inventory.schema));
            findings.fatal(Check::SchemaUsage, side, &role.name, message, fix);
        }
        // What the role itself has, its members have through it.
        let by_role = |power: &str| role.powers.iter().any(|own| own.member == role.name && own.power == power);
        for power in role.powers.iter().filter(|power| power.member == role.name || !by_role(&power.power)) {
            // Who changes the schema acts as the owner; on a closed side the guard triggers stop it.
            let expected = power.power == roles.owner && through_owner;
            if !expected {
                powerful(findings, side, &power.member, &power.power);
            }
        }
    }
    owners(findings, spec, inventory);
    grants(findings, inventory);
}

/// Statements after which the tables belong to a role that can't log in, and who did own them works on with rights alone.
fn hand_over(inventory: &Inventory, present: &str) -> String {
    let lock = format!("ALTER ROLE {} NOLOGIN", sql::ident(present));
    let owned: Vec<_> = inventory.tables.iter().filter(|table| table.owner == present).collect();
    if inventory.side == Side::Target || owned.is_empty() {
        return lock;
    }
    let (schema, from) = (sql::ident(&inventory.schema), sql::ident(present));
    let owner = sql::ident(&format!("{}_owner", inventory.schema));
    let mut steps = vec![format!("CREATE ROLE {owner} NOLOGIN")];
    if inventory.schema_owner.as_deref() == Some(present) {
        steps.push(format!("ALTER SCHEMA {schema} OWNER TO {owner}"));
    }
    for table in owned {
        let table = sql::qualified(&inventory.schema, &table.name);
        steps.push(format!("ALTER TABLE {table} OWNER TO {owner}"));
        steps.push(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {from}"));
    }
    steps.push(format!("GRANT USAGE ON SCHEMA {schema} TO {from}, {owner}"));
    steps.push(format!("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {from}"));
    format!("{}; then name it as the owner. Or, if nobody logs in as it: {lock}", steps.join("; "))
}

fn powerful(findings: &mut Findings, side: Side, member: &str, power: &str) {
    let name = sql::ident(member);
    let (message, fix) = if power == "superuser" {
        (
            "the service is a superuser: no right can be taken from it".to_owned(),
            format!("ALTER ROLE {name} NOSUPERUSER"),
        )
    } else {
        (
            format!("the service is a member of {power}: taking its own rights away doesn't close a side"),
            format!("REVOKE {} FROM {name}", sql::ident(power)),
        )
    };
    findings.fatal(Check::PowerfulRole, side, member, message, fix);
}

/// The moving tables must belong to the owner role, or the service's login owns them.
fn owners(findings: &mut Findings, spec: &Spec, inventory: &Inventory) {
    if inventory.side == Side::Target {
        return;
    }
    let owner = &spec.source.roles.owner;
    for table in inventory.tables.iter().filter(|table| &table.owner != owner) {
        let name = sql::qualified(&inventory.schema, &table.name);
        let message =
            format!("belongs to {}, not to the owner role: an owner gives itself back what is taken", table.owner);
        let fix = format!("ALTER TABLE {name} OWNER TO {}", sql::ident(owner));
        findings.fatal(Check::TableOwner, inventory.side, &name, message, fix);
    }
}

fn grants(findings: &mut Findings, inventory: &Inventory) {
    if inventory.side == Side::Target {
        return;
    }
    for given in &inventory.neighbours.given {
        given_by_others(findings, inventory, given);
    }
    for grant in &inventory.grants {
        let table = sql::qualified(&inventory.schema, &grant.table);
        let public = grant.grantee == "PUBLIC";
        let from = if public { "PUBLIC".to_owned() } else { sql::ident(&grant.grantee) };
        let object = format!("{from} on {table}");
        let fix = format!("REVOKE {} ON {table} FROM {from}", grant.rights);
        if public || grant.of_service {
            let message =
                format!("has {} beside the service's roles: the service would go on reading stale rows", grant.rights);
            findings.fatal(Check::DirectGrant, inventory.side, object, message, fix);
        } else {
            let message =
                format!("has {}: it can't write once the table has moved, and reads stale rows", grant.rights);
            findings.warn(Check::OtherReader, inventory.side, object, message, fix);
        }
    }
}

/// A REVOKE by the owner takes only what the owner gave. The service's rights are never missing, and who gave them keeps his own.
fn given_by_others(findings: &mut Findings, inventory: &Inventory, given: &Given) {
    let Given { table, grantee, grantor, rights } = given;
    let table = sql::qualified(&inventory.schema, table);
    let (to, by) = (sql::ident(grantee), sql::ident(grantor));
    let message = format!("has {rights} from {grantor}: the switch takes only what the owner gave");
    let fix =
        format!("GRANT {rights} ON {table} TO {to}; REVOKE GRANT OPTION FOR {rights} ON {table} FROM {by} CASCADE");
    findings.fatal(Check::OtherGrantor, inventory.side, format!("{to} on {table}"), message, fix);
}
