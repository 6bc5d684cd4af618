//! The SQL that ends the stream that led here and begins the one that leads back.
//!
//! In: configuration, epoch, position. Out: SQL text. Names of subscriptions and slots carry the run that made them, so they
//! are found by what they begin with; each transaction holds the owner row, and the run, of which every turn has its own: what comes
//! late must not touch what a later turn has made. The epoch of a closed side doesn't tell turns apart: one that was armed for a
//! taking back which never came is ahead.

use super::config::CutoverConfig;
use super::render::{ROW_TIMEOUT, fenced, hold, id};
use crate::names;
use crate::spec::Direction;
use crate::sql::literal;

/// How long passing over what needs no keeping may take: nobody waits for it, and it holds the owner row.
const ADVANCE_TIMEOUT: &str = "5s";
/// How much of the WAL is passed over at once: little enough to be read within that time, or no time would get anywhere.
const ADVANCE_BYTES: u64 = 1 << 25;

/// Slots of this direction, in this database.
fn slots(cfg: &CutoverConfig, direction: Direction) -> String {
    format!(
        "starts_with(slot_name, {}) AND database = current_database()",
        literal(&names::publication(&cfg.migration, direction))
    )
}

/// Subscriptions of this direction, in this database.
fn subscriptions(cfg: &CutoverConfig, direction: Direction) -> String {
    format!(
        "starts_with(s.subname, {}) AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
        literal(&names::publication(&cfg.migration, direction))
    )
}

/// The row is held until the slot stands still: whoever opens this side waits, and what is written after that is kept.
pub(super) fn advance(cfg: &CutoverConfig) -> String {
    format!(
        "BEGIN; SET LOCAL lock_timeout = '{ROW_TIMEOUT}'; SET LOCAL statement_timeout = '{ADVANCE_TIMEOUT}'; {};
         SELECT rerp_split.hold_owner({}, false);
         SELECT count(pg_replication_slot_advance(slot_name,
             least(pg_current_wal_flush_lsn(), confirmed_flush_lsn + {ADVANCE_BYTES}::numeric)))
         FROM pg_replication_slots WHERE {} AND NOT active; COMMIT",
        hold(cfg),
        id(cfg),
        slots(cfg, cfg.direction.opposite())
    )
}

/// The slot is left to its own server: one that is away would keep the subscription alive.
pub(super) fn stop(cfg: &CutoverConfig, epoch: i64) -> String {
    let drop = format!(
        "SELECT rerp_split.hold_owner({id}, true);
         DO $end$
         DECLARE
             name text;
         BEGIN
             FOR name IN SELECT s.subname FROM pg_subscription AS s WHERE {} LOOP
                 EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', name);
                 EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', name);
                 EXECUTE format('DROP SUBSCRIPTION %I', name);
             END LOOP;
         END $end$",
        subscriptions(cfg, cfg.direction),
        id = id(cfg)
    );
    format!(
        "{}; SELECT lsn FROM rerp_split.drained WHERE migration = {} AND epoch = {epoch}",
        fenced(cfg, "on", &drop),
        id(cfg)
    )
}

/// A reader may come back between the two statements; then it is ended the next time.
pub(super) fn slot(cfg: &CutoverConfig) -> String {
    let slots = slots(cfg, cfg.direction);
    let drop = format!(
        "SELECT rerp_split.hold_owner({}, false);
         SELECT count(pg_terminate_backend(active_pid)) FROM pg_replication_slots WHERE {slots} AND active_pid IS NOT NULL;
         SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots WHERE {slots} AND active_pid IS NULL",
        id(cfg)
    );
    let gone = format!("SELECT NOT EXISTS (SELECT FROM pg_replication_slots WHERE {slots}) AS answer");
    format!("{}; {gone}", fenced(cfg, "on", &drop))
}

/// The slot was made before the fence, so it holds what came from here as well: the subscription begins behind it. PostgreSQL
/// 15 tells apart by nothing else what was written there and what came; and what a slot remembers may fall back when its
/// server crashes. The commit takes the position to the disk. A subscription that has run knows better where it is.
pub(super) fn enable(cfg: &CutoverConfig, position: &str) -> String {
    let position = literal(position);
    let subscriptions = subscriptions(cfg, cfg.direction.opposite());
    let begin = format!(
        "SELECT rerp_split.hold_owner({}, false);
         SELECT count(pg_replication_origin_advance('pg_' || s.oid, {position}::pg_lsn)) FROM pg_subscription AS s
         WHERE {subscriptions} AND NOT s.subenabled
           AND coalesce(pg_replication_origin_progress('pg_' || s.oid, false) < {position}::pg_lsn, true);
         DO $begin$
         DECLARE
             name text;
         BEGIN
             FOR name IN SELECT s.subname FROM pg_subscription AS s WHERE {subscriptions} AND NOT s.subenabled LOOP
                 EXECUTE format('ALTER SUBSCRIPTION %I ENABLE', name);
             END LOOP;
         END $begin$",
        id(cfg)
    );
    let enabled =
        format!("SELECT EXISTS (SELECT FROM pg_subscription AS s WHERE {subscriptions} AND s.subenabled) AS answer");
    format!("{}; {enabled}", fenced(cfg, "on", &begin))
}
