//! How what the source writes comes to the target, found and waited for by reading alone.
//!
//! In: sessions of both sides. Out: the end of a wait after which a change that the source had committed before it is on the
//! target. A subscription of the target's reads from a slot on the source, and confirms in it what it has applied and made
//! durable; a standby knows how far it has replayed. Where neither is there, a pause is all that can be done.

use crate::step::{StepError, failed};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How often a position is asked for.
const POLL: Duration = Duration::from_millis(20);
/// How long the target may take to come to a position. Its worker tells what it has made durable up to a second later.
const LIMIT: Duration = Duration::from_secs(60);
/// The pause between two looks where nothing shows how far the target is.
const SETTLE: Duration = Duration::from_millis(500);

/// Slots that subscriptions of this database read from, wherever those are.
const SUBSCRIBED: &str = "SELECT coalesce(array_agg(s.subslotname::text), '{}') FROM pg_subscription s \
    JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() AND s.subslotname IS NOT NULL";
/// Those of them that are in this database.
const SLOTS: &str = "SELECT coalesce(array_agg(slot_name::text), '{}') FROM pg_replication_slots \
    WHERE slot_type = 'logical' AND database = current_database() AND slot_name = ANY($1::text[])";
/// The end of what has been written. Right behind a page's header (24 bytes, 40 on a segment's first page) nothing ends: what
/// has been written then ends at the page's beginning, and no position behind that is ever confirmed while nothing follows.
const WRITTEN: &str = "SELECT (CASE WHEN n % b IN (24, 40) THEN l - n % b ELSE l END)::text \
    FROM (SELECT l, pg_wal_lsn_diff(l, '0/0') AS n, current_setting('wal_block_size')::numeric AS b \
          FROM (SELECT pg_current_wal_insert_lsn() AS l) x) y";
const CONFIRMED: &str = "SELECT count(*) = cardinality($1::text[]), \
    coalesce(bool_and(coalesce(confirmed_flush_lsn >= $2::text::pg_lsn, false)), false) \
    FROM pg_replication_slots WHERE slot_name = ANY($1::text[])";
const REPLAYED: &str = "SELECT true, coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)";

/// What there is between the two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Subscriptions of the target read from these slots on the source.
    Slots(Vec<String>),
    /// The target is a standby of the source.
    Standby,
    /// Nothing that could be asked.
    Unknown,
}

/// Looks for it. `same_system`: both are copies of one cluster.
pub(super) async fn find(source: &Client, target: &Client, same_system: bool) -> Result<Link, StepError> {
    let action = "look for the way from source to target";
    let standby = async |client: &Client| {
        let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
        Ok::<bool, StepError>(row.map_err(failed(action))?.get(0))
    };
    if standby(source).await? {
        return Ok(Link::Unknown);
    }
    if standby(target).await? {
        return Ok(if same_system { Link::Standby } else { Link::Unknown });
    }
    let subscribed = target.query_one(SUBSCRIBED, &[]).await.map_err(failed(action))?;
    let slots = source.query_one(SLOTS, &[&subscribed.get::<_, Vec<String>>(0)]).await.map_err(failed(action))?;
    let slots: Vec<String> = slots.get(0);
    Ok(if slots.is_empty() { Link::Unknown } else { Link::Slots(slots) })
}

impl Link {
    /// Waits until the target has come to where the source is now.
    pub(super) async fn drain(&self, source: &Client, target: &Client) -> Result<(), StepError> {
        if *self == Self::Unknown {
            tokio::time::sleep(SETTLE).await;
            return Ok(());
        }
        let action = "see how far the target is";
        let written: String = source.query_one(WRITTEN, &[]).await.map_err(failed(action))?.get(0);
        let begun = Instant::now();
        loop {
            let row = match self {
                Self::Slots(slots) => source.query_one(CONFIRMED, &[slots, &written]).await,
                _ => target.query_one(REPLAYED, &[&written]).await,
            };
            let row = row.map_err(failed(action))?;
            if !row.get::<_, bool>(0) {
                return Err(StepError::Lost("the stream from source to target has ended meanwhile".into()));
            }
            if row.get(1) {
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                let what = "the target's confirmation of what the source has written".to_owned();
                return Err(StepError::Deadline { what, seconds: LIMIT.as_secs() });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
