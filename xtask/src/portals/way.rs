//! The way from a browser of this machine to the portals: a port that their hosts have in their addresses. In: a cluster. Out: a way that is open. Browsers know
//! that names below `localhost` are their own machine.

use std::net::TcpStream;
use std::time::Duration;

use super::Error;
use crate::cluster::Cluster;
use crate::paths::Paths;
use crate::walk::door::Door;
use crate::walk::places::NAMESPACE;

/// The port in the addresses of pages, which the gateway is told too (`RERP_WEBSITE_ORIGINS` and the others in manifests/platform/gateway.yaml).
pub(super) const PORT: u16 = 8080;
const KNOCK: Duration = Duration::from_secs(1);

/// An open way.
#[derive(Debug)]
pub(super) enum Way {
    /// It lasts as long as the cluster.
    Standing,
    /// It closes with this value.
    #[expect(dead_code, reason = "it is there to be dropped")]
    Held(Door),
}

impl Way {
    /// Opens one, or finds the one that is open.
    pub(super) fn open(paths: &Paths, cluster: &Cluster) -> Result<Self, Error> {
        let taken = || Error::Taken(PORT);
        if cluster.forward(paths, &format!("{PORT}:{NAMESPACE}/gateway:8080")).map_err(|_| taken())? {
            return Ok(Self::Standing);
        }
        if TcpStream::connect_timeout(&([127, 0, 0, 1], PORT).into(), KNOCK).is_ok() {
            return Err(taken());
        }
        Ok(Self::Held(Door::with_port(cluster, "gateway", PORT)?))
    }

    /// What whoever wants to look with a browser has to do first.
    pub(super) fn first(&self) -> Option<String> {
        matches!(self, Self::Held(_))
            .then(|| format!("cargo xtask kubectl -- port-forward -n {NAMESPACE} deployment/gateway {PORT}"))
    }
}
