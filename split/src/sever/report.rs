//! Severed foreign keys as the status shows them.

use super::compare::KNOWN_LIMIT;
use super::query::list_sql;
use super::rows::{self, Known, Severed, State};
use super::statement::by_hand_sql;
use crate::spec::Side;
use crate::sql;
use crate::status::{Finding, ForeignKey, ForeignKeyState, Severity};
use crate::step::{Job, StepError};

/// The finding that says that children without a parent exist.
pub const ORPHANS: &str = "orphans";
/// The finding that says that a key could not be compared or made again.
const NOTE: &str = "foreign-key-note";

/// What is known about the migration's foreign keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// One entry per key.
    pub keys: Vec<ForeignKey>,
    /// What a person should look at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether a finding is one of this report's, and so replaced by the next one.
    #[must_use]
    pub fn owns(finding: &Finding) -> bool {
        [ORPHANS, NOTE].contains(&finding.id.as_str())
    }
}

/// Reads the journal.
///
/// # Errors
/// The source can't be reached, or its journal not understood.
pub async fn report(job: &Job) -> Result<Report, StepError> {
    let source = job.session(Side::Source, "foreign-key").await?;
    let mut report = Report::default();
    for key in rows::read(&source, job.id()).await? {
        let known = rows::known(&source, job.id(), &key).await?;
        report.findings.extend(findings(job.id(), &key, &known));
        report.keys.push(of(key, known));
    }
    Ok(report)
}

fn of(key: Severed, known: Known) -> ForeignKey {
    let state = match key.state {
        State::Intended => ForeignKeyState::Intended,
        State::Severed => ForeignKeyState::Severed,
        State::Restored => ForeignKeyState::Restored,
    };
    // Before the first comparison nobody knows.
    let orphans = (key.compared_at.is_some() || known.rows > 0).then_some(known.rows);
    ForeignKey {
        name: key.edge.name,
        child: key.edge.child,
        parent: key.edge.parent,
        state,
        severed_at: key.severed_at,
        orphans,
        examples: known.examples,
        tries: key.tries,
        lock_wait_ms: (key.lock_wait_ms * 10.0).round() / 10.0,
    }
}

fn findings(migration: &str, key: &Severed, known: &Known) -> Vec<Finding> {
    let edge = &key.edge;
    let object = format!("{} on {}", sql::ident(&edge.name), edge.child);
    let side = if edge.child_moves && key.state == State::Severed { Side::Target } else { Side::Source };
    let finding = |id: &str, message: String, fix: String| Finding {
        id: id.to_owned(),
        side,
        object: object.clone(),
        message,
        fix,
        severity: Severity::Warning,
    };
    let mut all = Vec::new();
    if known.rows > 0 {
        let shown = if known.examples.is_empty() {
            String::new()
        } else {
            format!(", among them {}", known.examples.join("; "))
        };
        let least = if known.keys >= KNOWN_LIMIT { "at least " } else { "" };
        let message =
            format!("{least}{} rows refer to {} keys that {} doesn't have{shown}", known.rows, known.keys, edge.parent);
        let fix = if key.state == State::Restored {
            format!(
                "{}; repair them, then ALTER TABLE {} VALIDATE CONSTRAINT {}",
                list_sql(edge),
                edge.child,
                sql::ident(&edge.name)
            )
        } else {
            format!(
                "SELECT key, rows FROM rerp_split.orphan WHERE migration = {} AND number = {} on the source lists the keys; \
                 repair the rows of {}",
                sql::literal(migration),
                key.number,
                edge.child
            )
        };
        all.push(finding(ORPHANS, message, fix));
    }
    if let Some(note) = &key.note {
        all.push(finding(NOTE, note.clone(), by_hand_sql(edge)));
    }
    all
}
