//! All writes of one pass but status. In: a decision. Out: nothing; the next pass sees what came of it.
//! Order: hold the object before anything exists that it must outlive; tell the worker to rest, and open its way, before it runs, and to
//! go on once it is the right one; close the way when it is gone; release last.

use super::address::Address;
use super::build::network_policy::network_policy;
use super::build::worker as build;
use super::decide::{Decision, Worker, WorkerAct};
use super::gather::{FINALIZER, Member, Observed};
use super::journal::{self, JournalError};
use crate::cluster::{self, call, child::Owner, prune};
use crate::context::Context;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use rerp_crds::{DatabaseSplitMigration, names};
use serde_json::json;

/// Field manager of this room's writes.
pub const MANAGER: &str = "rerp-operator/split";

/// A write that failed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The Kubernetes API.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// One of the databases.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The worker's spec.
    #[error("encode the worker's spec")]
    Spec(#[from] serde_json::Error),
    /// An address that is none, though the database is ready.
    #[error("the admin Secret of ServiceDatabase {0} holds no usable address")]
    Address(String),
}

/// Carries out a decision.
///
/// # Errors
/// The first write that failed; all of them can be done again.
pub async fn act(
    context: &Context,
    migration: &DatabaseSplitMigration,
    seen: &Observed,
    decision: &Decision,
) -> Result<(), ActError> {
    if decision.hold && !seen.held {
        finalizer(context, migration, true).await?;
    }
    let owner = Owner::of(migration);
    match &decision.worker {
        WorkerAct::Run(worker) => run(context, &owner, seen, worker).await?,
        WorkerAct::Leave => {}
        WorkerAct::Suspend => {
            // Without an address nobody can be told, and the outcome says what is missing.
            if let Some(source) = seen.source.as_ref().and_then(|source| source.admin.as_ref()) {
                journal::suspend(context.postgres, source, &names::migration_id(&owner.uid)).await?;
            }
        }
        WorkerAct::Remove => {
            prune::prune::<Deployment>(&context.client, &context.metrics, &owner, build::COMPONENT, &[]).await?;
            prune::prune::<Secret>(&context.client, &context.metrics, &owner, build::COMPONENT, &[]).await?;
        }
    }
    if decision.close {
        prune::prune::<NetworkPolicy>(&context.client, &context.metrics, &owner, build::COMPONENT, &[]).await?;
    }
    if decision.forget {
        let id = names::migration_id(&owner.uid);
        for at in [&seen.source, &seen.target].into_iter().flatten().filter_map(|member| member.admin.as_ref()) {
            journal::forget(context.postgres, at, &id).await?;
        }
    }
    if !decision.hold && seen.held {
        finalizer(context, migration, false).await?;
    }
    Ok(())
}

async fn run(context: &Context, owner: &Owner, seen: &Observed, worker: &Worker) -> Result<(), ActError> {
    let source = address(seen.source.as_ref(), "source")?;
    let target = address(seen.target.as_ref(), "target")?;
    let id = &worker.checked.spec.migration;
    // What holds it back comes first, and what lets it go on last: a worker that has read another spec may still be there.
    let rests = worker.wish.suspend || worker.wish.abort;
    let tell = || journal::tell(context.postgres, source, id, &worker.wish, worker.turn, worker.rehearsal);
    if rests {
        tell().await?;
    }
    let uri = |at: &Address| at.uri().ok_or_else(|| ActError::Address(at.admin.host.clone()));
    let spec = serde_json::to_string_pretty(&worker.checked.spec)?;
    let applier = context.applier(MANAGER, owner.clone());
    let servers = [&seen.source, &seen.target].into_iter().flatten().map(|member| member.server.as_str()).collect();
    applier.apply(&network_policy(owner, servers)).await?;
    let roots = roots(source, target);
    applier.apply(&build::secret(owner, uri(source)?, uri(target)?, spec, roots)).await?;
    applier.apply(&build::deployment(owner, &context.settings.image_split, &worker.checked.spec)).await?;
    if !rests {
        tell().await?;
    }
    Ok(())
}

fn address<'a>(member: Option<&'a Member>, role: &str) -> Result<&'a Address, ActError> {
    member.and_then(|member| member.admin.as_ref()).ok_or_else(|| ActError::Address(role.to_owned()))
}

/// What the worker verifies both servers with. One authority signs for both, but while it changes one of their Secrets may be ahead.
fn roots(source: &Address, target: &Address) -> String {
    let (one, other) = (&source.admin.roots, &target.admin.roots);
    if one == other { one.clone() } else { format!("{one}{other}") }
}

/// Adds or removes our finalizer; the resourceVersion makes sure that nobody else's is lost.
async fn finalizer(context: &Context, migration: &DatabaseSplitMigration, wanted: bool) -> Result<(), cluster::Error> {
    let (name, namespace) = (migration.name_any(), migration.namespace().unwrap_or_default());
    let mut all: Vec<&str> =
        migration.finalizers().iter().map(String::as_str).filter(|one| *one != FINALIZER).collect();
    if wanted {
        all.push(FINALIZER);
    }
    let body = json!({"metadata": {"resourceVersion": migration.resource_version(), "finalizers": all}});
    let api = Api::<DatabaseSplitMigration>::namespaced(context.client.clone(), &namespace);
    let (params, patch) = (PatchParams::default(), Patch::Merge(&body));
    let patched = api.patch(&name, &params, &patch);
    let verb = if wanted { "hold" } else { "release" };
    match call(verb, "DatabaseSplitMigration", &format!("{namespace}/{name}"), patched).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_gone() => Ok(()),
        Err(error) => Err(error),
    }
}
