//! ServiceDatabase: gives one service a schema, roles and credentials, on a PostgreSQL of its own
//! (`embedded`) or inside another ServiceDatabase's (`shared`).
//!
//!   certificate, gather -> check -> build -> apply, report
//!
//! In: the object. Out: children, a schema with roles, Secrets with logins, a status. Nothing here
//! needs a finalizer: children go by owner reference, volumes follow the StatefulSet's retention
//! policy, and what a shared server holds is kept.

mod apply;
pub mod build;
pub mod certificate;
pub mod check;
pub mod credentials;
pub mod engine;
pub mod gather;
mod report;

use crate::context::Context;
use crate::outcome::Outcome;
use certificate::Certified;
use rerp_crds::{Reason, ServiceDatabase};
use std::time::Duration;

/// Field manager of everything this room writes.
pub const MANAGER: &str = "rerp-operator/database";

/// One pass. Every pass ends in `report`, whatever happened before.
pub async fn reconcile(object: &ServiceDatabase, context: &Context) -> Outcome {
    let (certified, applied) = passes(object, context).await;
    report::report(object, context, certified, applied).await
}

/// The server's certificate first, always; then everything else. It is not looked after while the object goes away.
async fn passes(
    object: &ServiceDatabase,
    context: &Context,
) -> (Option<Result<Certified, Outcome>>, Result<apply::Applied, Outcome>) {
    if object.metadata.deletion_timestamp.is_some() {
        // Making children anew would hold up the garbage collector.
        let on = "the garbage collector, which removes everything but retained data";
        return (None, Err(Outcome::waiting(Reason::Deleting, on, Duration::from_secs(30))));
    }
    let certified = certificate::keep(object, context).await;
    let applied = pass(object, certified.as_ref(), context).await;
    (certified, applied)
}

async fn pass(
    object: &ServiceDatabase,
    certified: Option<&Result<Certified, Outcome>>,
    context: &Context,
) -> Result<apply::Applied, Outcome> {
    let gathered = gather::gather(object, certified, context).await?;
    let checked = check::check(object, gathered, &context.settings)?;
    let built = build::build(&checked);
    apply::apply(checked, built, context).await
}
