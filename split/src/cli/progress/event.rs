//! What a command tells while it works, as data: the lines of `--json`, and the same in words.
//!
//! Names are part of the interface (`docs/rerp-split.md`): fields may be added, none changes its meaning.

use crate::cli::exit::Exit;
use jiff::Timestamp;
use rerp_split::order::Link;
use rerp_split::phase::Phase;
use rerp_split::report;
use rerp_split::spec::{Roles, Side};
use rerp_split::status::{
    Cleanup, CopyStatus, Cutover, Finding, ForeignKey, Rehearsal, Replication, Status, TableStatus, Verification,
    WayBack,
};
use serde::Serialize;

/// Something that has happened or has been found out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Event {
    /// The first one.
    Begin { command: &'static str, version: &'static str },
    /// Nobody named the roles: these are taken.
    Roles(Roles),
    /// The migration is in another phase.
    Phase { phase: Phase, message: String },
    /// The sentence about what is going on has changed.
    Message { phase: Phase, message: String },
    /// How far a table is copied.
    Table(TableStatus),
    /// How far the copy of all tables is, and how fast.
    Copy(CopyStatus),
    /// How far behind the target is.
    Stream(Replication),
    /// How much has been compared.
    Compared(Verification),
    /// A key whose rows differ.
    Mismatch { key: String },
    /// What could not be compared, and why.
    Incomparable { what: String },
    /// What preflight, or the comparison of foreign keys, has found.
    Finding(Finding),
    /// A foreign key between moving and staying tables has another state.
    ForeignKey(ForeignKey),
    /// The switch, whose time is its own.
    Cutover { cutover: Cutover },
    /// A rehearsal of the switch, whose time is its own.
    Rehearsal { rehearsal: Rehearsal },
    /// The switch back, whose time is its own.
    Rollback { rollback: Cutover },
    /// Whether the data can change hands once more.
    WayBack(WayBack),
    /// The old tables: since when they are quiet, until when they are waited for, what has become of them.
    OldTables(Cleanup),
    /// Why the migration can't go on by itself.
    Failure { failure: String },
    /// A statement of the plan.
    Statement { phase: Phase, side: Side, sql: String },
    /// The plan as a whole.
    Plan { plan_hash: String },
    /// An order in which schemas may move, those that refer to each other in circles, and the keys.
    Order { schemas: Vec<String>, circles: Vec<Vec<String>>, links: Vec<Link> },
    /// The whole status, and what the journal knows besides.
    Status {
        name: String,
        #[serde(flatten)]
        status: Box<Status>,
        #[serde(skip_serializing_if = "Option::is_none")]
        advance_to: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        heard_seconds: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source_owns: Option<bool>,
    },
    /// The last one.
    End { exit: Exit, code: u8, message: String },
}

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    #[serde(skip_serializing_if = "str::is_empty")]
    migration: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

impl Event {
    /// The line, without its end.
    ///
    /// # Errors
    /// None that is known: every field has a form in JSON.
    pub(crate) fn line(&self, migration: &str, at: Timestamp) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Line { at, migration, event: self })
    }

    /// The same for a person; none for what stands in the result anyway.
    pub(crate) fn words(&self) -> Option<String> {
        Some(match self {
            Self::Roles(roles) => {
                let list = |names: &[String]| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                let (owner, app, read) = (&roles.owner, list(&roles.app), list(&roles.read));
                format!("roles, by the rights on the source: {owner} owns, {app} reads and writes, {read} reads")
            }
            Self::Phase { phase, message } | Self::Message { phase, message } => format!("{phase}: {message}"),
            Self::Table(table) => report::table(table),
            Self::Copy(copy) => report::copy(copy),
            Self::Stream(stream) => report::stream(stream),
            Self::Compared(seen) => report::compared(seen),
            Self::Finding(finding) => report::findings(std::slice::from_ref(finding)).trim_end().to_owned(),
            Self::ForeignKey(key) => report::foreign_keys(std::slice::from_ref(key)).trim_end().to_owned(),
            Self::Cutover { cutover } => report::cutover(cutover),
            Self::Rehearsal { rehearsal } => report::rehearsal(rehearsal),
            Self::Rollback { rollback } => report::rollback(rollback),
            Self::WayBack(way) => report::way_back(way),
            Self::OldTables(cleanup) => report::old_tables(cleanup),
            Self::Failure { failure } => format!("failure: {failure}"),
            Self::End { message, .. } => message.clone(),
            Self::Begin { .. }
            | Self::Mismatch { .. }
            | Self::Incomparable { .. }
            | Self::Statement { .. }
            | Self::Plan { .. }
            | Self::Order { .. }
            | Self::Status { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_split::status::{Severity, TableState};
    use serde_json::{Value, json};

    fn value(event: &Event) -> Value {
        let line = event.line("m", "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
        assert!(!line.contains('\n'));
        serde_json::from_str(&line).unwrap()
    }

    /// What the document says of each event.
    #[test]
    fn names_are_part_of_the_interface() {
        let at = "2026-01-02T03:04:05Z";
        let table = TableStatus {
            name: "t".into(),
            rows: 1,
            bytes: 2,
            total: 3,
            total_bytes: 5,
            state: TableState::Copying,
            eta_seconds: Some(4),
        };
        let expected = json!({"at": at, "migration": "m", "event": "table", "name": "t", "rows": 1, "bytes": 2, "total": 3,
            "totalBytes": 5, "state": "Copying", "etaSeconds": 4});
        assert_eq!(value(&Event::Table(table)), expected);
        let end = Event::End { exit: Exit::NotVerified, code: 5, message: "x".into() };
        let expected =
            json!({"at": at, "migration": "m", "event": "end", "exit": "not-verified", "code": 5, "message": "x"});
        assert_eq!(value(&end), expected);
        let finding = Finding {
            id: "wal-level".into(),
            side: Side::Source,
            object: "wal_level".into(),
            message: "m".into(),
            fix: "f".into(),
            severity: Severity::Fatal,
        };
        let expected = json!({"at": at, "migration": "m", "event": "finding", "id": "wal-level", "side": "source",
            "object": "wal_level", "message": "m", "fix": "f", "severity": "Fatal"});
        assert_eq!(value(&Event::Finding(finding)), expected);
        let status = Event::Status {
            name: "m".into(),
            status: Box::default(),
            advance_to: Some("Completed".into()),
            heard_seconds: None,
            source_owns: Some(true),
        };
        let expected = json!({"at": at, "migration": "m", "event": "status", "name": "m", "phase": "Pending", "epoch": 0, "tables": [],
            "findings": [], "message": "", "advanceTo": "Completed", "sourceOwns": true});
        assert_eq!(value(&status), expected);
        assert_eq!(value(&Event::Plan { plan_hash: "h".into() })["planHash"], "h");
    }

    #[test]
    fn every_event_is_in_the_document() {
        let document = include_str!("../../../../docs/rerp-split.md");
        for name in [
            "begin",
            "roles",
            "phase",
            "message",
            "table",
            "copy",
            "stream",
            "compared",
            "mismatch",
            "incomparable",
            "finding",
            "foreignKey",
            "cutover",
            "rehearsal",
            "rollback",
            "wayBack",
            "oldTables",
            "failure",
            "statement",
            "plan",
            "order",
            "status",
            "end",
        ] {
            assert!(document.contains(&format!("| `{name}` |")), "{name} is missing in docs/rerp-split.md");
        }
    }
}
