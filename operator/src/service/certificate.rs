//! The service's certificate and the list of its callers, kept fresh in every pass: also in one that goes no further, because
//! the service is suspended or its spec is refused. Its pods serve on, and a certificate that ends would end them.
//!
//! In: the object, the services around it. Out: `Certified`, two children applied, the next visit due at the renewal at the latest.

use super::MANAGER;
use super::build::certificate as build;
use super::check::dependencies;
use super::gather::Services;
use crate::cluster::child::Owner;
use crate::cluster::read;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::pki::issue::{self, Leaf, Names};
use crate::pki::plan::{self, Due, Life, Wanted};
use crate::pki::{self, authority};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use rerp_crds::names::{self, Id};
use rerp_crds::{Reason, RerpService, mtls};

/// A service whose certificate is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The identity it proves.
    pub identity: String,
    /// From when until when.
    pub life: Life,
    /// Services that are let in.
    pub callers: Vec<String>,
}

/// How soon a certificate that could not be looked after is looked after again, whatever else is to be said of the service.
const SOON: SignedDuration = SignedDuration::from_secs(5);

/// Keeps Secret and ConfigMap as they should be.
pub(super) async fn keep(object: &RerpService, services: &Services, context: &Context) -> Result<Certified, Outcome> {
    let owner = Owner::of(object);
    let kept = kept_fresh(object, &owner, services, context).await;
    let due = match &kept {
        Ok(certified) => Some(certified.life.renewal_at),
        Err(Outcome::Refused { .. }) => None,
        Err(_) => context.clock.now().checked_add(SOON).ok(),
    };
    if let Some(due) = due {
        context.look_again_by(&owner.uid, due);
    }
    kept
}

async fn kept_fresh(
    object: &RerpService,
    owner: &Owner,
    services: &Services,
    context: &Context,
) -> Result<Certified, Outcome> {
    let ttl = mtls::certificate_ttl(object.spec.mtls.as_ref())
        .map_err(|error| Outcome::refused(Reason::InvalidSpec, format!("spec.mtls.certificateTTL: {error}")))?;
    let authority = authority::ensure(context).await?;
    let (domain, now) = (context.settings.trust_domain.as_str(), context.clock.now());
    let wanted = Wanted { names: names_of(owner, domain), ttl, authority: authority.key_id().to_vec() };
    let secrets = Api::<Secret>::namespaced(context.client.clone(), &owner.namespace);
    let live = read::get(&secrets, &names::service_tls_secret(&owner.name)).await?;
    let (leaf, life) = match plan::due(live.as_ref(), &wanted, now).and_then(|life| kept(live, life)) {
        Ok(kept) => kept,
        Err(why) => make(&authority, &wanted, why, now)?,
    };
    let callers = callers(object, services);
    let ids = callers.iter().map(|name| names::spiffe_id(domain, Id { namespace: &owner.namespace, name }));
    let applier = context.applier(MANAGER, owner.clone());
    applier.apply(&build::secret(owner, &leaf)).await?;
    applier.apply(&build::trust(owner, authority.roots(), &ids.collect::<Vec<_>>())).await?;
    Ok(Certified { identity: wanted.names.identity, life, callers })
}

fn names_of(owner: &Owner, domain: &str) -> Names {
    let id = Id { namespace: &owner.namespace, name: &owner.name };
    Names { identity: names::spiffe_id(domain, id), hosts: names::service_hosts(id).to_vec() }
}

fn kept(live: Option<Secret>, life: Life) -> Result<(Leaf, Life), Due> {
    let data = live.and_then(|secret| secret.data).ok_or(Due::Absent)?;
    let text = |key: &str| data.get(key).and_then(|bytes| String::from_utf8(bytes.0.clone()).ok()).ok_or(Due::Unusable);
    Ok((Leaf { certificate: text(pki::CERTIFICATE)?, key: text(pki::KEY)? }, life))
}

fn make(authority: &authority::Authority, wanted: &Wanted, why: Due, now: Timestamp) -> Result<(Leaf, Life), Outcome> {
    let failed = |error: pki::Error| error.outcome(names::CA_SECRET);
    let leaf = issue::leaf(authority, &wanted.names, wanted.ttl, now).map_err(failed)?;
    let life = plan::life_from(now, wanted.ttl).ok_or(pki::Error::Time).map_err(failed)?;
    tracing::info!(identity = wanted.names.identity, ?why, until = %life.not_after, "made a certificate");
    Ok((leaf, life))
}

/// Who is let in, in the order of their names. A caller that can't be decoded any more keeps its place.
fn callers(object: &RerpService, services: &Services) -> Vec<String> {
    let before = object.status.as_ref().and_then(|status| status.resolved.as_ref());
    let before = before.into_iter().flat_map(|resolved| &resolved.callers);
    let kept = before.filter(|name| services.undecodable.contains(*name)).cloned();
    let mut callers = dependencies::callers(object.metadata.name.as_deref().unwrap_or_default(), &services.known);
    callers.extend(kept);
    callers.into_iter().collect()
}
