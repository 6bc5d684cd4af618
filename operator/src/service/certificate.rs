//! The service's certificate and the list of its callers, kept fresh in every pass: also in one that goes no further, because
//! the service is suspended or its spec is refused. Its pods serve on, and a certificate that ends would end them.
//!
//! In: the object, the services around it. Out: `Certified`, two children applied, the next visit due at the renewal at the latest.

use super::MANAGER;
use super::build::certificate as build;
use super::check::dependencies;
use super::gather::Services;
use crate::cluster::child::Owner;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::pki::issue::Names;
use crate::pki::keep::{self, Kept};
use crate::pki::plan::Life;
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

/// Keeps Secret and ConfigMap as they should be.
pub(super) async fn keep(object: &RerpService, services: &Services, context: &Context) -> Result<Certified, Outcome> {
    let owner = Owner::of(object);
    let kept = kept_fresh(object, &owner, services, context).await;
    keep::look_again(context, &owner, kept.as_ref().map(|certified| &certified.life));
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
    let domain = context.settings.trust_domain.as_str();
    let names = names_of(owner, domain);
    let identity = names.identity.clone();
    let Kept { leaf, life, roots } =
        keep::keep(context, owner, &names::service_tls_secret(&owner.name), names, ttl).await?;
    let callers = callers(object, services);
    let ids = callers.iter().map(|name| names::spiffe_id(domain, Id { namespace: &owner.namespace, name }));
    let applier = context.applier(MANAGER, owner.clone());
    applier.apply(&build::secret(owner, &leaf)).await?;
    applier.apply(&build::trust(owner, &roots, &ids.collect::<Vec<_>>())).await?;
    Ok(Certified { identity, life, callers })
}

fn names_of(owner: &Owner, domain: &str) -> Names {
    let id = Id { namespace: &owner.namespace, name: &owner.name };
    Names { identity: names::spiffe_id(domain, id), hosts: names::service_hosts(id).to_vec() }
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
