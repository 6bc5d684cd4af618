//! All writes of a pass. In: `Checked`, `Built`. Out: `Applied`, or the stop that ended it.
//!
//! The way to a server is open before the pods learn of the server: the NetworkPolicy comes before the Secrets, and these before
//! the pods that mount them. What is no longer wanted goes last.

use super::MANAGER;
use super::build::{Built, Logins};
use super::check::{Checked, Stop};
use super::gather::COMPONENT;
use crate::cluster::Error;
use crate::cluster::prune::prune;
use crate::context::Context;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;

/// A pass that went through: everything in `checked` is now so.
pub(super) struct Applied {
    /// What was wanted, and is.
    pub checked: Checked,
    /// The Deployment as it is now.
    pub deployment: Deployment,
}

/// Applies everything.
pub(super) async fn apply(checked: Checked, built: Built, context: &Context) -> Result<Applied, Stop> {
    let deployment = children(&checked, built, context).await?;
    if let Some(end) = checked.network.leaving.ends() {
        context.look_again_by(&checked.owner.uid, end);
    }
    Ok(Applied { checked, deployment })
}

async fn children(checked: &Checked, built: Built, context: &Context) -> Result<Deployment, Error> {
    let applier = context.applier(MANAGER, checked.owner.clone());
    let Built { account, network_policy, rights, logins, deployment, service, budget } = built;
    applier.apply(&account).await?;
    applier.apply(&network_policy).await?;
    if let Some(rights) = &rights {
        applier.apply(rights).await?;
    }
    let mut secrets = Vec::new();
    if let Some(Logins { app, migrate }) = logins {
        applier.apply(&app).await?;
        applier.apply(&migrate).await?;
        secrets = vec![app.name_any(), migrate.name_any()];
    }
    applier.apply(&service).await?;
    let deployment = applier.apply(&deployment).await?;
    if let Some(budget) = &budget {
        applier.apply(budget).await?;
    }
    let (client, metrics, owner) = (&context.client, &context.metrics, &checked.owner);
    let budgets: Vec<String> = budget.iter().map(ResourceExt::name_any).collect();
    prune::<PodDisruptionBudget>(client, metrics, owner, COMPONENT, &borrowed(&budgets)).await?;
    prune::<Secret>(client, metrics, owner, COMPONENT, &borrowed(&secrets)).await?;
    Ok(deployment)
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
