//! What a gateway is asked to serve: everything in its namespace that could concern it. In: the gateway's object. Out: `Around`, none for a
//! service that is no gateway. Must not: judge; and of Secrets read only those that an Ingress or a Gateway of our class names.

use crate::cluster::child::Owner;
use crate::cluster::gateway_api::{Gateway, HttpRoute};
use crate::cluster::{Error, apply::Child, read};
use crate::context::Context;
use crate::service::check::edge::named;
use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::Api;
use std::collections::BTreeMap;

/// The namespace around a gateway.
#[derive(Default)]
pub struct Around {
    /// Every Ingress, whatever its class.
    pub ingresses: Vec<Ingress>,
    /// Every Gateway; none where the kind isn't known.
    pub gateways: Vec<Gateway>,
    /// Every HTTPRoute; none where the kind isn't known.
    pub routes: Vec<HttpRoute>,
    /// Every Service.
    pub services: Vec<Service>,
    /// Secrets with certificates; none for one that does not exist.
    pub secrets: BTreeMap<String, Option<Secret>>,
}

/// Reads what is around the gateway.
///
/// # Errors
/// The API server refuses or fails.
pub async fn around(owner: &Owner, context: &Context) -> Result<Option<Around>, Error> {
    if owner.name != context.settings.gateway {
        return Ok(None);
    }
    let mut around = Around {
        ingresses: all(context, owner).await?,
        gateways: known(all(context, owner).await)?,
        routes: known(all(context, owner).await)?,
        services: all(context, owner).await?,
        secrets: BTreeMap::new(),
    };
    let secrets = Api::<Secret>::namespaced(context.client.clone(), &owner.namespace);
    for name in named(&around) {
        let found = read::get(&secrets, &name).await?;
        around.secrets.insert(name, found);
    }
    Ok(Some(around))
}

async fn all<K: Child>(context: &Context, owner: &Owner) -> Result<Vec<K>, Error> {
    read::all(&Api::namespaced(context.client.clone(), &owner.namespace), "").await
}

/// Of a kind that the cluster doesn't know there is nothing.
fn known<K>(found: Result<Vec<K>, Error>) -> Result<Vec<K>, Error> {
    match found {
        Err(error) if error.is_gone() => Ok(Vec::new()),
        other => other,
    }
}
