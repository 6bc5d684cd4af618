//! Who else has to do with the moving tables, and would go on as if they had stayed.

use super::{Check, Findings};
use crate::inspect::{Inventory, Tie};
use crate::spec::Side;
use crate::sql;

const SIDE: Side = Side::Source;

/// Everybody on the source, and names that are taken on both sides.
pub(super) fn check(findings: &mut Findings, owner: &str, source: &Inventory, target: &Inventory) {
    for tie in &source.neighbours.publications {
        publication(findings, tie);
    }
    for Tie { object, with, .. } in &source.neighbours.subscriptions {
        let message = format!("writes into {with}: it would go on after the switch, past rights and guards");
        let fix = format!("DROP SUBSCRIPTION {}", sql::ident(object));
        findings.fatal(Check::SubscribedTable, SIDE, object, message, fix);
    }
    for tie in &source.neighbours.owned {
        owned(findings, owner, tie);
    }
    for inventory in [source, target] {
        inventory.neighbours.taken.iter().for_each(|tie| taken(findings, inventory.side, tie));
    }
}

fn publication(findings: &mut Findings, Tie { kind, object, with }: &Tie) {
    let name = sql::ident(object);
    let (what, fix) = match kind.as_str() {
        "table" => (with.as_str(), format!("ALTER PUBLICATION {name} DROP TABLE {with}")),
        "tables" => (with.as_str(), format!("ALTER PUBLICATION {name} DROP TABLE …")),
        "schema" => ("the schema", "make it on the target, too, and have its subscribers follow".to_owned()),
        _ => ("every table", "make it on the target, too, and have its subscribers follow".to_owned()),
    };
    let message = format!("publishes {what}: its subscribers hear nothing more of what moves");
    findings.warn(Check::OtherPublication, SIDE, object, message, fix);
}

/// What runs with the rights of somebody from whom the switch takes nothing.
fn owned(findings: &mut Findings, owner: &str, Tie { kind, object, with }: &Tie) {
    let to = sql::ident(owner);
    if kind == "view" {
        let message = format!("belongs to {with}, who keeps every right: after the switch it would serve stale rows");
        findings.fatal(Check::ViewOwner, SIDE, object, message, format!("ALTER VIEW {object} OWNER TO {to}"));
    } else {
        let message =
            format!("runs with the rights of {with}, on the target with the owner's; here it would read stale rows");
        findings.warn(Check::DefinerOwner, SIDE, object, message, format!("ALTER ROUTINE {object} OWNER TO {to}"));
    }
}

fn taken(findings: &mut Findings, side: Side, Tie { kind, object, .. }: &Tie) {
    let name = sql::ident(object);
    let message =
        format!("a {kind} with this migration's name, which its journal doesn't know: the migration would take it");
    let drop = match kind.as_str() {
        "slot" => format!("SELECT pg_drop_replication_slot({})", sql::literal(object)),
        "subscription" => format!(
            "ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}"
        ),
        _ => format!("DROP {} {name}", kind.to_uppercase()),
    };
    // Roles and slots are the whole server's: they may be those of a migration at work in another of its databases.
    let fix =
        format!("give the migration another name (--migration); or, if no migration in any database uses it: {drop}");
    findings.fatal(Check::NameTaken, side, object, message, fix);
}
