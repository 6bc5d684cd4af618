//! Installing the platform into a cluster. In: `manifests/` and the images. Out: the custom resources are known and the operator runs.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::{self, Cluster};
use crate::command;
use crate::gateway_api;
use crate::images::{self, Options};
use crate::install;
use crate::paths::{self, Paths};
use crate::progress::Step;

/// Namespaces the platform lives in.
const NAMESPACES: [&str; 2] = ["rerp-system", "rerp"];
/// A rollout: two containers on a machine that may be compiling at the same time.
const ROLLOUT: Duration = Duration::from_secs(240);

/// Why the platform is not installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} does not exist; nothing can be installed from it")]
    NoManifests(PathBuf),
    #[error("kubectl returned something that is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("installing failed; `cargo xtask status` and `cargo xtask logs operator` show more")]
    Command(#[from] command::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(transparent)]
    Images(#[from] images::Error),
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Paths(#[from] paths::Error),
    #[error("the Go module of the Gateway API is not what it should be: its sum is {0}")]
    Module(String),
}

/// Builds and loads the images and installs the operator, or brings an installation up to date. Running it again changes nothing.
pub(crate) fn operator(paths: &Paths, cluster: &Cluster, options: &Options) -> Result<(), Error> {
    let images = images::build(paths, options)?;
    let changed = cluster.load(paths, &images)?;
    custom_resources(paths, cluster)?;
    // Before the operator starts: it looks once whether the cluster knows these kinds.
    gateway_api::install(paths, cluster)?;
    let step = Step::begin("Installing the operator");
    // Before anything new is made, which would start with the new images anyway.
    restart(cluster, &changed)?;
    kustomize(paths, cluster, "operator")?;
    rollouts(cluster, "rerp-system")?;
    step.done("running");
    Ok(())
}

/// Makes the cluster know our kinds.
pub(crate) fn custom_resources(paths: &Paths, cluster: &Cluster) -> Result<(), Error> {
    let step = Step::begin("Installing the custom resource definitions");
    kustomize(paths, cluster, "crds")?;
    let names = cluster.kubectl().args(["get", "crd", "-o", "name"]).quiet()?;
    let ours = names.lines().filter(|name| name.ends_with(".rerp.dev"));
    cluster.kubectl().args(["wait", "--for=condition=Established", "--timeout=60s"]).args(ours).quiet()?;
    step.done("established");
    Ok(())
}

/// Applies one folder of `manifests/`.
pub(crate) fn kustomize(paths: &Paths, cluster: &Cluster, folder: &str) -> Result<(), Error> {
    let dir = paths.root.join("manifests").join(folder);
    if !dir.join("kustomization.yaml").exists() {
        return Err(Error::NoManifests(dir));
    }
    // Server side: our definitions are longer than the annotation that client-side apply keeps.
    let args = ["apply", "--server-side", "--force-conflicts", "--field-manager=rerp-xtask", "-k"];
    cluster.kubectl().args(args).arg(dir).limit(Duration::from_secs(120)).quiet()?;
    Ok(())
}

/// Pods keep running the image they started with, and its name stays the same; whoever uses a changed one must start anew.
pub(crate) fn restart(cluster: &Cluster, changed: &[String]) -> Result<(), Error> {
    if changed.is_empty() {
        return Ok(());
    }
    for namespace in NAMESPACES {
        let json =
            cluster.kubectl().args(["get", "deployments,statefulsets", "-o", "json", "-n", namespace]).quiet()?;
        let list: Value = serde_json::from_str(&json)?;
        for object in users(&list, changed) {
            cluster.kubectl().args(["rollout", "restart", "-n", namespace, &object]).quiet()?;
        }
    }
    Ok(())
}

/// Waits until every Deployment of a namespace runs what it should.
pub(crate) fn rollouts(cluster: &Cluster, namespace: &str) -> Result<(), Error> {
    let names = cluster.kubectl().args(["get", "deployments", "-o", "name", "-n", namespace]).quiet()?;
    for name in names.lines() {
        let timeout = format!("--timeout={}s", ROLLOUT.as_secs());
        cluster
            .kubectl()
            .args(["rollout", "status", "-n", namespace, &timeout, name])
            .limit(ROLLOUT + Duration::from_secs(30))
            .quiet()?;
    }
    Ok(())
}

/// `deployment/x` for each object of the list that has existed before and uses one of the images.
fn users(list: &Value, images: &[String]) -> Vec<String> {
    let containers = |object: &Value| {
        let spec = &object["spec"]["template"]["spec"];
        ["containers", "initContainers"]
            .iter()
            .flat_map(|key| spec[key].as_array().cloned().unwrap_or_default())
            .filter_map(|container| container["image"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .filter(|object| containers(object).iter().any(|image| images.contains(image)))
        .filter_map(|object| {
            let kind = object["kind"].as_str()?.to_lowercase();
            Some(format!("{kind}/{}", object["metadata"]["name"].as_str()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn users_of_an_image_are_found_in_init_containers_too() {
        let list = json!({ "items": [
            { "kind": "Deployment", "metadata": { "name": "a" }, "spec": { "template": { "spec": { "containers": [{ "image": "x:dev" }] } } } },
            { "kind": "StatefulSet", "metadata": { "name": "b" }, "spec": { "template": { "spec": {
                "containers": [{ "image": "y:dev" }], "initContainers": [{ "image": "x:dev" }] } } } },
            { "kind": "Deployment", "metadata": { "name": "c" }, "spec": { "template": { "spec": { "containers": [{ "image": "z:dev" }] } } } },
        ] });
        assert_eq!(users(&list, &["x:dev".to_owned()]), ["deployment/a", "statefulset/b"]);
    }
}
