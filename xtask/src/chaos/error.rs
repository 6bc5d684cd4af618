//! Why a chaos run can't go on. What a run that came to its end found wrong is not here: that is a finding.

use std::io;
use std::path::PathBuf;

use crate::{cluster, command, demo, deploy, images, install, walk};

/// See the file's header.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} is not the JSON that was expected")]
    Json(&'static str, #[source] serde_json::Error),
    #[error("{path} could not be written")]
    Report { path: PathBuf, source: io::Error },
    #[error("nothing can be killed: no pod of the platform runs")]
    NobodyThere,
    #[error("the load ended by itself before the kills did")]
    LoadEnded,
    #[error("the stand-in for Stripe refused {what}: it answered {status} {said}")]
    Vendor { what: String, status: u16, said: String },
    #[error("a count of the databases could not be read: {0}")]
    Count(String),
    #[error("pods of identity are still there after they were sent away")]
    NotAway,
    #[error("a cluster command failed")]
    Command(#[from] command::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(transparent)]
    Deploy(#[from] deploy::Error),
    #[error(transparent)]
    Images(#[from] images::Error),
    #[error(transparent)]
    Demo(#[from] demo::Error),
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Walk(#[from] walk::Error),
}
