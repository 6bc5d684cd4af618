//! Why a demo ends early. What a demo that came to its end found wrong is not here: that is a verdict.

use std::io;
use std::path::PathBuf;

use crate::{cluster, command, deploy, images, portals};

/// Why the story can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what} is not the JSON that was expected")]
    Json { what: String, source: serde_json::Error },
    #[error("a scratch file could not be written")]
    Scratch(#[source] io::Error),
    #[error("{path} could not be written")]
    Report { path: PathBuf, source: io::Error },
    #[error("not ready within {0}:\n  {1}")]
    NotReady(String, String),
    #[error("the seed did not end well: {0}")]
    Seed(String),
    #[error("the previous demo is still there after {0}: {1}")]
    NotGone(String, String),
    #[error("the split of {service} stopped in phase {phase}: {why}")]
    Split { service: String, phase: String, why: String },
    #[error("the split of {service} did not get to its end within {limit}; it is in phase {phase}: {why}")]
    SplitTooSlow { service: String, limit: String, phase: String, why: String },
    #[error("{0} has no {1} in its status")]
    Incomplete(&'static str, &'static str),
    #[error("no pod was killed in: {0}")]
    NotKilled(String),
    #[error("the load ended by itself before the split did")]
    LoadEnded,
    #[error("`kubectl proxy` said {0:?} instead of the address it serves on")]
    NoProxy(String),
    #[error("{path} was answered with status {status}: {said}")]
    Refused { path: String, status: u16, said: String },
    #[error("there is nothing at {0}")]
    NotThere(String),
    #[error("{path} was not answered")]
    Http { path: String, source: Box<ureq::Error> },
    #[error("an answer of a database could not be read: {0}")]
    Answer(String),
    #[error("a cluster command failed")]
    Command(#[from] command::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(transparent)]
    Deploy(#[from] deploy::Error),
    #[error(transparent)]
    Images(#[from] images::Error),
    #[error(transparent)]
    Portals(Box<portals::Error>),
}

impl From<portals::Error> for Error {
    fn from(error: portals::Error) -> Self {
        Self::Portals(Box::new(error))
    }
}
