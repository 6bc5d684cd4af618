//! The certificate of an embedded server, kept fresh in every pass: also in one that goes no further, because the spec is refused.
//! The server serves on, and a certificate that ends would end every new connection.
//!
//! In: the object. Out: `Certified`, one child applied, the next visit due at the renewal at the latest.

use super::MANAGER;
use super::build::certificate as build;
use crate::cluster::child::Owner;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::pki::issue::Names;
use crate::pki::keep::{self, Kept};
use crate::pki::plan::Life;
use rerp_crds::database::EmbeddedEngine;
use rerp_crds::names::{self, Id};
use rerp_crds::{Reason, ServiceDatabase, mtls};

/// A server whose certificate is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The identity it proves.
    pub identity: String,
    /// From when until when.
    pub life: Life,
    /// What clients have to trust, PEM.
    pub roots: String,
}

/// Keeps the Secret as it should be. None for an object that runs no server.
pub(super) async fn keep(object: &ServiceDatabase, context: &Context) -> Option<Result<Certified, Outcome>> {
    let embedded = object.spec.engine.embedded.as_ref()?;
    let owner = Owner::of(object);
    let kept = kept_fresh(embedded, &owner, context).await;
    keep::look_again(context, &owner, kept.as_ref().map(|certified| &certified.life));
    Some(kept)
}

async fn kept_fresh(embedded: &EmbeddedEngine, owner: &Owner, context: &Context) -> Result<Certified, Outcome> {
    let ttl = mtls::ttl(embedded.certificate_ttl.as_ref()).map_err(|error| {
        Outcome::refused(Reason::InvalidSpec, format!("spec.engine.embedded.certificateTTL: {error}"))
    })?;
    let names = names_of(owner, &context.settings.trust_domain);
    let identity = names.identity.clone();
    let Kept { leaf, life, roots } =
        keep::keep(context, owner, &names::postgres_tls_secret(&owner.name), names, ttl).await?;
    context.applier(MANAGER, owner.clone()).apply(&build::secret(owner, &leaf, &roots)).await?;
    Ok(Certified { identity, life, roots })
}

/// The identity is that of the server's Service: no RerpService can have the name, and so none can be taken for the server.
fn names_of(owner: &Owner, domain: &str) -> Names {
    let server = names::postgres(&owner.name);
    let (account, database) =
        (Id { namespace: &owner.namespace, name: &server }, Id { namespace: &owner.namespace, name: &owner.name });
    Names { identity: names::spiffe_id(domain, account), hosts: names::postgres_hosts(database).to_vec() }
}
