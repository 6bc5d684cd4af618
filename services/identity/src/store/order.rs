//! The order of locks. In: a transaction that is about to write. Out: nothing. A cutover locks tables from the oldest to the youngest; tables that came after
//! those of events would be locked before them where a transaction begins with its caller's key.

use rerp_kit::pool::Session;
use sqlx::{Executor as _, raw_sql};

/// As writing locks them, the oldest first. The row of staff comes with COMMIT, after what is younger than its table, and an erasure is written down after sign-ins
/// were deleted, whose table is younger still.
const OLDEST_FIRST: &str = "LOCK TABLE email_addresses, human_names, mobile_numbers, verification_tracking, outbox_subjects, outbox, staff_access, \
     idempotency_keys, former_addresses, rights_log, erasures, erasure_receipts IN ROW EXCLUSIVE MODE";

/// Locks the tables of people and events as writing to them does, in the order of a cutover, before anything younger is written to. For what is rare: it costs a
/// round trip.
///
/// # Errors
/// The driver's.
pub(super) async fn oldest_first(session: &mut Session) -> Result<(), sqlx::Error> {
    session.conn().execute(raw_sql(OLDEST_FIRST)).await.map(drop)
}
