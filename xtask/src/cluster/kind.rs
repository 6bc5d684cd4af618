//! A cluster made by kind in a Docker engine. In: `kind-config.yaml`. Out: a running kind cluster named `rerp`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Cluster, Error, Provider, any_kubectl};
use crate::command::Cmd;
use crate::paths::{Paths, program};
use crate::progress::Step;

/// Name of the kind cluster.
pub(crate) const NAME: &str = "rerp";

/// Whether a Docker engine answers; a client without an engine does not count.
pub(crate) fn docker_answers() -> bool {
    program("docker").is_some_and(|docker| {
        Cmd::new(docker)
            .args(["version", "--format", "{{.Server.Version}}"])
            .limit(Duration::from_secs(10))
            .quiet()
            .is_ok()
    })
}

/// Where the cluster's kubeconfig is kept.
pub(crate) fn kubeconfig(paths: &Paths) -> PathBuf {
    paths.cache.join("kind.kubeconfig")
}

/// Creates the cluster, or takes the one that runs already.
pub(crate) fn up(paths: &Paths) -> Result<Cluster, Error> {
    if program("kind").is_none() {
        return Err(Error::NoKind);
    }
    let kubectl = any_kubectl(paths)?;
    let kubeconfig = kubeconfig(paths);
    let step = Step::begin("Starting the kind cluster");
    if Cmd::new("kind").args(["get", "clusters"]).quiet()?.lines().any(|line| line == NAME) {
        Cmd::new("kind").args(["export", "kubeconfig", "--name", NAME, "--kubeconfig"]).arg(&kubeconfig).quiet()?;
    } else {
        Cmd::new("kind")
            .args(["create", "cluster", "--name", NAME, "--wait", "180s", "--config"])
            .arg(paths.root.join("kind-config.yaml"))
            .arg("--kubeconfig")
            .arg(&kubeconfig)
            .limit(Duration::from_secs(15 * 60))
            .quiet()?;
    }
    step.done("ready");
    Ok(Cluster { provider: Provider::Kind, kubeconfig, kubectl, name: NAME.to_owned() })
}

/// Deletes the cluster.
pub(crate) fn down() -> Result<(), Error> {
    let step = Step::begin("Deleting the kind cluster");
    Cmd::new("kind").args(["delete", "cluster", "--name", NAME]).limit(Duration::from_secs(300)).quiet()?;
    step.done("gone");
    Ok(())
}

/// Loads an archive into the nodes.
pub(crate) fn import(name: &str, archive: &Path) -> Result<(), Error> {
    Cmd::new("kind")
        .args(["load", "image-archive", "--name", name])
        .arg(archive)
        .limit(Duration::from_secs(600))
        .quiet()?;
    Ok(())
}
