//! Two looks at a status -> the events between them. Pure.
//!
//! What happens once (a phase, a finding, the switch) is told at once; what moves all the time (rows, lag) when its time has come.

use super::event::Event;
use rerp_split::status::{Status, WayBack};

/// What has been told so far.
#[derive(Default)]
pub(super) struct Told(Status);

impl Told {
    /// What is new and happens once.
    pub(super) fn events(&mut self, now: &Status) -> Vec<Event> {
        let told = &mut self.0;
        let mut events = Vec::new();
        let (phase, message) = (now.phase, now.message.clone());
        if told.phase != phase {
            events.push(Event::Phase { phase, message });
        } else if told.message != now.message && !now.message.is_empty() {
            events.push(Event::Message { phase, message });
        }
        events.extend(now.findings.iter().filter(|found| !told.findings.contains(found)).cloned().map(Event::Finding));
        for table in &now.tables {
            match told.tables.iter_mut().find(|known| known.name == table.name) {
                Some(known) if known.state == table.state => continue,
                Some(known) => known.clone_from(table),
                None => told.tables.push(table.clone()),
            }
            events.push(Event::Table(table.clone()));
        }
        for key in &now.foreign_keys {
            let known = told.foreign_keys.iter().find(|known| (&known.name, &known.child) == (&key.name, &key.child));
            if known.is_none_or(|known| (known.state, known.orphans) != (key.state, key.orphans)) {
                events.push(Event::ForeignKey(key.clone()));
            }
        }
        if let Some(cutover) = now.cutover.as_ref().filter(|_| told.cutover != now.cutover) {
            events.push(Event::Cutover { cutover: cutover.clone() });
        }
        if let Some(rehearsal) = now.rehearsal.as_ref().filter(|_| told.rehearsal != now.rehearsal) {
            events.push(Event::Rehearsal { rehearsal: rehearsal.clone() });
        }
        if let Some(rollback) = now.rollback.as_ref().filter(|_| told.rollback != now.rollback) {
            events.push(Event::Rollback { rollback: rollback.clone() });
        }
        if let Some(way) = now.way_back.as_ref().filter(|way| is_news(told.way_back.as_ref(), way)) {
            events.push(Event::WayBack(way.clone()));
            told.way_back = Some(way.clone());
        }
        if let Some(cleanup) = now.cleanup.as_ref().filter(|_| told.cleanup != now.cleanup) {
            events.push(Event::OldTables(cleanup.clone()));
        }
        if let Some(failure) = now.failure.clone().filter(|_| told.failure != now.failure) {
            events.push(Event::Failure { failure });
        }
        told.phase = phase;
        told.message.clone_from(&now.message);
        told.findings.clone_from(&now.findings);
        told.foreign_keys.clone_from(&now.foreign_keys);
        told.cutover.clone_from(&now.cutover);
        told.rehearsal.clone_from(&now.rehearsal);
        told.rollback.clone_from(&now.rollback);
        told.way_back.take_if(|_| now.way_back.is_none());
        told.cleanup.clone_from(&now.cleanup);
        told.failure.clone_from(&now.failure);
        events
    }

    /// What has moved since it was last told.
    pub(super) fn figures(&mut self, now: &Status) -> Vec<Event> {
        let told = &mut self.0;
        let moved = now.tables.iter().filter(|table| !told.tables.contains(table));
        let mut events: Vec<Event> = moved.cloned().map(Event::Table).collect();
        if let Some(copy) = now.copy.as_ref().filter(|_| told.copy != now.copy) {
            events.push(Event::Copy(copy.clone()));
        }
        if let Some(stream) = now.replication.as_ref().filter(|_| told.replication != now.replication) {
            events.push(Event::Stream(stream.clone()));
        }
        if let Some(seen) = now.verification.as_ref().filter(|_| told.verification != now.verification) {
            events.push(Event::Compared(seen.clone()));
        }
        if let Some(way) = now.way_back.as_ref().filter(|_| told.way_back != now.way_back) {
            events.push(Event::WayBack(way.clone()));
        }
        told.tables.clone_from(&now.tables);
        told.copy.clone_from(&now.copy);
        told.way_back.clone_from(&now.way_back);
        told.replication.clone_from(&now.replication);
        told.verification.clone_from(&now.verification);
        events
    }
}

/// Lag moves all the time; that there is a way back, or none and why, is told at once.
fn is_news(told: Option<&WayBack>, now: &WayBack) -> bool {
    told.is_none_or(|told| (told.possible, &told.reason) != (now.possible, &now.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_split::phase::Phase;
    use rerp_split::status::{CopyStatus, Replication, TableState, TableStatus};

    fn copying(rows: u64, state: TableState) -> Status {
        let table = TableStatus { name: "t".into(), rows, state, ..TableStatus::default() };
        Status { phase: Phase::Copy, message: "copying".into(), tables: vec![table], ..Status::default() }
    }

    #[test]
    fn each_thing_is_told_once() {
        let mut told = Told::default();
        let first = told.events(&copying(1, TableState::Copying));
        assert!(matches!(first[..], [Event::Phase { phase: Phase::Copy, .. }, Event::Table(_)]), "{first:?}");
        assert_eq!(told.events(&copying(2, TableState::Copying)), []);
        assert!(matches!(told.figures(&copying(2, TableState::Copying))[..], [Event::Table(_)]));
        assert_eq!(told.figures(&copying(2, TableState::Copying)), []);
        assert!(matches!(told.events(&copying(2, TableState::Copied))[..], [Event::Table(_)]));
        let waits = Status { message: "waits".into(), ..copying(2, TableState::Copied) };
        assert!(matches!(told.events(&waits)[..], [Event::Message { .. }]));
    }

    #[test]
    fn a_way_back_is_told_when_it_is_there_and_its_lag_when_that_is_due() {
        let at = |possible, lag| {
            let replication = Some(Replication { lag_bytes: lag, ..Replication::default() });
            Status { way_back: Some(WayBack { possible, reason: None, replication }), ..Status::default() }
        };
        let mut told = Told::default();
        assert!(matches!(told.events(&at(true, 1))[..], [Event::WayBack(_)]));
        assert_eq!(told.events(&at(true, 2)), []);
        assert!(matches!(told.figures(&at(true, 2))[..], [Event::WayBack(_)]));
        assert!(matches!(told.events(&at(false, 2))[..], [Event::WayBack(_)]));
        // Another one, after the data has changed hands.
        assert_eq!(told.events(&Status::default()), []);
        assert!(matches!(told.events(&at(false, 2))[..], [Event::WayBack(_)]));
    }

    #[test]
    fn figures_wait_for_their_time() {
        let mut told = Told::default();
        let status = Status { replication: Some(Replication::default()), ..Status::default() };
        assert_eq!(told.events(&status), []);
        assert_eq!(told.figures(&status), [Event::Stream(Replication::default())]);
        let status = Status { copy: Some(CopyStatus::default()), ..status };
        assert_eq!((told.events(&status), told.figures(&status)), (vec![], vec![Event::Copy(CopyStatus::default())]));
        assert_eq!(told.figures(&status), []);
    }
}
