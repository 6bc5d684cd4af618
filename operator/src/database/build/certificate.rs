//! What proves who the server is, and what it trusts when it is the client of another server. The pod sees it as files and follows
//! their changes without a restart.

use crate::cluster::child::Owner;
use crate::pki::issue::Leaf;
use crate::pki::{ROOTS, to_secret};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use rerp_crds::names;

/// Component of this child: it is applied, and stays, apart from the others.
const COMPONENT: &str = "certificate";

pub(in crate::database) fn secret(owner: &Owner, leaf: &Leaf, roots: &str) -> Secret {
    let mut secret =
        Secret { metadata: owner.child(&names::postgres_tls_secret(&owner.name), COMPONENT), ..to_secret(leaf) };
    secret.data.get_or_insert_default().insert(ROOTS.to_owned(), ByteString(roots.as_bytes().to_vec()));
    secret
}
