//! The one way a child is written. In: the whole wanted object. Out: the live object afterwards.
//! One GET, and a server-side apply only if something differs, so that a settled cluster sees no
//! writes, not even ones that change nothing. Must not: apply anything that was read back.

use super::{Error, call, child::Owner, covers::covers, read};
use crate::metrics::Metrics;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Debug;

/// Annotation: hash of the object we last applied. Tells that a field was dropped from what we
/// want, which a comparison with the live object alone can't see.
pub const HASH: &str = "rerp.dev/applied";

/// What every child must be.
pub trait Child:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}
impl<K> Child for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// Writes children of one owner under one field manager.
#[derive(Clone)]
pub struct Applier {
    client: Client,
    manager: &'static str,
    owner: Owner,
    metrics: Metrics,
}

impl Applier {
    /// `manager` is the field manager of the room, as in `rerp-operator/database`.
    pub fn new(client: Client, manager: &'static str, owner: Owner, metrics: Metrics) -> Self {
        Self { client, manager, owner, metrics }
    }

    /// Makes the cluster hold `wanted` and returns the live object.
    /// Fails with `NotOurs` if an object of that name belongs to somebody else.
    pub async fn apply<K: Child>(&self, wanted: &K) -> Result<K, Error> {
        let (kind, name) = (K::kind(&()), wanted.name_any());
        let body = stamped(wanted)?;
        let api = Api::<K>::namespaced(self.client.clone(), &self.owner.namespace);
        if let Some(live) = read::get(&api, &name).await? {
            self.ours(&live)?;
            if settled(&live, &body) {
                return Ok(live);
            }
        }
        let params = PatchParams::apply(self.manager).force();
        let patch = Patch::Apply(&body);
        let path = format!("{}/{name}", self.owner.namespace);
        let live = call("apply", &kind, &path, api.patch(&name, &params, &patch)).await?;
        self.metrics.wrote("apply");
        Ok(live)
    }

    fn ours<K: Child>(&self, live: &K) -> Result<(), Error> {
        match self.owner.other_holder(live.meta()) {
            None => Ok(()),
            Some(holder) => Err(Error::NotOurs {
                kind: K::kind(&()).into_owned(),
                name: format!("{}/{}", self.owner.namespace, live.name_any()),
                holder,
            }),
        }
    }
}

/// The body of the apply: the object and the hash of itself.
fn stamped<K: Child>(wanted: &K) -> Result<Value, Error> {
    let encode = |source| Error::Encode { kind: K::kind(&()).into_owned(), name: wanted.name_any(), source };
    let plain = serde_json::to_vec(wanted).map_err(encode)?;
    let mut stamped = wanted.clone();
    stamped.annotations_mut().insert(HASH.to_owned(), hex::encode(&Sha256::digest(&plain)[..8]));
    serde_json::to_value(&stamped).map_err(encode)
}

/// True if the live object was applied from this very body and nobody changed our fields since.
fn settled<K: Child>(live: &K, body: &Value) -> bool {
    serde_json::to_value(live).is_ok_and(|live| covers(&live, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;

    fn config(entries: &[(&str, &str)]) -> ConfigMap {
        let data = entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        ConfigMap { data: Some(data), ..ConfigMap::default() }
    }

    fn live(wanted: &ConfigMap) -> ConfigMap {
        serde_json::from_value(stamped(wanted).expect("body")).expect("object")
    }

    #[test]
    fn settled_is_stable_and_sees_drift_and_dropped_fields() {
        let (one, two) = (config(&[("a", "1")]), config(&[("a", "1"), ("b", "2")]));
        assert!(settled(&live(&two), &stamped(&two).expect("body")));
        assert!(!settled(&live(&two), &stamped(&one).expect("body")), "b was dropped");
        let mut edited = live(&two);
        edited.data.get_or_insert_default().insert("a".to_owned(), "9".to_owned());
        assert!(!settled(&edited, &stamped(&two).expect("body")), "somebody edited a");
    }
}
