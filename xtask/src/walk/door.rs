//! A way into a pod: `kubectl port-forward`, which runs for as long as the walk. The API server's own proxy would not do, for it keeps the header
//! `Authorization` to itself. In: the name of a service in the clear. Out: an address of this machine.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::Error;
use super::places::NAMESPACE;
use crate::cluster::Cluster;

/// How long the way may take to open.
const START: Duration = Duration::from_secs(20);

/// The open way; it closes with this value.
#[derive(Debug)]
pub(crate) struct Door {
    process: Child,
    base: String,
}

impl Door {
    /// Opens a way to port 8080 of a service's pod.
    pub(crate) fn open(cluster: &Cluster, service: &'static str) -> Result<Self, Error> {
        Self::to(cluster, NAMESPACE, &format!("deployment/{service}"), 8080)
    }

    /// Opens a way to port 8080 of a service's pod from this port of this machine.
    pub(crate) fn with_port(cluster: &Cluster, service: &'static str, from: u16) -> Result<Self, Error> {
        Self::between(cluster, NAMESPACE, &format!("deployment/{service}"), &format!("{from}:8080"))
    }

    /// Opens a way to a port of a pod, or of one of a Deployment's: `pod/name`, `deployment/name`.
    pub(super) fn to(cluster: &Cluster, namespace: &str, whom: &str, port: u16) -> Result<Self, Error> {
        Self::between(cluster, namespace, whom, &format!(":{port}"))
    }

    fn between(cluster: &Cluster, namespace: &str, whom: &str, ports: &str) -> Result<Self, Error> {
        let args = ["port-forward", "-n", namespace, "--address=127.0.0.1", whom, ports];
        let mut process = cluster.kubectl().args(args).spawn(Stdio::piped())?;
        let (send, said) = mpsc::channel();
        if let Some(pipe) = process.stdout.take() {
            // All of it, though only the first line is waited for: who writes to a pipe that nobody reads is ended.
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _ = send.send(line);
                }
            });
        }
        let said = said.recv_timeout(START).unwrap_or_default();
        // Made first, so that whatever was started ends here as well.
        let door = Self { process, base: address(&said).unwrap_or_default() };
        if door.base.is_empty() { Err(Error::NoDoor(whom.to_owned(), said)) } else { Ok(door) }
    }

    /// The address of a path behind it.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `Forwarding from 127.0.0.1:40001 -> 8080`.
fn address(line: &str) -> Option<String> {
    let (from, _) = line.strip_prefix("Forwarding from ")?.split_once(" -> ")?;
    Some(format!("http://{from}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_address() {
        assert_eq!(address("Forwarding from 127.0.0.1:40001 -> 8080").as_deref(), Some("http://127.0.0.1:40001"));
        for other in ["", "error: unable to forward port", "Handling connection for 40001"] {
            assert_eq!(address(other), None);
        }
    }
}
