//! What connects the moving tables with the rest of the source, and what the target has to have.

use super::{Check, Findings};
use crate::fence::CutoverConfig;
use crate::inspect::{Dependent, Inventory, Sequence, Tie};
use crate::spec::{Side, Spec};
use crate::sql;
use std::collections::BTreeSet;

/// Edges on the source.
pub(super) fn source(findings: &mut Findings, source: &Inventory) {
    let side = Side::Source;
    for dependent in &source.dependents {
        dependents(findings, dependent);
    }
    for mention in &source.mentions {
        findings.warn(
            Check::Mention,
            side,
            &mention.function,
            format!("the text of a function that stays mentions {}", mention.table),
            "see whether it still works once the table has moved",
        );
    }
    for stranded in &source.around.stranded {
        let Tie { kind, object, with } = stranded;
        let message = format!("this {kind} is made on the target with the tables, and needs {with}, which stays");
        let fix = match kind.as_str() {
            "function" | "procedure" | "aggregate" => format!(
                "name {with} among the tables; or ALTER ROUTINE {object} SET SCHEMA … (one that stays, from where it is called then); \
                 or, if nobody calls it: DROP ROUTINE {object}"
            ),
            _ => format!("name {with} among the tables, or take the {kind} away"),
        };
        findings.fatal(Check::NeedsStayingTable, side, object, message, fix);
    }
    unsupported(findings, source);
    sequences(findings, source);
    shared_sequences(findings, source);
    event_triggers(findings, source, "doesn't move, and fires for the migration's own statements");
}

fn event_triggers(findings: &mut Findings, inventory: &Inventory, what: &str) {
    for trigger in &inventory.server.event_triggers {
        let fix = format!("ALTER EVENT TRIGGER {} DISABLE", sql::ident(trigger));
        findings.warn(Check::EventTrigger, inventory.side, trigger, format!("an event trigger {what}"), fix);
    }
}

fn dependents(findings: &mut Findings, dependent: &Dependent) {
    let Dependent { kind, identity, table, moves } = dependent;
    let message = if *moves {
        format!("a {kind} that moves reads {table}, which stays")
    } else {
        format!("a {kind} that stays reads {table}: after the move it would serve stale rows")
    };
    let drop = match kind.as_str() {
        "function" => "FUNCTION",
        "materialized view" => "MATERIALIZED VIEW",
        _ => "VIEW",
    };
    findings.fatal(Check::Dependent, Side::Source, identity, message, format!("DROP {drop} {identity}"));
}

/// Relations of a schema that moves as a whole, but can't.
fn unsupported(findings: &mut Findings, source: &Inventory) {
    if source.only_some {
        return;
    }
    for other in &source.others {
        let name = sql::qualified(&source.schema, &other.name);
        match other.kind.as_str() {
            "m" => findings.fatal(
                Check::MaterializedView,
                Side::Source,
                &name,
                "contents of a materialized view aren't replicated",
                format!("DROP MATERIALIZED VIEW {name}, and create it again after the move"),
            ),
            "f" => findings.fatal(
                Check::ForeignTable,
                Side::Source,
                &name,
                "a foreign table's rows are elsewhere",
                format!("DROP FOREIGN TABLE {name}"),
            ),
            _ => {}
        }
    }
}

fn sequences(findings: &mut Findings, source: &Inventory) {
    for sequence in &source.sequences {
        let name = sql::qualified(&sequence.schema, &sequence.name);
        if sequence.schema != source.schema {
            findings.fatal(
                Check::SequenceElsewhere,
                Side::Source,
                &name,
                "a moving column draws from a sequence of another schema, which stays",
                format!("ALTER SEQUENCE {name} SET SCHEMA {}", sql::ident(&source.schema)),
            );
        } else if sequence.unlogged {
            findings.fatal(
                Check::Unlogged,
                Side::Source,
                &name,
                "an unlogged sequence may fall back after a crash",
                format!("ALTER SEQUENCE {name} SET LOGGED"),
            );
        }
        nearly_exhausted(findings, sequence, &name);
    }
}

/// The switch sets the target's sequence ahead by a margin.
fn nearly_exhausted(findings: &mut Findings, sequence: &Sequence, name: &str) {
    let Some(left) = sequence.left else { return };
    let limit = if sequence.falls { "NO MINVALUE" } else { "NO MAXVALUE" };
    let fix = format!("ALTER SEQUENCE {name} AS bigint {limit}");
    let message = format!("{left} values are left, and its columns may not hold more");
    if left <= CutoverConfig::SEQUENCE_MARGIN {
        let message = format!("{message}: the switch sets it {} ahead", CutoverConfig::SEQUENCE_MARGIN);
        findings.fatal(Check::SequenceExhausted, Side::Source, name, message, fix);
    } else if left < sequence.values / 10 {
        findings.warn(Check::SequenceExhausted, Side::Source, name, message, fix);
    }
}

/// The switch takes a moving sequence from the service, and so from whoever inserts into the staying table. Nobody may insert between
/// the reading of one position and the first value of the other, or that value is drawn twice.
fn shared_sequences(findings: &mut Findings, source: &Inventory) {
    for draw in &source.around.draws {
        let table = sql::qualified(&draw.schema, &draw.table);
        let column = sql::ident(&draw.column);
        // `…_seq` is what a serial column's is called.
        let own = sql::qualified(&draw.schema, &format!("{}_{}_own_seq", draw.table, draw.column));
        let message = format!("{table}.{column}, which stays, draws from this sequence, which moves");
        let fix = format!(
            "BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; CREATE SEQUENCE {own}; ALTER SEQUENCE {own} OWNER TO {owner}; \
             ALTER SEQUENCE {own} OWNED BY {table}.{column}; SELECT setval({name}, nextval({from})); \
             ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT nextval({name}); \
             GRANT USAGE ON SEQUENCE {own} TO …; COMMIT",
            owner = sql::ident(&draw.owner),
            name = sql::literal(&own),
            from = sql::literal(&draw.sequence)
        );
        findings.fatal(Check::SequenceShared, Side::Source, &draw.sequence, message, fix);
    }
}

/// What the target must have and must not have.
pub(super) fn target(findings: &mut Findings, spec: &Spec, source: &Inventory, target: &Inventory) {
    let side = Side::Target;
    if spec.source.schema != spec.target.schema {
        findings.fatal(
            Check::SchemaName,
            side,
            &spec.target.schema,
            format!(
                "logical replication finds tables by name: the target's schema must be called {}",
                spec.source.schema
            ),
            format!(
                "ALTER SCHEMA {} RENAME TO {}; then name it so",
                sql::ident(&spec.target.schema),
                sql::ident(&spec.source.schema)
            ),
        );
    }
    if let Some(first) = target.contents.first() {
        findings.fatal(
            Check::TargetNotEmpty,
            side,
            first,
            format!(
                "the target schema holds {} objects already, which the migration must not overwrite",
                target.contents.len()
            ),
            format!("DROP SCHEMA {} CASCADE, if nobody needs them", sql::ident(&target.schema)),
        );
    }
    let owner = &spec.target.roles.owner;
    if target.schema_owner.as_ref().is_some_and(|present| present != owner) {
        findings.fatal(
            Check::SchemaOwner,
            side,
            &target.schema,
            "the tables are created by the owner role, which doesn't own the target schema",
            format!("ALTER SCHEMA {} OWNER TO {}", sql::ident(&target.schema), sql::ident(owner)),
        );
    }
    event_triggers(findings, target, "fires for the migration's own statements");
    needs(findings, source, target);
    collation(findings, source, target);
}

fn needs(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let mut extensions = BTreeSet::new();
    for need in &source.needs {
        match (&need.extension, &need.extension_schema) {
            (Some(name), schema) => {
                extensions.insert((name.clone(), schema.clone().unwrap_or_default()));
            }
            // Sequences have a check of their own.
            (None, _) if need.kind == "sequence" => {}
            (None, _) if !target.objects.contains(&format!("{} {}", need.kind, need.identity)) => findings.fatal(
                Check::OutsideDependency,
                Side::Target,
                &need.identity,
                format!("a moving object needs this {}, which the target doesn't have", need.kind),
                format!("create the {} {} on the target, or move it into the schema", need.kind, need.identity),
            ),
            _ => {}
        }
    }
    for (name, schema) in extensions {
        extension(findings, source, target, &name, &schema);
    }
}

fn extension(findings: &mut Findings, source: &Inventory, target: &Inventory, name: &str, schema: &str) {
    let create = format!("CREATE EXTENSION {} SCHEMA {}", sql::ident(name), sql::ident(schema));
    let version = |inventory: &Inventory| {
        inventory.server.extensions.iter().find(|extension| extension.name == name).cloned().unwrap_or_default()
    };
    let (from, to) = (version(source), version(target));
    if to.name.is_empty() {
        let message = "moving objects use this extension, which the target doesn't have";
        findings.fatal(Check::Extension, Side::Target, name, message, create);
    } else if to.schema != schema {
        let message = format!("the extension is in schema {} here and in {schema} on the source", to.schema);
        let fix = format!("ALTER EXTENSION {} SET SCHEMA {}", sql::ident(name), sql::ident(schema));
        findings.fatal(Check::Extension, Side::Target, name, message, fix);
    } else if from.version != to.version {
        let message = format!("version {} here, {} on the source", to.version, from.version);
        let fix = format!("ALTER EXTENSION {} UPDATE", sql::ident(name));
        findings.warn(Check::ExtensionVersion, Side::Target, name, message, fix);
    }
}

/// Indexes are built anew, so nothing is lost: but queries may sort differently.
fn collation(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    if source.server.collation != target.server.collation {
        findings.warn(
            Check::Collation,
            Side::Target,
            &target.server.database,
            format!("text sorts by {} here and by {} on the source", target.server.collation, source.server.collation),
            "create the target database with the same locale provider, LC_COLLATE and LC_CTYPE",
        );
    }
}
