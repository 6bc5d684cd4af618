//! The kinds of the Gateway API (standard channel) in a cluster. In: their Go module, which carries them as YAML. Out: the cluster knows Gateway and
//! HTTPRoute, and the class whose objects our gateway serves. A cluster that knows them already keeps its own version.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::deploy::{self, kustomize};
use crate::install;
use crate::paths::Paths;
use crate::progress::Step;

/// The module and its version.
const MODULE: &str = "sigs.k8s.io/gateway-api@v1.4.1";
/// What it must contain, as go.sum would say it: no module of ours imports it, so none would check.
const SUM: &str = "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=";
/// Its folder with the definitions.
const DEFINITIONS: &str = "config/crd/standard";
/// A kind that tells whether a cluster knows them.
const KIND: &str = "httproutes.gateway.networking.k8s.io";
/// A download of a few megabytes.
const LIMIT: Duration = Duration::from_secs(180);
/// Attempts at something that a kind's first moment may spoil, before the last one.
const ATTEMPTS: u32 = 9;
const PAUSE: Duration = Duration::from_secs(1);

/// Makes the cluster know them.
pub(crate) fn install(paths: &Paths, cluster: &Cluster) -> Result<(), deploy::Error> {
    let step = Step::begin("Installing the Gateway API");
    let known = cluster.kubectl().args(["get", "crd", KIND, "--ignore-not-found", "-o", "name"]).quiet()?;
    if known.trim().is_empty() {
        let definitions = module(paths)?.join(DEFINITIONS);
        let args = ["apply", "--server-side", "--force-conflicts", "--field-manager=rerp-xtask", "-f"];
        cluster.kubectl().args(args).arg(definitions).limit(Duration::from_secs(120)).quiet()?;
    }
    let crds = ["gatewayclasses", "gateways", "httproutes"].map(|kind| format!("crd/{kind}.gateway.networking.k8s.io"));
    cluster.kubectl().args(["wait", "--for=condition=Established", "--timeout=60s"]).args(crds).quiet()?;
    class(paths, cluster)?;
    step.done(if known.trim().is_empty() { MODULE } else { "as it was there" });
    Ok(())
}

/// The class. A kind that is established may be missing for a moment in the list that kubectl looks it up in.
fn class(paths: &Paths, cluster: &Cluster) -> Result<(), deploy::Error> {
    for _ in 0..ATTEMPTS {
        if kustomize(paths, cluster, "gateway-api").is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    kustomize(paths, cluster, "gateway-api")
}

/// Where the module lies, once it is there and is what it should be.
fn module(paths: &Paths) -> Result<PathBuf, deploy::Error> {
    // Outside of our own modules, so that none of them is changed.
    let outside = paths.cache_dir("go")?;
    let said = install::go()?.args(["mod", "download", "-json", MODULE]).dir(outside).limit(LIMIT).quiet()?;
    let said: Value = serde_json::from_str(&said)?;
    dir(&said).ok_or_else(|| deploy::Error::Module(said["Sum"].to_string()))
}

/// The folder, if the content is the one that we know.
fn dir(said: &Value) -> Option<PathBuf> {
    if said["Sum"] != SUM {
        return None;
    }
    said["Dir"].as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn another_content_is_not_installed() {
        assert_eq!(dir(&json!({"Sum": SUM, "Dir": "/a"})), Some(PathBuf::from("/a")));
        assert_eq!(dir(&json!({"Sum": "h1:other", "Dir": "/a"})), None);
        assert_eq!(dir(&json!({"Error": "not found"})), None);
    }
}
