//! How long it will be until a slot keeps more WAL than it may.
//!
//! In: what the server says of a slot, now and then; what it may keep. Out: how fast WAL comes, what room and what time are left,
//! and whether to stop. Pure: no session, no clock.
//!
//! A slot keeps all WAL from the place on that its reader may still need. Before a stream begins that place stands still, so what
//! is kept grows as fast as anybody on the server writes; afterwards it follows in leaps. The server throws WAL away, and the slot
//! with it, only where `max_slot_wal_keep_size` says how much is too much; otherwise it keeps it until its disk is full.

use crate::rate::Series;
use std::time::{Duration, Instant};

/// What a rate is taken over: several leaps of a stream that follows.
const WINDOW: Duration = Duration::from_secs(60);
/// A tenth of what may be kept is a reserve: looks are seconds apart, and a slot takes a while to be dropped.
const RESERVE: u64 = 10;
/// As much as comes in this time is a reserve as well, once it has been so for some looks in a row: a moment's burst ends nothing.
const REACTION_S: f64 = 20.0;
/// How many looks.
const PERSISTS: u32 = 3;

/// Who says how much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `max_slot_wal_keep_size` of the server.
    Server,
    /// The migration's own spec.
    Spec,
}

/// How much a slot may keep, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// In bytes.
    pub bytes: u64,
    /// Who says so.
    pub by: Bound,
}

/// The narrower of both limits; none if nobody has set one. `server` is `max_slot_wal_keep_size` in megabytes, -1 for none.
#[must_use]
pub fn limit(server: Option<i64>, spec: Option<u64>) -> Option<Limit> {
    let server = server.and_then(|mb| u64::try_from(mb).ok()).map(|mb| mb.saturating_mul(1 << 20));
    let server = server.map(|bytes| Limit { bytes, by: Bound::Server });
    let spec = spec.map(|bytes| Limit { bytes, by: Bound::Spec });
    [server, spec].into_iter().flatten().min_by_key(|limit| limit.bytes)
}

/// What the server says of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// WAL that has ever been written, in bytes: the insert position.
    pub written: u64,
    /// WAL that the slot keeps, in bytes.
    pub retained: u64,
    /// How much more may be written before the server may give the slot up, in bytes; none if it never does.
    pub safe: Option<u64>,
    /// Nobody reads from it: its place stands still.
    pub waits: bool,
}

/// What will become of a slot if things go on as they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// WAL that the server writes, in bytes per second.
    pub written_per_second: Option<u64>,
    /// How much more the slot may keep, in bytes; none if nobody has set a limit.
    pub room: Option<u64>,
    /// How long that lasts, in seconds; none while what is kept doesn't grow.
    pub seconds_left: Option<u64>,
    /// It is time to let the slot go: what is left is the reserve.
    pub is_full: bool,
}

/// What has been seen of one slot.
#[derive(Debug)]
pub struct Gauge {
    may_keep: Option<u64>,
    slot: String,
    written: Series,
    retained: Series,
    /// Looks in a row at which too little was left for what comes.
    short: u32,
}

impl Gauge {
    /// `may_keep`: what the spec lets a slot keep, in bytes.
    #[must_use]
    pub fn new(may_keep: Option<u64>) -> Self {
        let series = || Series::new(WINDOW, Duration::ZERO);
        Self { may_keep, slot: String::new(), written: series(), retained: series(), short: 0 }
    }

    /// Forgets the slot: there is none.
    pub fn forget(&mut self) {
        self.slot.clear();
        self.written.clear();
        self.retained.clear();
        self.short = 0;
    }

    /// What a look at `slot` says; another slot than before begins anew.
    pub fn see(&mut self, at: Instant, slot: &str, reading: Reading) -> Outlook {
        if self.slot != slot {
            self.forget();
            slot.clone_into(&mut self.slot);
        }
        self.written.push(at, reading.written);
        self.retained.push(at, reading.retained);
        let own = self.may_keep.map(|limit| limit.saturating_sub(reading.retained));
        let room = [own, reading.safe].into_iter().flatten().min();
        let growth = self.growth(reading.waits);
        let is_short = room.is_some_and(|room| room <= (growth.unwrap_or(0.0) * REACTION_S) as u64);
        self.short = if is_short { self.short.saturating_add(1) } else { 0 };
        let is_out = room.is_some_and(|room| room <= room.saturating_add(reading.retained) / RESERVE);
        Outlook {
            written_per_second: self.written.rate().map(|rate| rate.max(0.0) as u64),
            room,
            seconds_left: room.zip(growth).map(|(room, growth)| (room as f64 / growth) as u64),
            is_full: is_out || self.short >= PERSISTS,
        }
    }

    /// Bytes per second by which what is kept becomes more. While the slot waits the last step counts as well, lest a burst be seen too
    /// late. One that is read from grows between any two of its leaps, so only many of them together tell something.
    fn growth(&self, waits: bool) -> Option<f64> {
        let all = self.retained.rate()?;
        let growth = match self.retained.last_rate() {
            Some(last) if waits => Some(all.max(last)),
            _ => Some(all).filter(|_| self.retained.span() >= WINDOW / 2),
        };
        growth.filter(|growth| *growth >= 1.0)
    }
}

/// Whether a copy that takes `eta_s` seconds more won't be done in time. As long again belongs to indexes and catching up, which
/// come after it and keep the slot waiting as well.
#[must_use]
pub fn is_late(outlook: &Outlook, eta_s: Option<u64>) -> bool {
    outlook.seconds_left.zip(eta_s).is_some_and(|(left, eta)| eta.saturating_mul(2) > left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;
    const GB: u64 = 1 << 30;

    /// Looks every two seconds at a slot that waits, each with what is retained and what is safe.
    fn outlook(own: Option<u64>, looks: &[(u64, Option<u64>)]) -> Outlook {
        watched(own, looks, true)
    }

    fn watched(own: Option<u64>, looks: &[(u64, Option<u64>)], waits: bool) -> Outlook {
        let (begin, mut gauge) = (Instant::now(), Gauge::new(own));
        let mut last = Outlook::default();
        for (look, (retained, safe)) in looks.iter().enumerate() {
            let at = begin + Duration::from_secs(2 * look as u64);
            last = gauge.see(at, "s", Reading { written: *retained, retained: *retained, safe: *safe, waits });
        }
        last
    }

    #[test]
    fn the_narrower_limit_counts() {
        let of = |bytes, by| Some(Limit { bytes, by });
        assert_eq!(limit(Some(-1), None), None);
        assert_eq!(limit(None, None), None);
        assert_eq!(limit(Some(100), None), of(100 * MB, Bound::Server));
        assert_eq!(limit(Some(100), Some(MB)), of(MB, Bound::Spec));
        assert_eq!(limit(Some(-1), Some(MB)), of(MB, Bound::Spec));
        assert_eq!(limit(Some(i64::MAX), Some(u64::MAX)).map(|limit| limit.by), Some(Bound::Server), "no overflow");
    }

    #[test]
    fn the_time_left_follows_from_room_and_growth() {
        let calm = outlook(None, &[(0, None), (2 * MB, None)]);
        assert_eq!(calm, Outlook { written_per_second: Some(MB), ..Outlook::default() }, "nobody has set a limit");
        let server = outlook(None, &[(0, Some(GB)), (2 * MB, Some(GB - 2 * MB))]);
        assert_eq!((server.room, server.seconds_left, server.is_full), (Some(GB - 2 * MB), Some(1022), false));
        let own = outlook(Some(200 * MB), &[(0, Some(GB)), (2 * MB, Some(GB))]);
        assert_eq!((own.room, own.seconds_left, own.is_full), (Some(198 * MB), Some(198), false));
        let still = outlook(Some(GB), &[(MB, None), (MB, None)]);
        assert_eq!((still.seconds_left, still.is_full), (None, false), "what doesn't grow lasts");
    }

    #[test]
    fn the_reserve_is_a_tenth_or_what_comes_while_one_reacts() {
        assert!(!outlook(Some(100 * MB), &[(89 * MB, None)]).is_full);
        assert!(outlook(Some(100 * MB), &[(90 * MB, None)]).is_full);
        // 15 MB a second: 300 MB are needed to react, if it goes on like that.
        let looks: Vec<_> = (0..4).map(|look| ((800 + 30 * look) * MB, None)).collect();
        assert!(!outlook(Some(GB), &looks[..3]).is_full && outlook(Some(GB), &looks).is_full);
        assert!(!outlook(Some(GB), &[(800 * MB, None), (800 * MB, None)]).is_full);
        assert!(outlook(None, &[(GB, Some(0))]).is_full, "the next checkpoint may take it");
    }

    #[test]
    fn a_burst_counts_while_the_slot_waits_and_leaps_do_not_once_it_follows() {
        let burst: Vec<_> = [0, 0, 0, 0, 100, 200, 300].map(|mb| (mb * MB, None)).into();
        assert!(!outlook(Some(GB), &burst[..5]).is_full, "it may be over by now");
        assert!(outlook(Some(GB), &burst).is_full, "50 MB a second, whatever was before");
        let leaps: Vec<_> = (0..30).map(|look| (look % 5 * 100 * MB, None)).collect();
        for looks in 1..30 {
            let seen = watched(Some(GB), &leaps[..looks], false);
            assert!(!seen.is_full, "{looks}: {seen:?}");
        }
        let behind: Vec<_> = (0..30).map(|look| (look * 30 * MB, None)).collect();
        assert!(watched(Some(GB), &behind, false).is_full, "it follows too slowly");
    }

    #[test]
    fn hostile_figures_end_in_no_panic() {
        for (own, looks) in [
            (Some(0), vec![(u64::MAX, Some(u64::MAX)), (0, Some(0))]),
            (Some(u64::MAX), vec![(0, None), (u64::MAX, None)]),
            (None, vec![(u64::MAX, Some(u64::MAX)), (u64::MAX, Some(u64::MAX))]),
        ] {
            let seen = outlook(own, &looks);
            assert!(seen.room.is_none_or(|room| room == 0 || seen.seconds_left.is_none_or(|left| left < u64::MAX)));
        }
        let (now, mut gauge) = (Instant::now(), Gauge::new(Some(GB)));
        let reading = Reading { written: 5, retained: 5, safe: None, waits: true };
        let first = gauge.see(now, "s", reading);
        assert_eq!(gauge.see(now, "s", reading), first, "a clock that stands still");
        gauge.see(now + Duration::from_secs(1), "s", Reading { written: GB, retained: GB / 2, ..reading });
        let other = gauge.see(now + Duration::from_secs(2), "t", reading);
        assert_eq!((other.written_per_second, other.seconds_left), (None, None), "another slot begins anew");
    }

    #[test]
    fn a_copy_is_late_if_it_takes_half_of_the_time_that_is_left() {
        let left = |seconds_left| Outlook { seconds_left, ..Outlook::default() };
        assert!(is_late(&left(Some(100)), Some(51)) && !is_late(&left(Some(100)), Some(50)));
        assert!(!is_late(&left(None), Some(1000)) && !is_late(&left(Some(1)), None));
        assert!(is_late(&left(Some(u64::MAX - 1)), Some(u64::MAX)), "no overflow");
    }
}
