//! The cluster that commands work on. In: what the person asked for and what this machine offers. Out: a cluster that answers, as a
//! kubeconfig and a `kubectl`. Must not touch a cluster that was given to us beyond the namespaces of the platform.

mod given;
mod kind;
mod load;
mod node;
mod node_binary;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::command::{self, Cmd};
use crate::images::{self, layer::Digest};
use crate::install;
use crate::paths::{self, Paths, program};
use crate::progress::note;

pub(crate) use node::command as node_command;

/// Which cluster a person asked for.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Choice {
    /// Use this context of your kubeconfig instead of a cluster of our own
    #[arg(long, global = true)]
    context: Option<String>,
    /// Say which kind of cluster to use, instead of taking the first that fits: given, kind, node
    #[arg(long, global = true, value_enum)]
    provider: Option<Provider>,
}

/// Who runs the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// Somebody else; we only use it.
    Given,
    /// kind, in a container of a Docker engine.
    Kind,
    /// The node program of this repository, in namespaces of this machine.
    Node,
}

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no cluster is up; start one with `cargo xtask up`")]
    NotUp,
    #[error(
        "no way to run Kubernetes here:{0}\nGive a cluster with `--context NAME` or KUBECONFIG, install Docker and kind, or run as root on Linux"
    )]
    Nothing(String),
    #[error("the local node did not start; what it said is above, and `cargo xtask logs` shows its programs")]
    NodeFailed,
    #[error("no `kind` in PATH; get it with `go install sigs.k8s.io/kind@v0.33.0`, or see https://kind.sigs.k8s.io")]
    NoKind,
    #[error("no `kubectl` in PATH and no `go` to build one; install either")]
    NoKubectl,
    #[error("the cluster of the context {0} does not answer; does `kubectl --context {0} version` work?")]
    Silent(String, #[source] command::Error),
    #[error("what is known about the cluster can't be kept in {path}")]
    Record { path: PathBuf, source: io::Error },
    #[error(
        "images can't be loaded into the cluster that was given: push them to a registry it can pull from (the Containerfiles in images/ build \
         them) and name them in manifests/operator"
    )]
    NoLoading,
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Paths(#[from] paths::Error),
    #[error(transparent)]
    Images(#[from] images::Error),
    #[error("a cluster command failed")]
    Command(#[from] command::Error),
}

/// A cluster in use. Kept in the cache between commands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    /// Who runs it.
    pub(crate) provider: Provider,
    /// A kubeconfig whose current context is this cluster.
    pub(crate) kubeconfig: PathBuf,
    /// The program that speaks to it.
    kubectl: PathBuf,
    /// What a person calls it: a context, a kind cluster, or the node's folder.
    name: String,
}

/// Starts the cluster if it does not run yet, and returns it.
pub(crate) fn up(paths: &Paths, choice: &Choice) -> Result<Cluster, Error> {
    let cluster = match choose(paths, choice)? {
        Provider::Given => given::up(paths, choice.context.as_deref())?,
        Provider::Kind => kind::up(paths)?,
        Provider::Node => node::up(paths)?,
    };
    let path = record(paths);
    let json = serde_json::to_vec_pretty(&cluster).unwrap_or_default();
    fs::write(&path, json).map_err(|source| Error::Record { path, source })?;
    Ok(cluster)
}

/// The cluster that `up` started or was given.
pub(crate) fn current(paths: &Paths, choice: &Choice) -> Result<Cluster, Error> {
    if choice.context.is_some() || choice.provider == Some(Provider::Given) {
        return given::up(paths, choice.context.as_deref());
    }
    let cluster: Cluster =
        fs::read(record(paths)).ok().and_then(|json| serde_json::from_slice(&json).ok()).ok_or(Error::NotUp)?;
    if cluster.kubeconfig.exists() && cluster.kubectl.exists() { Ok(cluster) } else { Err(Error::NotUp) }
}

/// Ends the cluster that `up` started, if any. A given cluster is only forgotten.
pub(crate) fn down(paths: &Paths) -> Result<(), Error> {
    let stored: Option<Cluster> = fs::read(record(paths)).ok().and_then(|json| serde_json::from_slice(&json).ok());
    match stored.as_ref().map(|cluster| cluster.provider) {
        Some(Provider::Given) => note("this cluster was given to us; it is left as it is"),
        Some(Provider::Kind) => kind::down()?,
        // Without a record a node may still run: an interrupted `up` leaves none.
        Some(Provider::Node) | None => node::down(paths)?,
    }
    let path = record(paths);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Record { path, source }),
        _ => Ok(()),
    }
}

impl Cluster {
    /// `kubectl` set up for this cluster.
    pub(crate) fn kubectl(&self) -> Cmd {
        Cmd::new(&self.kubectl).env("KUBECONFIG", &self.kubeconfig)
    }

    /// What tests and tools need to find this cluster. `RERP_KUBECTL` holds the words of the command, one a line.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        let (kubectl, kubeconfig) = (self.kubectl.display(), self.kubeconfig.display());
        [("KUBECONFIG", kubeconfig.to_string()), ("RERP_KUBECTL", format!("{kubectl}\n--kubeconfig\n{kubeconfig}"))]
    }

    /// Opens a way from a port of this machine to a Service, `8080:namespace/service:port`, that lasts as long as the cluster. False: this cluster has none that last, and
    /// only `kubectl port-forward` leads into it.
    pub(crate) fn forward(&self, paths: &Paths, way: &str) -> Result<bool, Error> {
        match self.provider {
            Provider::Node => node::forward(paths, Path::new(&self.name), way).map(|()| true),
            Provider::Kind | Provider::Given => Ok(false),
        }
    }

    /// Where the API server writes who did what, if it does and this machine can read it.
    pub(crate) fn audit_log(&self, paths: &Paths) -> Option<String> {
        match self.provider {
            Provider::Node => node::audit_log(paths, Path::new(&self.name)),
            Provider::Kind | Provider::Given => None,
        }
    }

    /// Brings images into the cluster; those it has already are left out. Returns the references of what was brought.
    pub(crate) fn load(&self, paths: &Paths, images: &[images::store::Image]) -> Result<Vec<String>, Error> {
        load::load(self, paths, images)
    }

    /// One line about the cluster.
    pub(crate) fn describe(&self) -> String {
        match self.provider {
            Provider::Given => format!("context {}", self.name),
            Provider::Kind => format!("kind cluster {}", self.name),
            Provider::Node => format!("local node in {}", self.name),
        }
    }

    /// The node's own logs: of one component, or the list of components.
    pub(crate) fn component_logs(&self, paths: &Paths, component: Option<&str>) -> Result<(), Error> {
        match self.provider {
            Provider::Node => node::logs(paths, Path::new(&self.name), component),
            Provider::Kind => Ok(Cmd::new("kind").args(["export", "logs", "--name", kind::NAME]).run()?),
            Provider::Given => Ok(self.kubectl().args(["get", "events", "-A"]).run()?),
        }
    }

    fn import(&self, paths: &Paths, archive: &Path) -> Result<(), Error> {
        match self.provider {
            Provider::Given => given::import(&self.name, archive),
            Provider::Kind => kind::import(kind::NAME, archive),
            Provider::Node => node::import(paths, Path::new(&self.name), archive),
        }
    }
}

fn choose(paths: &Paths, choice: &Choice) -> Result<Provider, Error> {
    if let Some(provider) = choice.provider {
        return Ok(provider);
    }
    if choice.context.is_some() || foreign_kubeconfig(paths) {
        return Ok(Provider::Given);
    }
    let docker = kind::docker_answers();
    if docker && program("kind").is_some() {
        return Ok(Provider::Kind);
    }
    if cfg!(target_os = "linux") && install::is_root() {
        if docker {
            note(
                "Docker answers, but `kind` is not installed; using a node of our own. To use kind: https://kind.sigs.k8s.io",
            );
        }
        return Ok(Provider::Node);
    }
    let docker = if docker { "Docker answers, but `kind` is not installed" } else { "no Docker engine answers" };
    Err(Error::Nothing(format!("\n  no context was given\n  {docker}\n  the local node needs Linux and root")))
}

/// Whether the environment names a kubeconfig. One that `up` printed names a cluster of our own, which is none that was given to us.
fn foreign_kubeconfig(paths: &Paths) -> bool {
    let ours = [node::state().join("kubeconfig"), kind::kubeconfig(paths)];
    env::var_os("KUBECONFIG")
        .is_some_and(|value| !value.is_empty() && !ours.iter().any(|path| path.as_os_str() == value))
}

/// `kubectl` of this machine, or the one inside the node program.
fn any_kubectl(paths: &Paths) -> Result<PathBuf, Error> {
    match program("kubectl") {
        Some(kubectl) => Ok(kubectl),
        None if program("go").is_some() => node_binary::kubectl(paths),
        None => Err(Error::NoKubectl),
    }
}

/// One record per node folder, so that two nodes on a machine are not taken for each other.
fn record(paths: &Paths) -> PathBuf {
    let folder = Digest::of(node::state().as_os_str().as_encoded_bytes());
    paths.cache.join(format!("cluster-{}.json", folder.short()))
}
