//! The tables that move.

use super::{Check, Findings};
use crate::inspect::{Inventory, Table};
use crate::spec::Side;
use crate::sql;

const SIDE: Side = Side::Source;
/// From this share of its age limit on a table is vacuumed against wraparound while it moves.
const FREEZE_PERCENT: i64 = 90;

/// Every check of every moving table.
pub(super) fn check(findings: &mut Findings, source: &Inventory) {
    for other in &source.around.not_tables {
        let message = format!("this is a {}: only tables can be named", other.kind);
        let fix = "leave it out of the list, and make it on the target once the tables have moved";
        findings.fatal(Check::NotATable, SIDE, sql::qualified(&source.schema, &other.object), message, fix);
    }
    let is_other = |name: &String| source.around.not_tables.iter().any(|other| other.object == *name);
    for name in source.missing.iter().filter(|name| !is_other(name)) {
        let object = format!("{}.{name}", source.schema);
        findings.fatal(Check::NoSuchTable, SIDE, object, "there is no such table", "correct the list of tables");
    }
    if source.tables.is_empty() && source.missing.is_empty() {
        let message = "the schema holds no table: nothing would move";
        findings.fatal(Check::NothingToMove, SIDE, &source.schema, message, "correct the name of the schema");
    }
    for table in &source.tables {
        let name = sql::qualified(&source.schema, &table.name);
        tree(findings, table, &name);
        persistence(findings, table, &name);
        // Rows of a partitioned table are told apart by what tells those of their partition apart.
        if table.stores() {
            identity(findings, table, &name);
        }
        triggers(findings, table, &name);
        columns(findings, source, table, &name);
        if table.freeze_percent >= FREEZE_PERCENT {
            let message = "a vacuum against wraparound is due soon, and doesn't give way to the switch as others do";
            findings.warn(Check::Wraparound, SIDE, &name, message, format!("VACUUM (FREEZE) {name}"));
        }
        // Policies move with their tables, and the target's roles have names of their own.
        for role in &table.policy_roles {
            let object = format!("{} on {name}", sql::ident(role));
            let message = "a policy is for a role by name, which the target may not have";
            let fix = format!("ALTER POLICY … ON {name} TO PUBLIC");
            findings.fatal(Check::PolicyRole, SIDE, object, message, fix);
        }
    }
}

/// A login that policies bind would copy, or write, less than there is; both sides refuse rather than do so.
pub(super) fn policies(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let fix = |inventory: &Inventory| format!("ALTER ROLE {} BYPASSRLS", sql::ident(&inventory.server.login));
    for table in &source.tables {
        let name = sql::qualified(&source.schema, &table.name);
        if table.row_security {
            let message = "row level security would hide rows from the copy";
            findings.fatal(Check::RowSecurity, SIDE, &name, message, fix(source));
        }
        if table.forced_policies && !target.server.bypasses_policies {
            let message = "row level security, which binds the owner too, would stop the stream's writes";
            findings.fatal(Check::RowSecurity, Side::Target, &name, message, fix(target));
        }
    }
}

/// A partitioned table moves as a whole: rows go from one partition to another, and whoever reads the whole reads all of them.
fn tree(findings: &mut Findings, table: &Table, name: &str) {
    if table.inherits {
        let message = "it inherits from another table, or another from it: only partitions can move";
        let fix = format!("ALTER TABLE … NO INHERIT …, or make it a partition of {name}");
        findings.fatal(Check::Inheritance, SIDE, name, message, fix);
    }
    for other in &table.torn {
        let message = format!("{other} belongs to the same partitioned table and doesn't move");
        let fix = format!(
            "add {other} to the list of tables; if it is in another schema, or a foreign table: DETACH PARTITION"
        );
        findings.fatal(Check::PartitionTree, SIDE, name, message, fix);
    }
    if let Some(top) = &table.detaching {
        let message = format!(
            "it is being detached from {top}, which has not ended: who reads the whole doesn't read it any more"
        );
        let fix = format!("ALTER TABLE {top} DETACH PARTITION {name} FINALIZE");
        findings.fatal(Check::PartitionTree, SIDE, name, message, fix);
    }
}

fn persistence(findings: &mut Findings, table: &Table, name: &str) {
    if table.persistence == "u" {
        let fix = format!("ALTER TABLE {name} SET LOGGED");
        findings.fatal(Check::Unlogged, SIDE, name, "changes of an unlogged table aren't in the WAL", fix);
    }
}

/// Once published, UPDATE and DELETE on a table without identity fail in the application.
fn identity(findings: &mut Findings, table: &Table, name: &str) {
    let Some(key) = &table.key else {
        let fix = format!("ALTER TABLE {name} ADD PRIMARY KEY (…)");
        let message = "no immediate primary key or identity index: changes and mismatches can't be tied to rows";
        return findings.fatal(Check::NoPrimaryKey, SIDE, name, message, fix);
    };
    let identified = match table.replica_identity.as_str() {
        "d" => key.primary,
        "n" => false,
        _ => true,
    };
    if !identified {
        let fix = if key.primary {
            format!("ALTER TABLE {name} REPLICA IDENTITY DEFAULT")
        } else {
            format!("ALTER TABLE {name} REPLICA IDENTITY USING INDEX {}", sql::ident(&key.index))
        };
        let message = "without a replica identity the application's UPDATE and DELETE fail once it is published";
        findings.fatal(Check::ReplicaIdentity, SIDE, name, message, fix);
    }
    for column in table.columns.iter().filter(|column| !column.generated.is_empty()) {
        if table.identity.contains(&column.name) {
            let object = format!("{name}.{}", sql::ident(&column.name));
            let message =
                "a generated column isn't published, so it can't identify a row; a unique index of others could";
            let fix = format!("ALTER TABLE {name} REPLICA IDENTITY USING INDEX …");
            findings.fatal(Check::GeneratedIdentity, SIDE, object, message, fix);
        }
    }
}

fn triggers(findings: &mut Findings, table: &Table, name: &str) {
    for trigger in table.triggers.iter().filter(|trigger| ["A", "R"].contains(&trigger.enabled.as_str())) {
        let object = format!("{} on {name}", sql::ident(&trigger.name));
        let message = "the trigger would fire again for each row that is copied or replayed";
        let fix = format!("ALTER TABLE {name} ENABLE TRIGGER {}", sql::ident(&trigger.name));
        findings.fatal(Check::TriggerAlways, SIDE, object, message, fix);
    }
    for rule in &table.rules {
        let object = format!("{} on {name}", sql::ident(rule));
        let message = "a rewrite rule sends writes elsewhere than the stream and the fence assume";
        let fix = format!("DROP RULE {} ON {name}", sql::ident(rule));
        findings.fatal(Check::RewriteRule, SIDE, object, message, fix);
    }
}

fn columns(findings: &mut Findings, source: &Inventory, table: &Table, name: &str) {
    for column in table.columns.iter().filter(|column| column.large_object && source.large_objects) {
        let object = format!("{name}.{}", sql::ident(&column.name));
        let message = "the column may point to large objects, which no stream carries";
        let fix = format!("ALTER TABLE {name} ALTER COLUMN {} TYPE bytea USING lo_get(…)", sql::ident(&column.name));
        findings.fatal(Check::LargeObject, SIDE, object, message, fix);
    }
}
