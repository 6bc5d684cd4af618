//! DatabaseSplitMigration: starts the worker of a migration, tells it how far to go, and shows what it reports.
//! The work itself is the worker's (crate `rerp-split`); an operator that is down stops nothing.

pub mod act;
pub mod address;
pub mod build;
pub mod check;
pub mod decide;
pub mod gather;
pub mod journal;
pub mod report;
pub mod window;

use crate::cluster::status;
use crate::context::Context;
use crate::outcome::Outcome;
use decide::Decision;
use gather::Observed;
use rerp_crds::{DatabaseSplitMigration, Reason};

/// One pass over one migration.
pub async fn reconcile(migration: &DatabaseSplitMigration, context: &Context) -> Outcome {
    let (seen, decision, outcome) = pass(migration, context).await;
    let now = context.clock.now();
    let after = report::status(migration, seen.as_ref(), decision.as_ref(), &outcome, now);
    status::settle(context, act::MANAGER, migration, outcome, after, |status| &status.conditions).await
}

async fn pass(migration: &DatabaseSplitMigration, context: &Context) -> (Option<Observed>, Option<Decision>, Outcome) {
    let seen = match gather::gather(context, migration).await {
        Ok(seen) => seen,
        Err(error) => return (None, None, unread(migration, error)),
    };
    let decision = decide::decide(migration, &seen, context.clock.now());
    let outcome = match act::act(context, migration, &seen, &decision).await {
        Ok(()) => decision.outcome.clone(),
        Err(error) => error.into(),
    };
    (Some(seen), Some(decision), outcome)
}

/// Without its journal nothing is decided. Whoever deletes wants to know what that leaves where.
fn unread(migration: &DatabaseSplitMigration, error: gather::GatherError) -> Outcome {
    match &error {
        gather::GatherError::Database { side, source } if migration.metadata.deletion_timestamp.is_some() => {
            let why = format!("{side}: {}", source.describe());
            Outcome::failed(Reason::ServerUnreachable, report::left_on(migration, None, *side, &why))
        }
        _ => error.into(),
    }
}

impl From<gather::GatherError> for Outcome {
    fn from(error: gather::GatherError) -> Self {
        match error {
            gather::GatherError::Cluster(error) => error.into(),
            gather::GatherError::Database { side, source } => {
                Self::failed(Reason::ServerUnreachable, format!("{side}: {}", source.describe()))
            }
        }
    }
}

impl From<act::ActError> for Outcome {
    fn from(error: act::ActError) -> Self {
        match error {
            act::ActError::Cluster(error) => error.into(),
            act::ActError::Journal(error) => Self::failed(Reason::ServerUnreachable, error.describe()),
            act::ActError::Address(_) | act::ActError::Spec(_) => Self::failed(Reason::Retrying, error.to_string()),
        }
    }
}
