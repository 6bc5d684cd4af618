//! Answers of the server as events.
//!
//! In: a statement and what the server said to it. Out: the event that `step` decides on. It keeps no state. An answer
//! that lacks what it must hold counts as a failure, never as a success.

use super::stmt::{Closing, Event, Fate, Sequence, Side, Stmt};
use crate::journal;
use std::str::FromStr;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, SimpleQueryMessage, SimpleQueryRow};

/// All rows of all statements of one simple query.
pub(super) struct Rows(Vec<SimpleQueryRow>);

impl Rows {
    /// Keeps the rows.
    pub(super) fn of(messages: Vec<SimpleQueryMessage>) -> Self {
        let row = |message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None };
        Self(messages.into_iter().filter_map(row).collect())
    }

    /// The rows that have a column of this name.
    fn with(&self, column: &str) -> impl Iterator<Item = &SimpleQueryRow> {
        self.0.iter().filter(move |row| row.columns().iter().any(|found| found.name() == column))
    }

    /// The first value in a column of this name; none if there is no such row or the value is NULL.
    fn text(&self, column: &str) -> Option<&str> {
        let row = self.0.iter().find(|row| row.columns().iter().any(|found| found.name() == column))?;
        value(row, column)
    }

    fn parse<T: FromStr>(&self, column: &str) -> Option<T> {
        self.text(column)?.parse().ok()
    }

    fn flag(&self, column: &str) -> Option<bool> {
        self.text(column).map(|text| text == "t")
    }

    /// Whether a column of this name has come back at all.
    fn has(&self, column: &str) -> bool {
        self.with(column).next().is_some()
    }
}

fn value<'a>(row: &'a SimpleQueryRow, column: &str) -> Option<&'a str> {
    row.try_get(column).ok().flatten()
}

/// The event for a successful statement.
pub(super) fn success(stmt: &Stmt, rows: &Rows) -> Event {
    let answer = match stmt {
        Stmt::ReadSource | Stmt::ReadTarget => owner(rows),
        Stmt::ReadWish { .. } => wish(rows),
        Stmt::P5Quiet
        | Stmt::F5Look(_)
        | Stmt::F9Open(_)
        | Stmt::F10Slot
        | Stmt::F10Enable { .. }
        | Stmt::TakeOpen(_) => rows.flag("answer").map(yes_or_no),
        Stmt::F10Stop { .. } => Some(Event::Stopped(rows.text("lsn").map(str::to_owned))),
        Stmt::F4Check => check(rows),
        Stmt::F1Begin { .. } | Stmt::TakeBegin { .. } => closing(rows),
        Stmt::F2Arm(_) | Stmt::TakeArm(_) => Some(if rows.has("epoch") { Event::Done } else { Event::Refused }),
        Stmt::F5Token | Stmt::P5RoundTrip => rows.parse("token").map(Event::Token),
        Stmt::F6Read => sequences(rows),
        Stmt::F7Flush { .. } => Some(yes_or_no(rows.has("lsn"))),
        Stmt::F8Status(_) => Some(Event::Fate(fate(rows.text("fate")))),
        Stmt::F9Proof | Stmt::TakeProof => Some(Event::Proof(rows.parse("proof"))),
        _ => Some(Event::Done),
    };
    answer.unwrap_or(Event::Failed)
}

/// The event for a failed statement. Without a code there was no answer; the end of the server or of the session
/// (57P01 and its kin, class 08) may have come after the statement had done its work.
pub(super) fn failure(stmt: &Stmt, error: &Error) -> Event {
    let Some(code) = error.code() else { return Event::Lost };
    let busy = [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED, SqlState::T_R_DEADLOCK_DETECTED];
    match code {
        _ if journal::is_superseded(error) => Event::Superseded,
        _ if code.code().starts_with("57P") || code.code().starts_with("08") => Event::Lost,
        code if *stmt == Stmt::F3Lock && busy.contains(code) => Event::LockTimeout,
        _ => Event::Failed,
    }
}

fn yes_or_no(yes: bool) -> Event {
    if yes { Event::Yes } else { Event::No }
}

fn owner(rows: &Rows) -> Option<Event> {
    if !rows.has("epoch") {
        return Some(Event::Owner(None));
    }
    let (epoch, is_owner, armed) = (rows.parse("epoch")?, rows.flag("is_owner")?, rows.flag("is_armed")?);
    Some(Event::Owner(Some(Side { epoch, is_owner, armed })))
}

/// No wish means that nobody has said that the service is prepared.
fn wish(rows: &Rows) -> Option<Event> {
    let flag = |column| rows.flag(column).unwrap_or(false);
    Some(Event::Wish { abort: flag("abort"), prepared: flag("services_prepared") })
}

fn check(rows: &Rows) -> Option<Event> {
    let published = rows.flag("answer")?;
    let same = !rows.has("schema_same") || rows.flag("schema_same")?;
    Some(yes_or_no(published && same))
}

fn closing(rows: &Rows) -> Option<Event> {
    if !rows.has("hash") {
        return Some(Event::Refused);
    }
    let (hash, xid) = (rows.text("hash")?.to_owned(), rows.text("xid")?.to_owned());
    Some(Event::Closing(Closing { epoch: rows.parse("epoch")?, hash, pid: rows.parse("pid")?, xid }))
}

fn sequences(rows: &Rows) -> Option<Event> {
    let one = |row: &SimpleQueryRow| {
        Some(Sequence {
            name: value(row, "name")?.to_owned(),
            last: value(row, "last_value")?.parse().ok()?,
            called: value(row, "is_called")? == "t",
            increment: value(row, "seqincrement")?.parse().ok()?,
        })
    };
    rows.with("seqincrement").map(one).collect::<Option<Vec<_>>>().map(Event::Sequences)
}

fn fate(text: Option<&str>) -> Fate {
    match text {
        Some("committed") => Fate::Committed,
        Some("aborted") => Fate::Aborted,
        Some("in progress") => Fate::InProgress,
        _ => Fate::Unknown,
    }
}
