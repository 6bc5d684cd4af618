//! Bringing images into a cluster. In: images of the store. Out: the cluster has them; what it has already is not sent again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::{Cluster, Error};
use crate::images::{self, store::Image};
use crate::paths::Paths;
use crate::progress::Step;

/// Sends what is new and returns its references.
pub(crate) fn load(cluster: &Cluster, paths: &Paths, images: &[Image]) -> Result<Vec<String>, Error> {
    let record = record(cluster, paths)?;
    let mut loaded: BTreeMap<String, String> =
        fs::read(&record).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let fresh: Vec<Image> =
        images.iter().filter(|image| loaded.get(&image.reference) != Some(&image.id().0)).cloned().collect();
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = fresh.iter().map(|image| image.reference.clone()).collect();
    let step = Step::begin(format!("Loading images: {}", names.join(", ")));
    let archive = images::scratch(paths)?;
    images::archive(paths, &fresh, archive.path())?;
    cluster.import(paths, archive.path())?;
    loaded.extend(fresh.into_iter().map(|image| (image.reference.clone(), image.id().0)));
    let json = serde_json::to_vec_pretty(&loaded).unwrap_or_default();
    fs::write(&record, json).map_err(|source| Error::Record { path: record, source })?;
    step.done("loaded");
    Ok(names)
}

/// One record per cluster. The uid of a namespace that every cluster has tells a new cluster from its predecessor of the same name.
fn record(cluster: &Cluster, paths: &Paths) -> Result<PathBuf, Error> {
    let uid = cluster.kubectl().args(["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]).quiet()?;
    Ok(paths.cache_dir("loaded")?.join(format!("{}.json", uid.trim())))
}
