//! Removes children that are no longer wanted. In: the owner, a component's labels, the names that
//! stay. Out: how many went. Only what carries our labels and our controller reference is removed,
//! so what a deletion policy keeps is never in danger here.

use super::{Error, apply::Child, call, child::Owner, read};
use crate::metrics::Metrics;
use kube::api::{Api, DeleteParams, Preconditions};
use kube::{Client, ResourceExt};

/// Deletes this owner's objects of kind `K` in `component` whose name isn't in `wanted`.
pub async fn prune<K: Child>(
    client: &Client,
    metrics: &Metrics,
    owner: &Owner,
    component: &str,
    wanted: &[&str],
) -> Result<usize, Error> {
    let api = Api::<K>::namespaced(client.clone(), &owner.namespace);
    let mut removed = 0;
    for child in read::list(&api, &read::selector(&owner.selector(component))).await? {
        let name = child.name_any();
        let owned = child.owner_references().iter().any(|reference| reference.uid == owner.uid);
        if wanted.contains(&name.as_str()) || !owned {
            continue;
        }
        delete(&api, &child).await?;
        metrics.wrote("delete");
        removed += 1;
    }
    Ok(removed)
}

/// Deletes exactly the object that was read: one of the same name made since then stays.
pub async fn delete<K: Child>(api: &Api<K>, object: &K) -> Result<(), Error> {
    let params = DeleteParams {
        preconditions: Some(Preconditions { uid: object.uid(), resource_version: None }),
        ..DeleteParams::default()
    };
    let name = object.name_any();
    match call("delete", &K::kind(&()), &name, api.delete(&name, &params)).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_gone() => Ok(()),
        Err(error) => Err(error),
    }
}
