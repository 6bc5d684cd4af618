//! All writes of a pass. In: `Checked`, `Built`. Out: `Applied`, or the stop that ended it.
//!
//! The way to a server is open before the pods learn of the server: the NetworkPolicy comes before the Secrets, and these before
//! the pods that mount them. The way in from outside comes after the pods it leads to. What is no longer wanted goes last.

mod edge;
mod gateway_status;

use super::MANAGER;
use super::build::{Built, Logins, Told};
use super::check::edge::{AGAIN, Edge, Served};
use super::check::exposure::{self, Exposure};
use super::check::{Checked, Stop, Verdict};
use super::gather::COMPONENT;
use crate::cluster::Error;
use crate::cluster::apply::Applier;
use crate::cluster::gateway_api::HttpRoute;
use crate::cluster::prune::prune;
use crate::context::Context;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;
use rerp_crds::names::Id;

/// A pass that went through: everything in `checked` is now so.
pub(super) struct Applied {
    /// What was wanted, and is.
    pub checked: Checked,
    /// The Deployment as it is now.
    pub deployment: Deployment,
    /// Whether requests from outside are led to it, as whoever leads them says.
    pub exposed: Verdict,
}

/// Applies everything.
pub(super) async fn apply(checked: Checked, built: Built, context: &Context) -> Result<Applied, Stop> {
    let (deployment, exposed) = children(&checked, built, context).await?;
    if let Some(end) = checked.network.leaving.ends() {
        context.look_again_by(&checked.owner.uid, end);
    }
    Ok(Applied { checked, deployment, exposed })
}

async fn children(checked: &Checked, built: Built, context: &Context) -> Result<(Deployment, Verdict), Error> {
    let applier = context.applier(MANAGER, checked.owner.clone());
    let Built { account, network_policy, rights, served, logins, deployment, service, budget, ingress, http_route } =
        built;
    applier.apply(&account).await?;
    applier.apply(&network_policy).await?;
    if let Some(rights) = &rights {
        applier.apply(rights).await?;
    }
    let mut secrets = Vec::new();
    if let Some(Told { routes, certificates }) = served {
        applier.apply(&certificates).await?;
        applier.apply(&routes).await?;
        secrets.push(certificates.name_any());
    }
    if let Some(Logins { app, migrate }) = logins {
        applier.apply(&app).await?;
        applier.apply(&migrate).await?;
        secrets.extend([app.name_any(), migrate.name_any()]);
    }
    applier.apply(&service).await?;
    let deployment = applier.apply(&deployment).await?;
    if let Some(budget) = &budget {
        applier.apply(budget).await?;
    }
    if let Edge::Itself(served) = &checked.edge {
        serve(checked, served, context).await?;
    }
    let exposed = expose(&checked.exposure, &applier, ingress.as_ref(), http_route.as_ref()).await?;
    let (client, metrics, owner) = (&context.client, &context.metrics, &checked.owner);
    let budgets: Vec<String> = budget.iter().map(ResourceExt::name_any).collect();
    prune::<PodDisruptionBudget>(client, metrics, owner, COMPONENT, &borrowed(&budgets)).await?;
    prune::<Secret>(client, metrics, owner, COMPONENT, &borrowed(&secrets)).await?;
    let ingresses: Vec<String> = ingress.iter().map(ResourceExt::name_any).collect();
    prune::<Ingress>(client, metrics, owner, COMPONENT, &borrowed(&ingresses)).await?;
    let routes: Vec<String> = http_route.iter().map(ResourceExt::name_any).collect();
    match prune::<HttpRoute>(client, metrics, owner, COMPONENT, &borrowed(&routes)).await {
        Err(error) if !error.is_gone() => return Err(error),
        // A cluster that doesn't know the kind has nothing of it.
        Ok(_) | Err(_) => {}
    }
    Ok((deployment, exposed))
}

/// Tells whose objects the gateway serves, and looks again when a way is to be closed, and soon if something is missing that no watch tells of.
async fn serve(checked: &Checked, served: &Served, context: &Context) -> Result<(), Error> {
    let owner = &checked.owner;
    edge::tell(served, Id { namespace: &owner.namespace, name: &owner.name }, context).await?;
    if let Some(end) = served.left.ends() {
        context.look_again_by(&owner.uid, end);
    }
    if served.awaits_a_secret() {
        let now = context.clock.now();
        context.look_again_by(&owner.uid, now.checked_add(AGAIN).unwrap_or(now));
    }
    Ok(())
}

/// Makes the way in from outside and says what has become of it.
async fn expose(
    exposure: &Exposure,
    applier: &Applier,
    ingress: Option<&Ingress>,
    http_route: Option<&HttpRoute>,
) -> Result<Verdict, Error> {
    let Some(wanted) = &exposure.wanted else { return Ok(exposure.verdict.clone()) };
    if let Some(ingress) = ingress {
        return Ok(exposure::taken(wanted, &applier.apply(ingress).await?));
    }
    let Some(route) = http_route else { return Ok(exposure.verdict.clone()) };
    match applier.apply(route).await {
        Ok(live) => Ok(exposure::accepted(wanted, &live)),
        Err(error) if error.is_gone() => Ok(exposure::unknown()),
        Err(error) => Err(error),
    }
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
