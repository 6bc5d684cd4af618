//! Foreign keys between moving and staying tables.

use super::{Check, Findings};
use crate::inspect::{Edge, Inventory};
use crate::order::{self, Link};
use crate::sever::list_sql;
use crate::spec::{ForeignKeySpec, Side};
use crate::sql;

const SIDE: Side = Side::Source;

/// Each key is refused, or shown with what its end means.
pub(super) fn check(findings: &mut Findings, spec: ForeignKeySpec, source: &Inventory) {
    for edge in &source.edges {
        let object = format!("{} on {}", sql::ident(&edge.name), edge.child);
        if spec.severs() && !edge.period {
            severed(findings, edge, &object);
            orphans(findings, edge, object, spec.waive_orphans);
        } else {
            refused(findings, edge, object);
        }
    }
    circle(findings, source);
    for rival in &source.rivals {
        let message = format!(
            "migration {} moves this table or compares its foreign keys ({}): two migrations at both ends of one key would \
             mislead each other",
            rival.migration, rival.name
        );
        findings.fatal(
            Check::KeyOfAnotherMigration,
            SIDE,
            &rival.table,
            message,
            "wait until that migration has ended",
        );
    }
}

/// A schema that is in a circle of keys can't come after all that it refers to.
fn circle(findings: &mut Findings, source: &Inventory) {
    let links: Vec<Link> = source.links.iter().filter(|link| !link.severed).cloned().collect();
    let circle = order::circle(&source.schema, &links);
    if circle.len() < 2 {
        return;
    }
    let inside = |link: &&Link| circle.contains(&*link.child_schema) && circle.contains(&*link.parent_schema);
    let keys: Vec<String> = links.iter().filter(inside).map(Link::words).collect();
    let schemas: Vec<&str> = circle.iter().copied().collect();
    let message = format!(
        "these schemas refer to each other in a circle: none comes after all that it refers to, and any of them may move first ({})",
        keys.join("; ")
    );
    let fix = "nothing, if that is meant; drop the keys of one direction if not";
    findings.warn(Check::ForeignKeyCircle, SIDE, schemas.join(", "), message, fix);
}

fn refused(findings: &mut Findings, edge: &Edge, object: String) {
    let drop = format!("ALTER TABLE {} DROP CONSTRAINT {}", edge.child, sql::ident(&edge.name));
    let message = format!("a foreign key between a moving and a staying table: it refers to {}", edge.parent);
    if edge.period {
        let message = format!("{message}, and one with a PERIOD can't be compared across databases");
        return findings.fatal(Check::ForeignKey, SIDE, object, message, drop);
    }
    let fix = format!(
        "{drop}; or set foreignKeys.acrossDomains to Sever (--foreign-keys sever): it is dropped right before the cutover, \
         compared across the databases from then on, and made again by an abort"
    );
    findings.fatal(Check::ForeignKey, SIDE, object, message, fix);
}

fn severed(findings: &mut Findings, edge: &Edge, object: &str) {
    let mut lost = Vec::new();
    for (event, action) in [("ON DELETE", &edge.on_delete), ("ON UPDATE", &edge.on_update)] {
        if !["NO ACTION", "RESTRICT"].contains(&action.as_str()) {
            lost.push(format!("{event} {action}"));
        }
    }
    let lost =
        if lost.is_empty() { String::new() } else { format!(", and {} has no effect any more", lost.join(", ")) };
    let message = format!(
        "will be severed: from then on nothing refuses children without a parent in {}, or a parent's end{lost}",
        edge.parent
    );
    let fix = "let the service that owns the child do what the key did, when the other one tells of a parent's end";
    findings.warn(Check::ForeignKeySevered, SIDE, object, message, fix);
}

fn orphans(findings: &mut Findings, edge: &Edge, object: String, waived: bool) {
    let Some(found) = edge.orphans.as_ref().filter(|found| found.rows > 0) else { return };
    let shown =
        if found.examples.is_empty() { String::new() } else { format!(", among them {}", found.examples.join("; ")) };
    let message = format!("{} rows have no parent in {} already{shown}", found.rows, edge.parent);
    let list = list_sql(edge);
    if waived {
        findings.warn(Check::Orphans, SIDE, object, message, list);
    } else {
        let fix = format!("{list}; repair these rows, or set foreignKeys.waiveOrphans (--waive-orphans)");
        findings.fatal(Check::Orphans, SIDE, object, message, fix);
    }
}
