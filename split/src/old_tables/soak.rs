//! Whether the old tables have been quiet for long enough. Pure.
//!
//! In: the spec, what is remembered, a look at the server's counters. Out: what to do next. A counter that can't be trusted counts
//! as one that has risen.

use super::memory::{Counters, Look, Memory, Quiet};
use crate::spec::CleanupSpec;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// When a backup that came to nothing is tried again: it reads and writes all of the tables.
const AGAIN: Duration = Duration::from_secs(600);
/// More tables than this aren't named in one sentence.
const NAMED: usize = 3;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Take a backup; why the one that is there won't do.
    BackUp(Option<String>),
    /// They are quiet from now on; what has disturbed them before, if anything has.
    Begin(Option<Disturbance>),
    /// Nothing, until then.
    Wait(Timestamp),
    /// They may be dealt with.
    Remove,
}

/// What has made the wait begin anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// In words.
    pub what: String,
    /// The tables that were used.
    pub tables: Vec<String>,
}

/// What to do next.
#[must_use]
pub fn next(spec: &CleanupSpec, memory: &Memory, look: &Look) -> Next {
    // Where somebody else has dropped all of them there is nothing to keep.
    if let Some(file) = spec.file().filter(|_| !look.counters.is_empty()) {
        let stale = match &memory.backup {
            Some(backup) if backup.file == *file && same_writes(&backup.look, look) => None,
            Some(_) => Some(Some("the backup is no longer what the old tables are".to_owned())),
            None => Some(None),
        };
        if let Some(stale) = stale {
            let again = memory.refused.map(|refused| later(refused.at, AGAIN));
            return again.filter(|again| look.at < *again).map_or(Next::BackUp(stale), Next::Wait);
        }
    }
    let Some(quiet) = &memory.quiet else { return Next::Begin(None) };
    if let Some(disturbance) = disturbance(&quiet.look, look) {
        return Next::Begin(Some(disturbance));
    }
    let until = until(spec, quiet);
    if look.at < until { Next::Wait(until) } else { Next::Remove }
}

/// When they may be dealt with: once all of the wait has passed since they are quiet.
#[must_use]
pub fn until(spec: &CleanupSpec, quiet: &Quiet) -> Timestamp {
    later(quiet.since, spec.after())
}

fn later(time: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether nobody has written since, as far as the counters tell.
#[must_use]
pub fn same_writes(before: &Look, now: &Look) -> bool {
    lost(before, now).is_none() && grown(before, now, |counters| counters.writes).is_empty()
}

/// What has happened between two looks. A table that is gone disturbs nobody.
fn disturbance(before: &Look, now: &Look) -> Option<Disturbance> {
    if let Some(why) = lost(before, now) {
        return Some(Disturbance { what: why.to_owned(), tables: Vec::new() });
    }
    let written = grown(before, now, |counters| counters.writes);
    let read = grown(before, now, |counters| counters.reads);
    let (tables, verb) = if written.is_empty() { (read, "read") } else { (written, "written to") };
    (!tables.is_empty()).then(|| Disturbance { what: format!("{} {verb}", named(&tables)), tables })
}

/// Why nothing can be told from the counters.
fn lost(before: &Look, now: &Look) -> Option<&'static str> {
    if !now.counted {
        return Some("the source counts nothing: track_counts is off");
    }
    if before.reset != now.reset {
        return Some("the source's counters were reset, or lost in a crash");
    }
    let fell = |(name, then): (&String, &Counters)| {
        now.counters.get(name).is_some_and(|now| now.reads < then.reads || now.writes < then.writes)
    };
    before.counters.iter().any(fell).then_some("the source has lost some of its counters")
}

fn grown(before: &Look, now: &Look, of: impl Fn(&Counters) -> i64) -> Vec<String> {
    let more = |(name, counters): &(&String, &Counters)| of(counters) > before.counters.get(*name).map_or(0, &of);
    now.counters.iter().filter(more).map(|(name, _)| name.clone()).collect()
}

/// `a, b, c and 4 more were`.
fn named(tables: &[String]) -> String {
    let shown = tables.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match tables.len() {
        1 => format!("{shown} was"),
        all if all > NAMED => format!("{shown} and {} more were", all - NAMED),
        _ => format!("{shown} were"),
    }
}

#[cfg(test)]
#[path = "soak_tests.rs"]
mod tests;
