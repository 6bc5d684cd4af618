//! What is in the way of renaming or dropping the old tables, told by name and before it is tried.
//!
//! In: a session of the source, the old tables. Out: findings, all fatal. Nothing is locked for longer than a look at catalogs.

use super::memory::Old;
use super::name::moved;
use crate::spec::{CleanupPolicy, Side};
use crate::sql;
use crate::status::{Finding, Severity, Status};
use crate::step::{Job, StepError, failed};
use jiff::Timestamp;
use std::collections::BTreeMap;
use tokio_postgres::GenericClient;

/// Somebody has taken the guard off an old table, or has given it another name or schema.
pub const CHANGED: &str = "old-table-changed";
/// What stays needs an old table.
pub const NEEDED: &str = "old-table-needed";
/// The name that an old table is to get is taken.
pub const NAME: &str = "old-table-name";
/// The server counts nothing.
pub const UNCOUNTED: &str = "old-table-uncounted";
/// The backup can't be written, doesn't hold what the old tables hold, or isn't there any more.
pub const BACKUP: &str = "old-table-backup";
/// The comparison before the switch has left rows out.
pub const SAMPLED: &str = "old-table-sampled";

const STATE: &str = "SELECT c.oid, format('%I.%I', n.nspname, c.relname), n.nspname = $2 AND c.relkind IN ('r', 'p'), c.relname::text, \
        EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = c.oid AND p.proname = 'guard' \
                AND p.pronamespace = 'rerp_split'::regnamespace AND t.tgenabled IN ('O', 'A')) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY($1::oid[]) ORDER BY c.oid";

/// What would keep `DROP TABLE` without `CASCADE` from working: whatever depends on a table, its row type, its keys or a sequence
/// that it owns, and isn't part of a table that goes itself.
const DEPENDENTS: &str = r"
WITH going AS (SELECT unnest($1::oid[]) AS oid),
owned AS (SELECT d.objid AS oid FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    AND d.refobjid IN (SELECT oid FROM going)),
part AS (
  SELECT oid FROM going UNION ALL SELECT oid FROM owned
  UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM going)),
referred AS (
  SELECT 'pg_class'::regclass::oid AS classid, oid FROM part
  UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid IN (SELECT oid FROM going)
  UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typrelid IN (SELECT oid FROM going)
  UNION ALL SELECT 'pg_type'::regclass, typarray FROM pg_type WHERE typrelid IN (SELECT oid FROM going) AND typarray <> 0),
dependent AS (SELECT DISTINCT d.classid, d.objid, d.objsubid FROM pg_depend d
  JOIN referred r ON r.classid = d.refclassid AND r.oid = d.refobjid WHERE d.deptype = 'n'),
hosted AS (SELECT *, CASE classid
    WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite WHERE oid = objid)
    WHEN 'pg_constraint'::regclass THEN (SELECT nullif(conrelid, 0) FROM pg_constraint WHERE oid = objid)
    WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = objid)
    WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = objid)
    WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = objid)
    WHEN 'pg_class'::regclass THEN objid END AS host FROM dependent)
SELECT DISTINCT CASE classid WHEN 'pg_rewrite'::regclass THEN pg_describe_object('pg_class'::regclass, host, 0)
  ELSE pg_describe_object(classid, objid, objsubid) END
FROM hosted WHERE host IS NULL OR host NOT IN (SELECT oid FROM part) ORDER BY 1";

/// Relations and types of one schema share their names; array types make way.
const TAKEN: &str = "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relname = ANY($2::text[]) \
    UNION SELECT typname::text FROM pg_type WHERE typnamespace = to_regnamespace($1) AND typname = ANY($2::text[]) \
      AND typcategory <> 'A' ORDER BY 1";

/// What is in the way now.
///
/// # Errors
/// A catalog can't be read.
pub(super) async fn find<C: GenericClient + Sync>(
    job: &Job,
    client: &C,
    old: &[Old],
    moved_at: Timestamp,
) -> Result<Vec<Finding>, StepError> {
    let action = "look for what needs the old tables";
    let oids: Vec<u32> = old.iter().map(|old| old.oid).collect();
    let schema = &job.spec.source.schema;
    let rows = client.query(STATE, &[&oids, schema]).await.map_err(failed(action))?;
    let state = rows.iter().map(|row| State {
        oid: row.get(0),
        object: row.get(1),
        in_place: row.get(2),
        name: row.get(3),
        closed: row.get(4),
    });
    let mut findings = changed(old, state);
    match job.spec.cleanup.policy {
        CleanupPolicy::Keep => {}
        CleanupPolicy::Drop => {
            let rows = client.query(DEPENDENTS, &[&oids]).await.map_err(failed(action))?;
            findings.extend(rows.iter().map(|row| needed(row.get(0))));
        }
        CleanupPolicy::Rename => {
            let names = new_names(old, moved_at);
            let wanted: Vec<&str> = names.values().map(String::as_str).collect();
            let rows = client.query(TAKEN, &[&sql::ident(schema), &wanted]).await.map_err(failed(action))?;
            let taken: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            findings.extend(collisions(schema, &names, &taken));
        }
    }
    Ok(findings)
}

/// What each table is to be called.
pub(super) fn new_names(old: &[Old], moved_at: Timestamp) -> BTreeMap<String, String> {
    old.iter().map(|old| (old.name.clone(), moved(&old.name, moved_at))).collect()
}

/// An old table as it is now.
struct State {
    oid: u32,
    object: String,
    in_place: bool,
    name: String,
    closed: bool,
}

/// A table that is gone is nobody's any more; one that has changed is perhaps somebody's again.
fn changed(old: &[Old], now: impl Iterator<Item = State>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for state in now {
        let Some(known) = old.iter().find(|old| old.oid == state.oid) else { continue };
        let (message, fix) = if !state.in_place || state.name != known.name {
            let message = format!("it was called {} when its rows moved: whoever changed that may need it", known.name);
            (message, "give it its name and schema back, drop it yourself, or keep the old tables")
        } else if !state.closed {
            let message = "its guard is gone or disabled: whoever opened it may use it".to_owned();
            (message, "close it again, or keep the old tables")
        } else {
            continue;
        };
        findings.push(finding(CHANGED, state.object, message, fix.to_owned()));
    }
    findings
}

fn needed(object: &str) -> Finding {
    let message = "it stays and depends on an old table, which is therefore not dropped".to_owned();
    finding(NEEDED, object.to_owned(), message, format!("drop or change {object}"))
}

fn collisions(schema: &str, names: &BTreeMap<String, String>, taken: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (table, name) in names {
        let twice = names.iter().any(|(other, same)| other != table && same == name);
        if !twice && !taken.contains(name) {
            continue;
        }
        let why = if twice { "another old table's, too" } else { "taken" };
        let fix = format!("rename or drop {}, or rename the old table yourself", sql::qualified(schema, name));
        findings.push(finding(NAME, sql::qualified(schema, table), format!("its new name {name} is {why}"), fix));
    }
    findings
}

/// Nobody can tell whether the old tables are used.
pub(super) fn uncounted() -> Finding {
    let message =
        "it is off, for the server, the database or a role: nobody can tell whether the old tables are used".to_owned();
    let fix = "switch it on, and take it away from the database and from roles: ALTER DATABASE … RESET track_counts, ALTER ROLE …";
    finding(UNCOUNTED, "track_counts".to_owned(), message, fix.to_owned())
}

/// What isn't on the target could be in the old tables only, and nobody has looked.
pub(crate) fn sampled(job: &Job, status: &Status) -> Option<Finding> {
    let drops = job.spec.cleanup.policy == CleanupPolicy::Drop;
    let seen = status.verification.as_ref().filter(|seen| drops && seen.left_out.is_some())?;
    let message = format!(
        "before the switch about {:.1} % of the rows were compared: old tables are dropped only if all were",
        seen.percent()
    );
    let fix =
        "keep or rename them: --cleanup keep or rename, spec.cleanup.policy Keep or Rename of a DatabaseSplitMigration";
    Some(finding(SAMPLED, job.spec.source.schema.clone(), message, fix.to_owned()))
}

/// A finding about the backup.
pub(crate) fn backup(object: &str, message: String, fix: &str) -> Finding {
    finding(BACKUP, object.to_owned(), message, fix.to_owned())
}

/// Whether a finding is one of these.
#[must_use]
pub fn owns(finding: &Finding) -> bool {
    [CHANGED, NEEDED, NAME, UNCOUNTED, BACKUP, SAMPLED].contains(&finding.id.as_str())
}

fn finding(id: &str, object: String, message: String, fix: String) -> Finding {
    Finding { id: id.to_owned(), side: Side::Source, object, message, fix, severity: Severity::Fatal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old() -> Vec<Old> {
        vec![Old { oid: 1, name: "a".into() }, Old { oid: 2, name: "b".into() }]
    }

    fn state(oid: u32, name: &str, in_place: bool, closed: bool) -> State {
        State { oid, object: format!("app.{name}"), in_place, name: name.into(), closed }
    }

    #[test]
    fn what_somebody_has_changed_is_perhaps_his_again() {
        let found = |state: State| changed(&old(), std::iter::once(state)).into_iter().map(|one| one.message).next();
        assert_eq!(found(state(1, "a", true, true)), None);
        assert!(found(state(1, "a", true, false)).unwrap().contains("guard"));
        assert!(found(state(2, "kept", true, true)).unwrap().contains("called b"));
        assert!(found(state(2, "b", false, true)).unwrap().contains("called b"), "another schema");
        assert_eq!(changed(&old(), std::iter::empty()).len(), 0, "gone");
    }

    #[test]
    fn a_name_that_is_taken_or_wanted_twice_is_told() {
        let names = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        let told = |found: Vec<Finding>| found.into_iter().map(|one| one.object).collect::<Vec<_>>();
        assert!(collisions("app", &names(&[("a", "x"), ("b", "y")]), &[]).is_empty());
        assert_eq!(told(collisions("app", &names(&[("a", "x"), ("b", "y")]), &["y".into()])), ["\"app\".\"b\""]);
        assert_eq!(told(collisions("app", &names(&[("a", "x"), ("b", "x")]), &[])).len(), 2);
    }
}
