//! Watches what the migration's slot keeps of its server's WAL, in every phase that has one, whatever else is at work.
//!
//! In: the slot as its server shows it, every two seconds. Out: figures on the board, haste for the copy while that helps, and an
//! alarm while what is left is the reserve. It changes nothing by itself: whoever is at work lets the slot go.

use super::alarm::{Alarm, watched};
use super::{Board, Settings};
use crate::connect::Endpoint;
use crate::phase::Phase;
use crate::report::size;
use crate::spec::{Direction, Side};
use crate::status::{Finding, Replication, Severity, Status};
use crate::step::{StepError, chain, within};
use crate::stream::{self, Slot};
use crate::wal::{Gauge, Outlook, is_late};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// How often the slot is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How many looks in a row must find the copy late: its bounds aren't lifted for a moment's sake.
const LATE: u32 = 3;
/// How long a look may take.
const ANSWER_S: u64 = 30;
/// The finding that the copy goes on without its bounds.
pub const COPY_UNBOUNDED: &str = "copy-unbounded";

/// Watches until the process ends.
pub(super) async fn watch(settings: Settings, board: Arc<Board>, stop: CancellationToken) {
    let own = settings.spec.replication.max_retained_wal_bytes;
    let (mut gauge, mut session, mut late) = (Gauge::new(own), None, 0);
    while !stop.is_cancelled() {
        tokio::time::sleep(LOOK).await;
        let Some(way) = watched(board.phase()) else {
            gauge.forget();
            board.sound(None);
            continue;
        };
        match within("looking at the slot", ANSWER_S, look(&settings, way, &mut session)).await {
            Ok(Some(slot)) => {
                let outlook = gauge.see(Instant::now(), &slot.name, slot.wal);
                late = if tell(&board, way, &slot, &outlook, own) { late + 1 } else { 0 };
                if late == LATE {
                    hasten(&board, &slot, &outlook, own);
                }
            }
            Ok(None) => {
                late = 0;
                gauge.forget();
                board.sound(None);
            }
            // Whoever is at work notices as well.
            Err(error) => {
                let migration = settings.spec.migration.as_str();
                tracing::debug!(migration, error = chain(&error), "the slot is not looked at");
                session = None;
            }
        }
    }
}

async fn look(
    settings: &Settings,
    way: Direction,
    session: &mut Option<(Side, Client)>,
) -> Result<Option<Slot>, StepError> {
    let side = way.start();
    let (_, client) = match session.take().filter(|(of, client)| *of == side && !client.is_closed()) {
        Some(open) => open,
        None => (side, endpoint(settings, side).connect("wal").await?),
    };
    let slot = stream::slot(&settings.spec.migration, way, &client).await;
    *session = Some((side, client));
    slot
}

fn endpoint(settings: &Settings, side: Side) -> &Endpoint {
    match side {
        Side::Source => &settings.source,
        Side::Target => &settings.target,
    }
}

/// Figures and alarm; returns whether a copy that is held back comes too late.
fn tell(board: &Board, way: Direction, slot: &Slot, outlook: &Outlook, own: Option<u64>) -> bool {
    board.update(|status| {
        if let Some(stream) = stream_of(status) {
            show(stream, slot, outlook);
        }
    });
    let full = slot.lost || outlook.is_full;
    board.sound(full.then(|| Alarm { way, why: why((way, board.phase()), slot, outlook, own) }));
    let status = board.status();
    let copy = status.copy.filter(|copy| copy.max_bytes_per_second.is_some() && status.phase == Phase::Copy);
    copy.is_some_and(|copy| is_late(outlook, copy.eta_seconds))
}

/// Lifts the copy's bounds, and says so.
fn hasten(board: &Board, slot: &Slot, outlook: &Outlook, own: Option<u64>) {
    board.hurry();
    let eta = board.status().copy.and_then(|copy| copy.eta_seconds);
    let found = unbounded(slot, outlook, eta, own);
    board.update(|status| {
        status.findings.retain(|finding| finding.id != COPY_UNBOUNDED);
        status.findings.push(found);
    });
}

/// Where the figures of the watched slot belong: the way back has its own place, which its own look makes. A look that comes late,
/// after its phase, has none.
fn stream_of(status: &mut Status) -> Option<&mut Replication> {
    watched(status.phase)?;
    match status.phase {
        Phase::Observe | Phase::RollingBack | Phase::RolledBack => status.way_back.as_mut()?.replication.as_mut(),
        _ => Some(status.replication.get_or_insert_default()),
    }
}

fn show(stream: &mut Replication, slot: &Slot, outlook: &Outlook) {
    slot.name.clone_into(&mut stream.slot);
    stream.lag_bytes = slot.lag_bytes;
    stream.retained_wal_bytes = slot.wal.retained;
    stream.wal_room_bytes = outlook.room;
    stream.wal_bytes_per_second = outlook.written_per_second;
    stream.wal_seconds_left = outlook.seconds_left;
}

/// What a person has to know, and what to set.
fn why((way, phase): (Direction, Phase), slot: &Slot, outlook: &Outlook, own: Option<u64>) -> String {
    let (side, name, kept) = (way.start(), &slot.name, size(slot.wal.retained));
    if slot.lost {
        return format!(
            "the {side} has given up slot {name}, and the WAL that it needs: raise its max_slot_wal_keep_size (since PostgreSQL 18 also \
             idle_replication_slot_timeout)"
        );
    }
    let room = size(outlook.room.unwrap_or(0));
    let rate = outlook.written_per_second.map_or_else(String::new, |rate| format!(", which writes {}/s", size(rate)));
    let setting = setting(side, slot, own);
    let instead = match way {
        Direction::Forward if phase == Phase::RolledBack => "or take the migration back",
        Direction::Forward => "or move at a time when less is written, with a faster copy",
        Direction::Back => "or keep the other side able to follow",
    };
    format!(
        "slot {name} keeps {kept} of WAL on the {side}{rate}, and has room for {room} more: stopped before the slot is lost or the \
         disk is full; raise {setting}, {instead}"
    )
}

/// The setting that leaves a slot the least.
fn setting(side: Side, slot: &Slot, own: Option<u64>) -> String {
    let of_spec = own.is_some_and(|own| slot.wal.safe.is_none_or(|safe| own.saturating_sub(slot.wal.retained) < safe));
    if of_spec {
        "replication.maxRetainedWalBytes (--max-retained-wal-bytes)".to_owned()
    } else {
        format!("max_slot_wal_keep_size of the {side}")
    }
}

fn unbounded(slot: &Slot, outlook: &Outlook, eta: Option<u64>, own: Option<u64>) -> Finding {
    let seconds = |known: Option<u64>| known.map_or_else(|| "?".to_owned(), |seconds| seconds.to_string());
    Finding {
        id: COPY_UNBOUNDED.to_owned(),
        side: Side::Source,
        object: slot.name.clone(),
        message: format!(
            "the copy goes on without its bounds: with them it would have taken {} s, and the slot can keep WAL for {} s more",
            seconds(eta),
            seconds(outlook.seconds_left)
        ),
        fix: format!(
            "raise {}, or the bounds of the copy (copy.maxBytesPerSecond, copy.maxWriterLatency)",
            setting(Side::Source, slot, own)
        ),
        severity: Severity::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::Progress;
    use crate::status::{CopyStatus, WayBack};
    use crate::wal::Reading;

    fn slot(safe: Option<u64>) -> Slot {
        let wal = Reading { written: 900, retained: 900, safe, waits: true };
        Slot { name: "s".into(), lag_bytes: 5, wal, lost: false }
    }

    fn tight() -> Outlook {
        Outlook { written_per_second: Some(10), room: Some(100), seconds_left: Some(10), is_full: false }
    }

    fn board(phase: Phase) -> Arc<Board> {
        let board = Board::new("m");
        board.update(|status| {
            status.phase = phase;
            status.copy =
                Some(CopyStatus { eta_seconds: Some(6), max_bytes_per_second: Some(1), ..CopyStatus::default() });
        });
        board
    }

    #[test]
    fn a_copy_that_is_held_back_may_be_late_and_loses_its_bounds_once() {
        let board = board(Phase::Copy);
        assert!(tell(&board, Direction::Forward, &slot(Some(100)), &tight(), None));
        let stream = board.status().replication.unwrap();
        assert_eq!(
            (stream.retained_wal_bytes, stream.wal_room_bytes, stream.wal_seconds_left),
            (900, Some(100), Some(10))
        );
        assert_eq!(board.alarm(Direction::Forward), None);
        for _ in 0..2 {
            hasten(&board, &slot(Some(100)), &tight(), Some(950));
        }
        assert!(board.is_late() && board.status().findings.len() == 1, "{:?}", board.status());
        assert!(board.status().findings[0].fix.starts_with("raise replication.maxRetainedWalBytes"));
        board.paced(None, None);
        assert!(!tell(&board, Direction::Forward, &slot(Some(100)), &tight(), None), "nothing holds it back any more");
    }

    #[test]
    fn the_alarm_says_what_to_set() {
        let board = board(Phase::CatchUp);
        let full = Outlook { is_full: true, ..tight() };
        let late = tell(&board, Direction::Forward, &slot(Some(100)), &full, Some(2000));
        assert!(!late, "nothing is copied any more");
        let why = board.alarm(Direction::Forward).unwrap();
        assert!(why.contains("raise max_slot_wal_keep_size of the source"), "{why}");
        tell(&board, Direction::Forward, &slot(Some(100)), &tight(), None);
        assert_eq!(board.alarm(Direction::Forward), None, "there is room again");
        tell(&board, Direction::Forward, &slot(None), &full, Some(1000));
        assert!(board.alarm(Direction::Forward).unwrap().contains("replication.maxRetainedWalBytes"));
        board.sound(None);
        tell(&board, Direction::Forward, &Slot { lost: true, ..slot(None) }, &Outlook::default(), None);
        assert!(board.alarm(Direction::Forward).unwrap().contains("has given up slot s"));
    }

    #[test]
    fn figures_of_the_way_back_have_a_place_of_their_own() {
        let board = board(Phase::Observe);
        tell(&board, Direction::Back, &slot(None), &tight(), None);
        assert_eq!((board.status().replication, board.status().way_back), (None, None), "nobody has looked yet");
        let way = WayBack { possible: true, reason: None, replication: Some(Replication::default()) };
        board.update(|status| status.way_back = Some(way));
        tell(&board, Direction::Back, &slot(None), &tight(), None);
        assert_eq!(board.status().way_back.unwrap().replication.unwrap().wal_room_bytes, Some(100));
    }
}
