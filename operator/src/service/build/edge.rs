//! What a gateway is told: a ConfigMap with the rules, a Secret with the certificates. Its pods see both as files, and follow them without a
//! restart.

use crate::service::check::Checked;
use crate::service::check::edge::Served;
use crate::service::check::edge::certificate::Certificate;
use crate::service::gather::COMPONENT;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use rerp_crds::names;

/// Name of the file with the rules.
const FILE: &str = "routes.json";

pub(super) fn routes(checked: &Checked, served: &Served) -> ConfigMap {
    let owner = &checked.owner;
    ConfigMap {
        metadata: owner.child(&names::gateway_routes(&owner.name), COMPONENT),
        data: Some([(FILE.to_owned(), served.file())].into()),
        ..ConfigMap::default()
    }
}

/// Copies of what others' Secrets hold: pods can't mount a Secret that they aren't told of when they start.
pub(super) fn certificates(checked: &Checked, served: &Served) -> Secret {
    let owner = &checked.owner;
    let files = |one: &Certificate| -> [(String, ByteString); 2] {
        [(format!("{}.crt", one.name), one.chain.clone()), (format!("{}.key", one.name), one.key.clone())]
    };
    Secret {
        metadata: owner.child(&names::gateway_certificates(&owner.name), COMPONENT),
        data: Some(served.certificates.iter().flat_map(files).collect()),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    }
}
