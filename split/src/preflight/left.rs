//! What doesn't go over with the tables, or means something else there: said, never passed over in silence.

use super::{Check, Findings};
use crate::inspect::{Column, Inventory, Tie};
use crate::spec::Side;
use crate::sql;

const SIDE: Side = Side::Source;
/// Types whose values are names of objects of this database.
const NAMES: [&str; 11] = [
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
];
/// Types whose values come from this server's own counting.
const COUNTS: [&str; 7] = ["cid", "pg_lsn", "pg_snapshot", "tid", "txid_snapshot", "xid", "xid8"];

/// Everything of that kind on the source.
pub(super) fn check(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    large_objects(findings, source);
    for table in &source.tables {
        let name = sql::qualified(&source.schema, &table.name);
        table.columns.iter().for_each(|column| values(findings, &name, column));
    }
    relations(findings, source);
    for tie in &source.around.rights {
        rights(findings, tie);
    }
    for tie in &source.around.languages {
        language(findings, target, tie);
    }
}

/// A column that may point to them has a check of its own.
fn large_objects(findings: &mut Findings, source: &Inventory) {
    let pointed_to = source.tables.iter().flat_map(|table| &table.columns).any(|column| column.large_object);
    if source.large_objects && !pointed_to {
        let message = "the database has large objects, which no stream carries; no moving column has the type oid or lo, \
                       but a number may stand for one as well";
        let fix = "see whether what moves refers to them, and keep their bytes in a bytea column; \
                   lo_unlink(…) what nobody needs";
        findings.warn(Check::LargeObjectsLeft, SIDE, &source.server.database, message, fix);
    }
}

fn values(findings: &mut Findings, table: &str, column: &Column) {
    let base = column.type_name.trim_end_matches("[]");
    let (check, message) = if NAMES.contains(&base) {
        (
            Check::NameColumn,
            "values are names of this database's objects: one that the target doesn't have can't be copied",
        )
    } else if COUNTS.contains(&base) {
        (Check::CountColumn, "values are this server's own count of transactions or of WAL: the target begins another")
    } else {
        return;
    };
    let name = sql::ident(&column.name);
    let kind = if base == column.type_name { "text" } else { "text[]" };
    let fix = format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE {kind}");
    findings.warn(check, SIDE, format!("{table}.{name}"), message, fix);
}

fn relations(findings: &mut Findings, source: &Inventory) {
    let around = &source.around;
    for Tie { object, with, .. } in &around.extension_tables {
        let message = format!("belongs to the extension {with}: its rows stay");
        let fix = format!(
            "nothing, if its rows are the extension's own; if they are yours: ALTER EXTENSION {} DROP TABLE {object}",
            sql::ident(with)
        );
        findings.warn(Check::ExtensionTable, SIDE, object, message, fix);
    }
    for Tie { object, with, .. } in &around.invalid_indexes {
        let message = format!("an index of {with} that is invalid, or still being built, isn't made on the target");
        let fix = format!("REINDEX INDEX CONCURRENTLY {object}; or DROP INDEX CONCURRENTLY {object}");
        findings.warn(Check::InvalidIndex, SIDE, object, message, fix);
    }
    for Tie { kind, object, with } in &around.tablespaces {
        let message = format!("lies in the tablespace {with}, and on the target in the database's own");
        let fix = format!(
            "nothing, if the target's disk will do; to know before (it writes everything anew under an ACCESS EXCLUSIVE lock): \
             ALTER {kind} {object} SET TABLESPACE pg_default"
        );
        findings.warn(Check::Tablespace, SIDE, object, message, fix);
    }
    for Tie { kind, object, with } in &around.labels {
        let message = format!("the security label of {with} on this {kind} doesn't move");
        let fix = "set it on the target before the switch: SECURITY LABEL FOR … ON … IS …";
        findings.warn(Check::SecurityLabel, SIDE, object, message, fix);
    }
}

/// The target gives rights on tables and sequences only.
fn rights(findings: &mut Findings, Tie { kind, object, with }: &Tie) {
    let (message, fix) = if kind == "view" {
        let grant = with.replacen(" TO ", &format!(" ON {object} TO "), 1);
        (
            format!("rights on a view don't move: without {with} the target would refuse it"),
            format!("on the target, once the view is made and before the switch: GRANT {grant}"),
        )
    } else {
        let revoke = format!("REVOKE EXECUTE ON ROUTINE {object} FROM PUBLIC");
        (
            format!("rights on a function don't move ({with}): on the target everybody may execute it"),
            format!("on the target, once it is made and before the switch: {revoke}, and GRANT as here"),
        )
    };
    findings.warn(Check::RightsLeft, SIDE, object, message, fix);
}

fn language(
    findings: &mut Findings,
    target: &Inventory,
    Tie { kind: extension, object: language, with: function }: &Tie,
) {
    if target.server.languages.contains(language) {
        return;
    }
    let message = format!("moving functions are written in this language ({function}), which the target doesn't have");
    let fix = if extension.is_empty() {
        format!("CREATE LANGUAGE {} …", sql::ident(language))
    } else {
        format!("CREATE EXTENSION {}", sql::ident(extension))
    };
    findings.fatal(Check::Language, Side::Target, language, message, fix);
}
