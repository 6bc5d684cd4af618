//! A cluster somebody gave us. In: a context, or the environment's kubeconfig. Out: the same cluster under a kubeconfig of its own, so that
//! a change of the current context elsewhere can't send our writes to another cluster. Must not change the person's kubeconfig.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::{Cluster, Error, Provider, any_kubectl, kind};
use crate::command::Cmd;
use crate::paths::Paths;

/// Takes the cluster over for our use and checks that it answers.
pub(crate) fn up(paths: &Paths, context: Option<&str>) -> Result<Cluster, Error> {
    let kubectl = any_kubectl(paths)?;
    let name = match context {
        Some(name) => name.to_owned(),
        None => Cmd::new(&kubectl).args(["config", "current-context"]).quiet()?.trim().to_owned(),
    };
    let config =
        Cmd::new(&kubectl).args(["config", "view", "--raw", "--minify", "--flatten", "--context", &name]).quiet()?;
    let kubeconfig = paths.cache.join("given.kubeconfig");
    let kept = |source| Error::Record { path: kubeconfig.clone(), source };
    // It holds credentials: closed before they go in.
    fs::write(&kubeconfig, "").map_err(kept)?;
    fs::set_permissions(&kubeconfig, fs::Permissions::from_mode(0o600)).map_err(kept)?;
    fs::write(&kubeconfig, config).map_err(kept)?;
    let cluster = Cluster { provider: Provider::Given, kubeconfig, kubectl, name: name.clone() };
    let version = cluster.kubectl().arg("version").limit(Duration::from_secs(20)).quiet();
    version.map(|_| cluster).map_err(|source| Error::Silent(name, source))
}

/// A context of kind can be loaded into; any other cluster pulls from a registry.
pub(crate) fn import(context: &str, archive: &Path) -> Result<(), Error> {
    kind::import(context.strip_prefix("kind-").ok_or(Error::NoLoading)?, archive)
}
