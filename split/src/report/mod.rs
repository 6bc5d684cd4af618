//! Status and findings as text for a person.

use crate::status::{Finding, ForeignKey, Severity, Status};
use comfy_table::{ContentArrangement, Table, presets};
use std::fmt::Write;

/// The whole status: phase, tables, stream, switch, comparison, findings.
#[must_use]
pub fn status(status: &Status) -> String {
    let mut text = format!("{}: {}\n", status.phase, status.message);
    if let Some(failure) = &status.failure {
        let _ = writeln!(text, "failure: {failure}");
    }
    if let Some(hash) = &status.plan_hash {
        let _ = writeln!(text, "plan {hash}");
    }
    if !status.tables.is_empty() {
        let _ = writeln!(text, "{}", tables(status));
    }
    if let Some(stream) = &status.replication {
        let _ = writeln!(
            text,
            "stream: {} B behind, {} B of WAL kept by {}",
            stream.lag_bytes, stream.retained_wal_bytes, stream.slot
        );
    }
    if let Some(seen) = &status.verification {
        let percent = seen.coverage * 100.0;
        let _ = writeln!(
            text,
            "compared: {} rows in {} chunks ({percent:.1} %), {} differ",
            seen.rows, seen.chunks, seen.mismatches
        );
    }
    if let Some(cutover) = &status.cutover {
        let _ = writeln!(
            text,
            "switched at {} (epoch {}): writers waited {:.1} ms (locks {:.1}, drain {:.1}, sequences {:.1}), {} attempts",
            cutover.at,
            cutover.epoch,
            cutover.write_pause_ms,
            cutover.lock_wait_ms,
            cutover.drain_ms,
            cutover.sequence_ms,
            cutover.attempts
        );
    }
    text + &foreign_keys(&status.foreign_keys) + &findings(&status.findings)
}

/// One line per foreign key between moving and staying tables.
#[must_use]
pub fn foreign_keys(keys: &[ForeignKey]) -> String {
    let mut text = String::new();
    for key in keys {
        let orphans = key.orphans.map_or_else(|| "not compared yet".to_owned(), |rows| format!("{rows} orphans"));
        let _ = writeln!(
            text,
            "foreign key {} from {} to {}: {:?}, {orphans}; locked after {} tries, {:.1} ms at most",
            key.name, key.child, key.parent, key.state, key.tries, key.lock_wait_ms
        );
    }
    text
}

/// One paragraph per finding, with what mends it.
#[must_use]
pub fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let severity = if finding.severity == Severity::Fatal { "fatal" } else { "warning" };
        let _ = writeln!(text, "{severity} {} on the {}: {}", finding.id, finding.side, finding.object);
        let _ = writeln!(text, "    {}\n    fix: {}", finding.message, finding.fix);
    }
    text
}

fn tables(status: &Status) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["TABLE", "STATE", "ROWS", "OF", "BYTES", "ETA"]);
    for entry in &status.tables {
        table.add_row([
            entry.name.clone(),
            format!("{:?}", entry.state),
            entry.rows.to_string(),
            entry.total.to_string(),
            entry.bytes.to_string(),
            entry.eta_seconds.map_or_else(String::new, |seconds| format!("{seconds} s")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Side;
    use crate::status::TableStatus;

    #[test]
    fn a_person_sees_what_is_wrong_and_what_mends_it() {
        let mut seen = Status { message: "checking".into(), ..Status::default() };
        seen.tables.push(TableStatus { name: "emails".into(), rows: 7, ..TableStatus::default() });
        seen.findings.push(Finding {
            id: "wal-level".into(),
            side: Side::Source,
            object: "wal_level".into(),
            message: "too low".into(),
            fix: "ALTER SYSTEM …".into(),
            severity: Severity::Fatal,
        });
        let text = status(&seen);
        for part in ["Pending: checking", "emails", "fatal wal-level on the source", "fix: ALTER SYSTEM …"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
