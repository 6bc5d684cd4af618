//! What a person sees of a split under way. In: the migration's status and the load's report. Out: lines of text. Pure but for [`Screen`].

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use serde_json::Value;

use super::traffic::Load;
use crate::progress::{bytes, elapsed, note};

/// One look at the split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Phase and lag.
    head: String,
    /// One line per table.
    tables: Vec<String>,
    /// The traffic.
    load: String,
    /// What has to differ for a new line on something that isn't a terminal.
    change: String,
}

impl Frame {
    /// What the `migration` of a service and `load` say after `time`.
    pub(super) fn of(service: &str, migration: &Value, load: Option<&Load>, time: Duration) -> Self {
        let status = &migration["status"];
        let phase = status["phase"].as_str().unwrap_or("Pending");
        let tables = status["tables"].as_array().map(Vec::as_slice).unwrap_or_default();
        let states: Vec<String> =
            tables.iter().map(|t| format!("{} {}", text(&t["name"]), text(&t["state"]))).collect();
        Self {
            head: format!("{service:<10} {phase:<16}{}{}", lag(&status["replication"]), elapsed(time)),
            tables: tables.iter().map(table).collect(),
            load: load.map(traffic).unwrap_or_default(),
            change: format!("{service} {phase} {}", states.join(" ")),
        }
    }

    fn lines(&self) -> Vec<&str> {
        let tables = self.tables.iter().map(String::as_str);
        [self.head.as_str()]
            .into_iter()
            .chain(tables)
            .chain([self.load.as_str()])
            .filter(|line| !line.is_empty())
            .collect()
    }
}

fn lag(replication: &Value) -> String {
    match replication["lagBytes"].as_u64() {
        Some(lag) => format!("lag {:<12}", bytes(lag)),
        None => String::new(),
    }
}

fn table(status: &Value) -> String {
    let (rows, total) = (count(&status["rows"]), count(&status["total"]));
    let eta = status["etaSeconds"].as_u64().map(|s| format!("{s} s left")).unwrap_or_default();
    let line = format!(
        "  {:<24}{:<11}{:>10} of {:<10}{:>10}  {eta}",
        text(&status["name"]),
        text(&status["state"]),
        thousands(rows),
        // The estimate of the statistics may be behind the truth.
        thousands(total.max(rows)),
        bytes(count(&status["bytes"])),
    );
    line.trim_end().to_owned()
}

fn traffic(load: &Load) -> String {
    let failed = if load.failed == 0 { "none failed".to_owned() } else { format!("{} FAILED", load.failed) };
    format!("  traffic                 {} requests, {:.0}/s, {failed}", thousands(load.total), load.rate_held)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// `1,234,567`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Redraws frames on a terminal; elsewhere writes a frame when something changed, and the first line now and then.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: bool,
    drawn: usize,
    change: String,
    quiet: u32,
}

/// Frames without change after which a line says that all is well.
const QUIET: u32 = 10;

impl Screen {
    /// A screen on standard error.
    pub(super) fn new() -> Self {
        Self { terminal: stderr().is_terminal(), drawn: 0, change: String::new(), quiet: 0 }
    }

    /// Shows the frame.
    pub(super) fn show(&mut self, frame: &Frame) {
        if self.terminal {
            self.redraw(frame);
        } else if frame.change != self.change {
            self.change.clone_from(&frame.change);
            self.quiet = 0;
            note(frame.lines().join("\n"));
        } else {
            self.quiet += 1;
            if self.quiet.is_multiple_of(QUIET) {
                note(format!("{}  {}", frame.head, frame.load.trim_start()));
            }
        }
    }

    fn redraw(&mut self, frame: &Frame) {
        let mut text = String::new();
        if self.drawn > 0 {
            text.push_str(&format!("\x1b[{}A", self.drawn));
        }
        let lines = frame.lines();
        for line in &lines {
            text.push_str(&format!("\x1b[2K    {line}\n"));
        }
        // A terminal that went away has nobody to show anything to.
        let _ = stderr().write_all(text.as_bytes());
        self.drawn = lines.len().max(self.drawn);
        for _ in lines.len()..self.drawn {
            let _ = stderr().write_all(b"\x1b[2K\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn migration(phase: &str, state: &str) -> Value {
        json!({ "status": { "phase": phase, "replication": { "lagBytes": 2048, "slot": "s" }, "tables": [
            { "name": "email_addresses", "rows": 120_000, "bytes": 12_300_000, "total": 437_000, "state": state, "etaSeconds": 8 }] } })
    }

    #[test]
    fn a_frame_tells_phase_rows_bytes_lag_and_time_left() {
        let frame = Frame::of("identity", &migration("Copy", "Copying"), None, Duration::from_secs(14));
        let text = frame.lines().join("\n");
        for part in [
            "identity",
            "Copy ",
            "lag 2.0 kB",
            "14.0 s",
            "email_addresses",
            "120,000 of 437,000",
            "12.3 MB",
            "8 s left",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn only_phases_and_states_make_a_new_line() {
        let change =
            |phase, state, s| Frame::of("identity", &migration(phase, state), None, Duration::from_secs(s)).change;
        assert_eq!(change("Copy", "Copying", 1), change("Copy", "Copying", 9));
        assert_ne!(change("Copy", "Copying", 1), change("Copy", "Copied", 1));
        assert_ne!(change("Copy", "Copied", 1), change("CatchUp", "Copied", 1));
        assert_eq!(Frame::of("identity", &json!({}), None, Duration::ZERO).lines().len(), 1);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
