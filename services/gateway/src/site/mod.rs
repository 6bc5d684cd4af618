//! What the gateway serves beside the table of the API: hosts and paths of Ingresses and HTTPRoutes, told by the operator in files. In: a
//! request's host and head. Out: where it goes, and the way there and back.
//!
//! `file` is what the operator says, `table` finds a rule, `follow` reads the files again and again, `names` shows the certificates, `forward`
//! passes requests on. Framing, addresses, time and rates are judged before, as for the API. Who asks isn't: a site knows its own visitors.

mod file;
mod follow;
pub(crate) mod forward;
mod names;
pub(crate) mod table;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use rustls::ServerConfig;
use tokio::sync::watch;

use crate::upstream::Maker;
use names::Certificates;
use table::{Table, Target};

/// How often the files are read.
const REFRESH: Duration = Duration::from_secs(1);

/// The present rules. Clones share them.
#[derive(Debug, Clone)]
pub struct Sites(watch::Receiver<Arc<Table>>);

/// Where the operator's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// With `routes.json`.
    pub routes: PathBuf,
    /// With `<name>.crt` and `<name>.key`.
    pub certificates: PathBuf,
}

impl Sites {
    /// No rule at all: everything is the API's.
    #[must_use]
    pub fn none() -> Self {
        Self(watch::channel(Arc::default()).1)
    }

    /// Reads the files, and reads them again every second for as long as anybody wants to know. Files that can't be used are told in the log, and
    /// what was read last goes on: the API doesn't depend on them. Out: the rules, and the certificates for a listener with TLS.
    ///
    /// # Errors
    /// TLS can't be set up.
    pub async fn open(folders: Folders, maker: Maker) -> Result<(Self, Arc<ServerConfig>), rustls::Error> {
        let (rules, told) = watch::channel(Arc::<Table>::default());
        let (shown, certificates) = watch::channel(Arc::<Certificates>::default());
        let mut follower = follow::Follower::new(folders, maker, rules, shown);
        follower.look().await;
        tokio::spawn(follower.follow(REFRESH));
        Ok((Self(told), names::config(certificates)?))
    }

    /// Where a request goes; none: to the table of the API.
    pub(crate) fn find(&self, host: &str, parts: &Parts) -> Option<Target> {
        self.0.borrow().find(host, parts).cloned()
    }
}
