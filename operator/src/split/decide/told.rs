//! What a person is told of where a migration waits. Pure.

use super::super::gather::Observed;
use super::{HELD, LIVE};
use crate::outcome::Outcome;
use rerp_crds::Reason;
use rerp_split::journal::Wish;
use rerp_split::phase::Phase;
use rerp_split::spec::Side;
use rerp_split::status::Status;

/// What whoever approves should know: what the rehearsal that is asked for came to, if one is, and what wasn't compared.
pub(super) fn predicted(status: &Status, number: i64) -> String {
    rehearsed(status, number) + &part(status)
}

fn part(status: &Status) -> String {
    status.compared_in_part().map_or_else(String::new, |part| format!("; {part}"))
}

fn rehearsed(status: &Status, number: i64) -> String {
    match &status.rehearsal {
        _ if number == 0 => String::new(),
        Some(last) if last.number >= number => match (&last.failed, last.predicted_pause_ms) {
            (Some(why), _) => format!(", and rehearsal {} failed: {why}", last.number),
            (None, pause) => {
                format!(", with a pause of {:.0} ms by rehearsal {}", pause.unwrap_or_default(), last.number)
            }
        },
        _ => format!(", and about to rehearse, number {number}"),
    }
}

/// Why the evidence keeps the cutover waiting.
pub(super) fn closed(status: &Status) -> Option<&str> {
    status.evidence.as_ref()?.closed.as_deref()
}

pub(super) fn unprepared(side: Side, seen: &Observed) -> Outcome {
    let pods = seen.unprepared.as_deref().unwrap_or_default().join(", ");
    let ready = seen.journal.as_ref().filter(|journal| journal.status.phase == Phase::ReadyForCutover);
    let part = ready.map_or_else(String::new, |journal| part(&journal.status));
    Outcome::waiting(
        Reason::ServicesNotPrepared,
        format!("pods without a connection to the {side}: {pods}{part}"),
        LIVE,
    )
}

/// What else keeps the cutover waiting while its window is closed: there is time to mend it before it opens.
pub(super) fn missing(wish: &Wish, seen: &Observed, status: &Status) -> String {
    let pods = (!wish.services_prepared).then(|| unprepared(Side::Target, seen).message().to_owned());
    let all = closed(status).map(str::to_owned).into_iter().chain(pods).collect::<Vec<_>>();
    if all.is_empty() { String::new() } else { format!("; until then mend what it would wait for: {}", all.join("; ")) }
}

/// What keeps the data from going to `side`, as it is asked for; nothing: it is about to.
pub(super) fn once(wish: &Wish, seen: &Observed, status: &Status, side: Side) -> Option<Outcome> {
    // Before the worker's first look nobody knows.
    if let Some(way) = status.way_back.as_ref().filter(|way| !way.possible) {
        let why = way.reason.as_deref().unwrap_or_default();
        let message = format!("the data can't go to the {side}: {why}; take the wish back");
        return Some(Outcome::refused(Reason::RollbackImpossible, message));
    }
    (!wish.services_prepared).then(|| unprepared(side, seen))
}

/// The target serves, and somebody or something keeps the migration from its end.
pub(super) fn watched(status: &Status) -> Outcome {
    let orphans: u64 = status.foreign_keys.iter().filter_map(|key| key.orphans).sum();
    let told = match orphans {
        0 => String::new(),
        rows => format!("; {rows} rows refer to what is not there, see status.foreignKeys"),
    };
    let back = match &status.way_back {
        Some(way) if way.possible => format!("; spec.rollback.epoch {} gives the data back", status.epoch),
        _ => String::new(),
    };
    Outcome::waiting(Reason::AwaitingApproval, format!("the target serves; waiting before the end{back}{told}"), HELD)
}
