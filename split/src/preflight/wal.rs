//! Whether the source can keep what is written while the tables are copied.

use super::{Check, Findings};
use crate::inspect::{Inventory, Server};
use crate::report::size;
use crate::spec::{Side, Spec};
use crate::wal::{self, Bound, Limit};

/// What a copy is taken to do in a second where nothing bounds it, in bytes: a small server with a slow disk.
const SPEED: u64 = 20 << 20;
/// What making the slot and catching up take besides, in seconds.
const BESIDES_S: u64 = 60;

/// How much WAL the migration's slot may keep on a server; none if nobody has set a limit.
#[must_use]
pub fn limit(spec: &Spec, server: &Server) -> Option<Limit> {
    wal::limit(server.number("max_slot_wal_keep_size"), spec.replication.max_retained_wal_bytes)
}

/// By what the server writes now: a guess, so it stops nothing. The worker looks at the slot itself while it copies.
pub(super) fn check(findings: &mut Findings, spec: &Spec, source: &Inventory) {
    let (Some(rate), Some(limit)) = (source.server.wal_rate, limit(spec, &source.server)) else { return };
    let seconds = seconds(source.bytes(), spec.copy.max_bytes_per_second);
    let needed = rate.saturating_mul(seconds);
    if needed <= limit.bytes {
        return;
    }
    let message = format!(
        "the server writes {} of WAL a second, and must keep about {} while {} are copied and indexed in {seconds} s; a slot may keep \
         {}: the copy would go on without its bounds, and be given up if that isn't enough",
        size(rate),
        size(needed),
        size(source.bytes()),
        size(limit.bytes)
    );
    let (object, raise) = match limit.by {
        Bound::Server => {
            let mb = needed.div_ceil(1 << 20);
            (
                "max_slot_wal_keep_size",
                format!("ALTER SYSTEM SET max_slot_wal_keep_size = '{mb}MB'; SELECT pg_reload_conf()"),
            )
        }
        Bound::Spec => (
            "max_retained_wal_bytes",
            format!("--max-retained-wal-bytes {needed} (replication.maxRetainedWalBytes), if the disk has room for it"),
        ),
    };
    let bounded = spec.copy.max_bytes_per_second.is_some_and(|bound| bound < SPEED);
    let faster = if bounded { ", with a higher copy.maxBytesPerSecond" } else { "" };
    let fix = format!("{raise}; or move when less is written{faster}");
    findings.warn(Check::SlotWalForecast, Side::Source, object, message, fix);
}

/// How long the slot waits for its reader: indexes take about as long as a copy that nothing bounds.
fn seconds(bytes: u64, bound: Option<u64>) -> u64 {
    let at = |speed: u64| bytes / speed.max(1);
    at(SPEED.min(bound.unwrap_or(u64::MAX))).saturating_add(at(SPEED)).saturating_add(BESIDES_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_waits_for_copy_indexes_and_a_minute() {
        assert_eq!(seconds(0, None), 60);
        assert_eq!(seconds(200 << 20, None), 80);
        assert_eq!(seconds(200 << 20, Some(1 << 20)), 270);
        assert_eq!(seconds(200 << 20, Some(1 << 40)), 80, "a bound above what it does anyway");
        assert_eq!(seconds(u64::MAX, Some(0)), u64::MAX, "no overflow");
    }
}
