//! Why a walk can't begin, or end. What a walk that came to its end found wrong is not here: that is a verdict.

use std::io;
use std::path::PathBuf;

use crate::{cluster, command};

/// See the file's header.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what} is not the JSON that was expected")]
    Json { what: &'static str, source: serde_json::Error },
    #[error(
        "there is no service `{0}` in the namespace rerp; `cargo xtask demo` makes a platform, and leaves it there"
    )]
    NoPlatform(&'static str),
    #[error("`kubectl port-forward` to {0} said {1:?} instead of the address it serves on")]
    NoDoor(String, String),
    #[error("a request was not answered")]
    Lost(#[source] Box<ureq::Error>),
    #[error("identity has nobody for the walk: {0}; the sample `seed` and the demo fill it, with 20,000 rows at least")]
    Nobody(&'static str),
    #[error("a row about a person could not be read")]
    Person,
    #[error("the stand-in for Supabase doesn't {what}: it answered {said}")]
    Account { what: &'static str, said: String },
    #[error("the gateway doesn't believe a token that is new: {0}")]
    NotBelieved(String),
    #[error("{0} failed: {1}")]
    Step(&'static str, String),
    #[error("{0} could not be read to the end")]
    Unread(String),
    #[error("{path} could not be written")]
    Report { path: PathBuf, source: io::Error },
    #[error("a cluster command failed")]
    Command(#[from] command::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
}
