//! Changes the authority without a person and without a restart. In: its Secret, and who holds what of it. Out: one step of
//! `rotation` at a time, each a single write that only succeeds on what was read: a crash loses nothing, a second process
//! changes nothing twice.

use super::authority::{Authority, text};
use super::rotation::{self, Stage, Step};
use super::{CERTIFICATE, Error, ROOTS, issue, plan};
use crate::cluster::{self, call, child, read};
use crate::context::Context;
use jiff::SignedDuration;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, PostParams};
use kube::{Resource, ResourceExt};
use rerp_crds::names::CA_SECRET;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often a settled authority is looked at.
const RARELY: Duration = Duration::from_secs(60);
/// How often one that changes is.
const OFTEN: Duration = Duration::from_secs(5);

/// A look that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The Kubernetes API.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The authority's Secret.
    #[error("Secret {CA_SECRET} with the certificate authority: {0}")]
    Authority(#[from] Error),
}

impl LookError {
    fn describe(&self) -> String {
        match self {
            Self::Cluster(error) => error.describe(),
            Self::Authority(_) => self.to_string(),
        }
    }
}

/// What a look came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What was done.
    pub step: Step,
    /// Whether a change is under way.
    pub changing: bool,
    /// Who lacks what the present stage waits for, as `Kind namespace/name`.
    pub lacking: Vec<String>,
}

impl Look {
    /// Whether certificates or trust have to be made anew.
    #[must_use]
    pub fn concerns_everybody(&self) -> bool {
        matches!(self.step, Step::Begin | Step::Sign | Step::Retire | Step::Replace)
    }
}

/// Looks after the authority until the shutdown. `tell` has every object visited. `watched` is the namespace that the operator
/// is limited to.
pub async fn run(context: &Context, watched: Option<&str>, tell: impl Fn(), shutdown: &CancellationToken) {
    let mut told = Instant::now();
    loop {
        let looked = look(context, watched).await;
        let again = match &looked {
            Ok(look) => {
                context.metrics.authority(look.changing, look.lacking.len());
                // Once more from time to time: the first call may have been lost, and some learn from others what to trust.
                if look.concerns_everybody() || (!look.lacking.is_empty() && told.elapsed() >= RARELY) {
                    told = Instant::now();
                    say(look);
                    tell();
                }
                if look.changing { OFTEN } else { RARELY }
            }
            Err(error) => {
                tracing::warn!(error = error.describe(), "can't look after the certificate authority");
                if matches!(error, LookError::Cluster(_)) { OFTEN } else { RARELY }
            }
        };
        tokio::select! {
            () = tokio::time::sleep(again) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Names some of those that a change waits for: the others are of the same kind.
fn say(look: &Look) {
    if !look.lacking.is_empty() {
        let some = look.lacking.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        tracing::warn!(count = look.lacking.len(), some, "the change of the authority waits for who lacks it");
    }
}

/// One look, and the step that is due.
///
/// # Errors
/// A call fails, or the Secret can't be read. Nothing is half done then.
pub async fn look(context: &Context, watched: Option<&str>) -> Result<Look, LookError> {
    let (namespace, now) = (context.settings.operator_namespace.as_str(), context.clock.now());
    let api = Api::<Secret>::namespaced(context.client.clone(), namespace);
    // The first one is made by whoever needs it first.
    let Some(secret) = read::get(&api, CA_SECRET).await? else {
        return Ok(Look { step: Step::Wait, changing: false, lacking: Vec::new() });
    };
    let stage = rotation::stage(&secret, now)?;
    let lacking = match stage {
        Stage::Spreading(_) | Stage::Signing(_) => lacking(context, watched, stage, &secret).await?,
        Stage::Settled | Stage::Due | Stage::Ended | Stage::EndedSpreading => Vec::new(),
    };
    let settle = match stage {
        Stage::Spreading(_) | Stage::Signing(_) => rotation::settle(&secret)?,
        _ => SignedDuration::ZERO,
    };
    let step = rotation::step(stage, !lacking.is_empty(), settle, now);
    if step != Step::Wait {
        let made = || issue::authority(&context.settings.trust_domain, now);
        let new = rotation::after(&secret, step, made)?;
        // What is written has to be usable: after an error here the old one still is.
        Authority::of(&new, now)?;
        call("update", "Secret", CA_SECRET, api.replace(CA_SECRET, &PostParams::default(), &new)).await?;
        context.metrics.wrote("update");
        tracing::info!(?stage, ?step, "the certificate authority changes");
    }
    Ok(Look { step, changing: stage != Stage::Settled, lacking })
}

/// Everything of ours that doesn't hold what the stage brought. What has no owner is nobody's any more.
async fn lacking(
    context: &Context,
    watched: Option<&str>,
    stage: Stage,
    secret: &Secret,
) -> Result<Vec<String>, LookError> {
    let awaited = rotation::awaited(secret, stage)?;
    let secrets = owned::<Secret>(context, watched).await?;
    let mut lacking = Vec::new();
    if let Stage::Spreading(_) = stage {
        let trusts = |roots: &str| roots.contains(awaited.trim());
        let maps = owned::<ConfigMap>(context, watched).await?;
        let distrusts =
            |map: &&ConfigMap| map.data.as_ref().and_then(|data| data.get(ROOTS)).is_some_and(|roots| !trusts(roots));
        lacking.extend(maps.iter().filter(distrusts).map(path));
        lacking.extend(secrets.iter().filter(|one| text(one, ROOTS).is_ok_and(|roots| !trusts(&roots))).map(path));
    } else {
        let key = Authority::of(secret, context.clock.now())?.key_id().to_vec();
        let foreign = |one: &&Secret| text(one, CERTIFICATE).is_ok_and(|leaf| !plan::is_signed_by(&leaf, &key));
        lacking.extend(secrets.iter().filter(foreign).map(path));
    }
    Ok(lacking)
}

/// All objects of a kind that are ours and belong to something that stays.
async fn owned<K>(context: &Context, watched: Option<&str>) -> Result<Vec<K>, cluster::Error>
where
    K: cluster::apply::Child + Resource<Scope = NamespaceResourceScope>,
{
    let mut all = read::all(&read::scoped::<K>(&context.client, watched), child::SELECTOR).await?;
    all.retain(|one| !one.owner_references().is_empty() && one.meta().deletion_timestamp.is_none());
    Ok(all)
}

fn path<K: cluster::apply::Child>(object: &K) -> String {
    format!("{} {}/{}", K::kind(&()), object.namespace().unwrap_or_default(), object.name_any())
}
