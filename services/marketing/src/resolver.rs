//! Gives leads their companies once Account can say which they are. In come the database and Account; nothing goes out.
//! Must not hold up anything: it works one by one, stops at the first sign that Account is away, and a failure waits for the
//! next turn. Several pods may do it at once: a name has one identifier, whoever asks.

use std::time::Duration;

use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::client::account::{Account, NoCompany};
use crate::store::pending;

/// Pause between two turns.
const PAUSE: Duration = Duration::from_secs(10);
/// Leads of one look.
const BATCH: i64 = 100;

/// Runs until told to stop.
pub async fn keep_resolved(db: Db, account: Account, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&db, &account, &stop).await {
            tracing::warn!(error = chain(&error), "leads can't be given their companies now");
        }
    }
}

/// One turn: every lead that waits, as far as Account answers. How many got their company.
///
/// # Errors
/// See [`DbError`].
pub async fn turn(db: &Db, account: &Account, stop: &CancellationToken) -> Result<u64, DbError> {
    let expired = pending::expire(db).await?;
    if expired > 0 {
        tracing::warn!(expired, "leads stay without their companies: account was away for too long");
    }
    let mut resolved = 0;
    loop {
        let batch = pending::next(db, BATCH).await?;
        if batch.is_empty() {
            return Ok(resolved);
        }
        for lead in batch {
            if stop.is_cancelled() {
                return Ok(resolved);
            }
            match account.upsert_company(&lead.name).await {
                Ok(id) => {
                    pending::settle(db, &lead, Some(id)).await?;
                    resolved += 1;
                }
                Err(NoCompany::Refused(_)) => {
                    // The visitor is gone: nobody can be asked for a better name.
                    tracing::warn!("a lead stays without a company: what its visitor typed is no company's name");
                    pending::settle(db, &lead, None).await?;
                }
                Err(NoCompany::Away) => {
                    pending::postpone(db, &lead).await?;
                    return Ok(resolved);
                }
            }
        }
    }
}
