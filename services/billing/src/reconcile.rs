//! Proves every night that the tables say what Stripe says. In comes what lives; out go numbers that should be zero, and rows mended.
//!
//! Events bring the tables up to date within seconds; what they don't bring was lost on the way, and this finds it within a day.

use std::time::Duration;

use rerp_kit::telemetry::chain;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::event::Kind;
use crate::mirror::{Mirror, MirrorError};
use crate::store::mirror::ROW;
use crate::store::reconciliation::{self as store, Found};
use crate::stripe::object::Metadata;

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(600);
/// Pages of Stripe's list that a turn reads at most: 100,000 subscriptions.
const MOST_PAGES: u32 = 1_000;

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    metadata: Metadata,
}

/// Compares every subscription that has not ended, and looks for those at Stripe that have no row here.
///
/// # Errors
/// See [`MirrorError`]: the turn ends when a table can't be used or a page of Stripe's list can't be had; what was mended stays so.
pub async fn run(mirror: &Mirror) -> Result<Found, MirrorError> {
    let mut found = Found::default();
    let mut after = Uuid::nil();
    loop {
        let page = store::living(&mirror.db, after).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (id, stripe_id) in page {
            let before = store::says(&mirror.db, id).await?;
            match mirror.refresh(Kind::Subscription, &stripe_id, None).await {
                Ok(_) => found.compared += 1,
                Err(error @ MirrorError::Database(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(%id, error = chain(&error), "a subscription could not be compared");
                    continue;
                }
            }
            if store::says(&mirror.db, id).await? != before {
                tracing::warn!(%id, "a subscription's row said something else than stripe");
                found.differences += 1;
            }
        }
    }
    found.unknown = unknown(mirror).await?;
    Ok(found)
}

async fn unknown(mirror: &Mirror) -> Result<i32, MirrorError> {
    let (mut unknown, mut after) = (0, None);
    for _ in 0..MOST_PAGES {
        let (page, more) = mirror.stripe.page::<Listed>(Kind::Subscription, after.as_deref()).await?;
        for listed in &page {
            // What carries no identifier of ours was made by somebody else in the same account, and is theirs.
            let Some(id) = listed.metadata.get(ROW).and_then(|id| id.parse().ok()) else { continue };
            if !store::is_known(&mirror.db, id).await? {
                tracing::error!(
                    stripe = listed.id,
                    "a subscription at stripe has no row: end it there, or restore the row"
                );
                unknown += 1;
            }
        }
        after = page.last().map(|last| last.id.clone());
        if !more {
            return Ok(unknown);
        }
    }
    tracing::error!(MOST_PAGES, "stripe lists more subscriptions than a night looks at");
    Ok(unknown)
}

/// Does its turn each night until told to stop.
pub async fn keep(mirror: Mirror, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        match turn(&mirror).await {
            Ok(Some(found)) => tracing::info!(?found, "compared with stripe"),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = chain(&error), "comparing with stripe waits for the next night"),
        }
    }
}

async fn turn(mirror: &Mirror) -> Result<Option<Found>, MirrorError> {
    if !store::begin(&mirror.db).await? {
        return Ok(None);
    }
    let found = run(mirror).await?;
    store::finish(&mirror.db, found).await?;
    Ok(Some(found))
}
