//! What proves who the service is, and what it trusts: a Secret with the certificate, a ConfigMap with roots and callers. The
//! pods see both as files of one directory and follow their changes without a restart.

use crate::cluster::child::Owner;
use crate::pki::issue::Leaf;
use crate::pki::{ROOTS, to_secret};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use rerp_crds::names;

/// Component of these children: they are applied, and stay, apart from the others.
const COMPONENT: &str = "certificate";
/// Key of the list of callers, a SPIFFE ID in each line.
const PEERS: &str = "peers";

pub(in crate::service) fn secret(owner: &Owner, leaf: &Leaf) -> Secret {
    Secret { metadata: owner.child(&names::service_tls_secret(&owner.name), COMPONENT), ..to_secret(leaf) }
}

pub(in crate::service) fn trust(owner: &Owner, roots: &str, callers: &[String]) -> ConfigMap {
    let peers = callers.iter().fold(String::new(), |text, id| text + id + "\n");
    ConfigMap {
        metadata: owner.child(&names::service_trust(&owner.name), COMPONENT),
        data: Some([(ROOTS.to_owned(), roots.to_owned()), (PEERS.to_owned(), peers)].into()),
        ..ConfigMap::default()
    }
}
