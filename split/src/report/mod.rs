//! Status and findings as text for a person.

use crate::spec::CleanupPolicy;
use crate::status::{
    Cleanup, CopyStatus, Cutover, Finding, ForeignKey, Rehearsal, Replication, Severity, Status, TableStatus,
    Verification, WayBack,
};
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
    for line in [
        status.copy.as_ref().map(copy),
        status.replication.as_ref().map(stream),
        status.verification.as_ref().map(compared),
        status.rehearsal.as_ref().map(rehearsal),
        status.cutover.as_ref().map(cutover),
        status.rollback.as_ref().map(rollback),
        status.way_back.as_ref().map(way_back),
        status.evidence.as_ref().and_then(|seen| seen.closed.as_ref()).map(|why| format!("no switch: {why}")),
        status.cleanup.as_ref().map(old_tables),
    ] {
        text.extend(line.map(|line| line + "\n"));
    }
    text + &foreign_keys(&status.foreign_keys) + &findings(&status.findings)
}

/// How far one table is, as a line.
#[must_use]
pub fn table(table: &TableStatus) -> String {
    let of = if table.total > 0 { format!(" of {}", table.total) } else { String::new() };
    let left = table.eta_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s left"));
    let bytes = of_bytes(table.bytes, table.total_bytes);
    format!("{}: {:?}, {}{of} rows, {bytes}{left}", table.name, table.state, table.rows)
}

/// How far the copy of all tables is, as a line.
#[must_use]
pub fn copy(copy: &CopyStatus) -> String {
    let rate = |word: &str, rate: Option<u64>| rate.map_or_else(String::new, |rate| format!("{word}{}/s", size(rate)));
    let left = copy.eta_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s left"));
    let writers = copy.writer_latency_ms.map_or_else(String::new, |ms| format!(", a commit there takes {ms:.1} ms"));
    let bytes = of_bytes(copy.bytes, copy.total_bytes);
    let (fast, bound) = (rate(", ", copy.bytes_per_second), rate(", bounded to ", copy.max_bytes_per_second));
    format!("copied: {bytes}{fast}{bound}{left}{writers}")
}

fn of_bytes(bytes: u64, total: u64) -> String {
    if total > 0 { format!("{} of {}", size(bytes), size(total)) } else { size(bytes) }
}

/// How far behind the target is, as a line.
#[must_use]
pub fn stream(stream: &Replication) -> String {
    let token = stream.token_ms.map_or_else(String::new, |ms| format!(", a token takes {ms:.1} ms"));
    let (lag, kept) = (size(stream.lag_bytes), size(stream.retained_wal_bytes));
    format!("stream: {lag} behind{token}, {kept} of WAL kept by {}{}", stream.slot, room(stream))
}

/// What room is left for WAL, if that is known.
fn room(stream: &Replication) -> String {
    let Some(room) = stream.wal_room_bytes else { return String::new() };
    let left = stream.wal_seconds_left.map_or_else(String::new, |seconds| format!(", used up in {seconds} s"));
    let rate = stream.wal_bytes_per_second.map_or_else(String::new, |rate| format!(", {}/s are written", size(rate)));
    format!("; room for {} more{rate}{left}", size(room))
}

/// How much has been compared, as a line.
#[must_use]
pub fn compared(seen: &Verification) -> String {
    let about = if seen.left_out.is_some() { "about " } else { "" };
    let (percent, differ) = (seen.percent(), seen.mismatches);
    format!("compared: {} rows in {} chunks ({about}{percent:.1} %), {differ} differ", seen.rows, seen.chunks)
}

/// What the switch was like, as a line.
#[must_use]
pub fn cutover(cutover: &Cutover) -> String {
    turn("switched", cutover)
}

/// What a rehearsal predicts, as a line.
#[must_use]
pub fn rehearsal(rehearsal: &Rehearsal) -> String {
    let Rehearsal { number, at, attempts, .. } = rehearsal;
    let ms = |value: Option<f64>| value.unwrap_or_default();
    match &rehearsal.failed {
        Some(why) => format!("rehearsal {number} failed at {at}, after {attempts} attempts: {why}"),
        None => format!(
            "rehearsal {number} at {at} predicts a pause of {:.1} ms: writers waited {:.1} ms (locks {:.1}, drain {:.1}, sequences {:.1}), \
             {attempts} attempts",
            ms(rehearsal.predicted_pause_ms),
            ms(rehearsal.held_ms),
            ms(rehearsal.lock_wait_ms),
            ms(rehearsal.drain_ms),
            ms(rehearsal.sequence_ms)
        ),
    }
}

/// What the switch back was like, as a line.
#[must_use]
pub fn rollback(rollback: &Cutover) -> String {
    turn("switched back", rollback)
}

/// Whether the data can change hands once more, as a line.
#[must_use]
pub fn way_back(way: &WayBack) -> String {
    let why = way.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let kept = way.replication.as_ref().map_or_else(String::new, |way| format!("; {}", stream(way)));
    let can = if way.possible { "can" } else { "can't" };
    format!("the data {can} change hands once more{why}{kept}")
}

/// What is to become of the old tables, or has, as a line.
#[must_use]
pub fn old_tables(old: &Cleanup) -> String {
    let verb = match old.policy {
        CleanupPolicy::Keep => "kept",
        CleanupPolicy::Rename => "renamed",
        CleanupPolicy::Drop => "dropped",
    };
    let kept = old.backup.as_ref().map_or_else(String::new, |file| format!("; backup in {file}"));
    match (old.done_at, old.quiet_since, old.until) {
        (Some(at), ..) => format!("old tables: {verb} at {at:.0}{kept}"),
        (None, Some(since), Some(until)) => {
            let anew = old.disturbed.as_ref().map_or_else(String::new, |what| format!("; the wait began anew: {what}"));
            format!("old tables: quiet since {since:.0}, to be {verb} after {until:.0}{anew}{kept}")
        }
        _ => format!("old tables: to be {verb}, not looked at yet{kept}"),
    }
}

fn turn(what: &str, cutover: &Cutover) -> String {
    let longest = cutover.longest_wait_ms.map_or_else(String::new, |ms| format!(", longest wait of all {ms:.1} ms"));
    format!(
        "{what} at {} (epoch {}): writers waited {:.1} ms (locks {:.1}, drain {:.1}, sequences {:.1}), {} attempts{longest}",
        cutover.at,
        cutover.epoch,
        cutover.write_pause_ms,
        cutover.lock_wait_ms,
        cutover.drain_ms,
        cutover.sequence_ms,
        cutover.attempts
    )
}

/// Bytes in the largest unit that leaves something before the point.
#[must_use]
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
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
            of_bytes(entry.bytes, entry.total_bytes),
            entry.eta_seconds.map_or_else(String::new, |seconds| format!("{seconds} s")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Side;

    #[test]
    fn sizes_have_a_unit() {
        let all = [0, 999, 1_000, 1_550_000, 7_000_000_000, 2_500_000_000_000].map(size);
        assert_eq!(all, ["0 B", "999 B", "1.0 kB", "1.6 MB", "7.0 GB", "2.5 TB"]);
    }

    #[test]
    fn how_long_copy_and_wal_will_do_is_said_where_it_is_known() {
        let known = CopyStatus {
            bytes: 1_000,
            total_bytes: 4_000,
            bytes_per_second: Some(500),
            eta_seconds: Some(6),
            max_bytes_per_second: Some(2_000),
            writer_latency_ms: Some(1.5),
        };
        let text = "copied: 1.0 kB of 4.0 kB, 500 B/s, bounded to 2.0 kB/s, 6 s left, a commit there takes 1.5 ms";
        assert_eq!(copy(&known), text);
        assert_eq!(copy(&CopyStatus::default()), "copied: 0 B");
        let slot = Replication { slot: "s".into(), ..Replication::default() };
        assert_eq!(stream(&slot), "stream: 0 B behind, 0 B of WAL kept by s");
        let tight = Replication {
            wal_room_bytes: Some(3_000),
            wal_bytes_per_second: Some(1_000),
            wal_seconds_left: Some(3),
            ..slot
        };
        let text =
            "stream: 0 B behind, 0 B of WAL kept by s; room for 3.0 kB more, 1.0 kB/s are written, used up in 3 s";
        assert_eq!(stream(&tight), text);
    }

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
