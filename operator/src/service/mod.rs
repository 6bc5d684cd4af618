//! RerpService: runs a service as pods, gives it an address and the credentials of the database its data is in.
//!
//!   certificate, gather -> check -> build -> apply, report
//!
//! In: the object. Out: children and a status. A split changes two Secrets and never the pods: the pod template depends on
//! neither database. Needs no finalizer: every child goes by owner reference.

mod apply;
pub mod build;
pub mod certificate;
pub mod check;
pub mod gather;
mod report;

use crate::context::Context;
use crate::outcome::Outcome;
use certificate::Certified;
use check::Stop;
use gather::Services;
use rerp_crds::{Reason, RerpService};
use std::time::Duration;

/// Field manager of everything this room writes.
pub const MANAGER: &str = "rerp-operator/service";

/// One pass. Every pass ends in `report`, whatever happened before.
pub async fn reconcile(object: &RerpService, context: &Context) -> Outcome {
    // A pass holds much. On the heap it is no matter how deep the stack is on which somebody waits for it.
    let (certified, applied) = Box::pin(passes(object, context)).await;
    report::report(object, context, certified, applied).await
}

/// The certificate first, always; then everything else. No certificate is looked after while the object goes away.
async fn passes(
    object: &RerpService,
    context: &Context,
) -> (Option<Result<Certified, Outcome>>, Result<apply::Applied, Stop>) {
    if object.metadata.deletion_timestamp.is_some() {
        // Making children anew would hold up the garbage collector.
        let on = "the garbage collector, which removes the children";
        return (None, Err(Outcome::waiting(Reason::Deleting, on, Duration::from_secs(30)).into()));
    }
    let services = match gather::services(object, context).await {
        Ok(services) => services,
        Err(error) => return (None, Err(error.into())),
    };
    let certified = certificate::keep(object, &services, context).await;
    (Some(certified), Box::pin(pass(object, services, context)).await)
}

async fn pass(object: &RerpService, services: Services, context: &Context) -> Result<apply::Applied, Stop> {
    if object.spec.suspend == Some(true) {
        return Err(Outcome::Suspended.into());
    }
    if let Some(name) = services.undecodable.first() {
        // It may use the same database. Certificates are looked after all the same.
        let message = format!(
            "RerpService {name} can't be decoded, so what it shares with this one is not known; correct or delete it"
        );
        return Err(Outcome::failed(Reason::ApiError, message).into());
    }
    let gathered = Box::pin(gather::gather(object, services.known, context)).await?;
    let checked = check::check(object, gathered, &context.settings)?;
    let built = build::build(&checked);
    Box::pin(apply::apply(checked, built, context)).await
}

/// Whether a service has its data in the ServiceDatabase `name`, is moving there, or wishes to.
pub fn uses_database(service: &RerpService, name: &str) -> bool {
    let resolved = service.status.as_ref().and_then(|status| status.resolved.as_ref());
    let known = resolved.into_iter().flat_map(|one| [&one.database_ref, &one.next_database_ref]);
    known.chain([&service.spec.database_ref]).flatten().any(|reference| reference.name == name)
}
