//! Reads with a deadline. In: an `Api` and a name or selector. Out: objects, none for "not found".

use super::{Error, apply::Child, call};
use k8s_openapi::NamespaceResourceScope;
use kube::api::{Api, ListParams};
use kube::{Client, Resource};

/// The object, or none if there is no such object.
pub async fn get<K: Child>(api: &Api<K>, name: &str) -> Result<Option<K>, Error> {
    call("get", &K::kind(&()), name, api.get_opt(name)).await
}

/// All objects whose labels match, at most 500: rooms ask for the few objects of one owner.
pub async fn list<K: Child>(api: &Api<K>, labels: &str) -> Result<Vec<K>, Error> {
    let params = ListParams::default().labels(labels).limit(500);
    Ok(call("list", &K::kind(&()), labels, api.list(&params)).await?.items)
}

/// All objects whose labels match, however many, page by page.
pub async fn all<K: Child>(api: &Api<K>, labels: &str) -> Result<Vec<K>, Error> {
    let (mut found, mut params) = (Vec::new(), ListParams::default().labels(labels).limit(500));
    loop {
        let page = call("list", &K::kind(&()), labels, api.list(&params)).await?;
        found.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params.continue_token = Some(token),
            None => return Ok(found),
        }
    }
}

/// Objects of a kind in one namespace, or in all.
pub fn scoped<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// A label selector from a map, as in `a=1,b=2`.
pub fn selector(labels: &std::collections::BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}
