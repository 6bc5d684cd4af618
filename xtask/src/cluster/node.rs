//! A Kubernetes node of our own on this machine, run by the program in `local-cluster/`. In: that program. Out: a running node whose
//! processes, mounts and interfaces all live in namespaces of their own and die together.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Cluster, Error, Provider, node_binary};
use crate::command::Cmd;
use crate::install;
use crate::paths::Paths;
use crate::progress::Step;

/// Ways from this machine to what the platform serves outside, in the clear and with TLS, on any free ports, which `up` tells. A Service that
/// isn't there yet is found when it is.
const EDGE: [&str; 2] = ["0:rerp/gateway:8080", "0:rerp/gateway:8443"];

/// Starts the node, or takes the one that runs already.
pub(crate) fn up(paths: &Paths) -> Result<Cluster, Error> {
    install::for_node(paths)?;
    let kubectl = node_binary::kubectl(paths)?;
    let step = Step::begin("Starting the local Kubernetes node");
    let mut up = command(paths, "up", &state())?.limit(Duration::from_secs(300));
    for edge in EDGE {
        up = up.args(["--forward", edge]);
    }
    // A log of every request of every client; for those who look into what the controllers do.
    if env::var_os("RERP_NODE_AUDIT").is_some() {
        up = up.arg("--audit");
    }
    // Our standard output is for results, so its progress goes the way of ours; where the kubeconfig is, the caller says.
    let status = up.watch(|line| {
        if !line.starts_with("export ") {
            step.note(line);
        }
    })?;
    if !status.success() {
        return Err(Error::NodeFailed);
    }
    step.done("ready");
    Ok(Cluster {
        provider: Provider::Node,
        kubeconfig: state().join("kubeconfig"),
        kubectl,
        name: state().display().to_string(),
    })
}

/// Ends the node and everything in it.
pub(crate) fn down(paths: &Paths) -> Result<(), Error> {
    if !state().exists() {
        return Ok(());
    }
    let step = Step::begin("Stopping the local Kubernetes node");
    command(paths, "down", &state())?.limit(Duration::from_secs(120)).run()?;
    step.done("gone");
    Ok(())
}

/// What the node's own programs wrote.
pub(crate) fn logs(paths: &Paths, state: &Path, component: Option<&str>) -> Result<(), Error> {
    Ok(command(paths, "logs", state)?.args(component).run()?)
}

/// Path of the API server's audit log; none for a node that was started without one.
pub(crate) fn audit_log(paths: &Paths, state: &Path) -> Option<String> {
    let said = command(paths, "audit", state).ok()?.quiet().ok()?;
    Some(said.trim().to_owned()).filter(|path| Path::new(path).is_file())
}

/// Opens a way from a port of this machine to a Service, which lasts as long as the node; one that is open already stays.
pub(crate) fn forward(paths: &Paths, state: &Path, way: &str) -> Result<(), Error> {
    command(paths, "forward", state)?.arg(way).limit(Duration::from_secs(30)).quiet()?;
    Ok(())
}

/// Imports an archive into the node's container runtime.
pub(crate) fn import(paths: &Paths, state: &Path, archive: &Path) -> Result<(), Error> {
    command(paths, "load", state)?.arg(archive).limit(Duration::from_secs(600)).quiet()?;
    Ok(())
}

/// The node program with a verb, for the node of this state folder.
pub(crate) fn command(paths: &Paths, verb: &str, state: &Path) -> Result<Cmd, Error> {
    Ok(Cmd::new(node_binary::build(paths)?).args([verb, "--state"]).arg(state))
}

/// Where the node keeps its data; big, and not for a home folder that may be on a network. `RERP_NODE_STATE` names another folder, and
/// with it another node beside the first.
pub(crate) fn state() -> PathBuf {
    env::var_os("RERP_NODE_STATE").map_or_else(|| PathBuf::from("/var/lib/rerp-node"), PathBuf::from)
}
