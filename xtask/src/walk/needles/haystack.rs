//! Everything that a run of the platform leaves: the rows of all servers, what pods log and measure, what the cluster says, what the event bus
//! stores. In: the platform. Out: its lines, one by one. An event is in an outbox until it is published, and in the bus's stream from then on. Must not keep what it reads.

use std::time::Duration;

use serde_json::Value;

use super::super::Error;
use super::super::door::Door;
use super::super::http::Client;
use super::super::places::{NAMESPACE, Places};
use super::exceptions::Place;
use super::search::{Found, Needles};
use crate::cluster::Cluster;

/// Services with a database.
pub(super) const SERVICES: [&str; 5] = ["identity", "account", "marketing", "billing", "fte"];
/// Namespaces whose pods are of the platform.
const NAMESPACES: [&str; 2] = [NAMESPACE, "rerp-system"];
/// How long all rows of a service may take, or the log of a pod: a seeded platform has a million rows.
const LONG: Duration = Duration::from_secs(300);
const READ: Duration = Duration::from_secs(30);
/// The port of health and numbers.
const ADMIN: u16 = 9090;
/// Every table but PostgreSQL's own.
const TABLES: &str = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2";
/// Begins the line that says of which table the next ones are.
const MARK: &str = "-- table ";

/// The platform, to be looked through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Haystack<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) places: &'a Places<'a>,
    pub(super) client: &'a Client,
}

/// A pod that is there.
#[derive(Debug, PartialEq, Eq)]
struct Pod {
    namespace: String,
    name: String,
    measures: bool,
}

impl Haystack<'_> {
    /// Looks through all of it.
    pub(super) fn look(&self, needles: &Needles) -> Result<Found, Error> {
        let mut found = Found::default();
        for server in self.places.servers() {
            self.rows(server, needles, &mut found)?;
        }
        if self.places.has_bus() {
            self.stream(needles, &mut found)?;
        }
        for pod in self.pods()? {
            self.log(&pod, needles, &mut found)?;
            if pod.measures {
                self.metrics(&pod, needles, &mut found)?;
            }
        }
        for what in ["rsvc,sdb,dsm", "pods,jobs,configmaps,services", "events"] {
            let text = self.cluster.kubectl().args(["get", what, "-A", "-o", "yaml"]).limit(READ).quiet()?;
            text.lines().for_each(|line| found.look(needles, &Place::Objects, line));
        }
        Ok(found)
    }

    /// Every row of a server, whosever it is; old tables of what has moved are among them.
    fn rows(&self, server: &str, needles: &Needles, found: &mut Found) -> Result<(), Error> {
        let tables = self.places.psql(server, &[TABLES.to_owned()]).limit(READ).quiet()?;
        let mut statements = Vec::new();
        for (schema, table) in tables.lines().filter_map(|line| line.split_once('|')) {
            statements.push(format!("SELECT '{MARK}{schema}.{table}'"));
            statements.push(format!("COPY \"{schema}\".\"{table}\" TO STDOUT"));
        }
        let mut place = Place::Row { service: String::new(), table: String::new() };
        let status = self.places.psql(server, &statements).limit(LONG).watch(|line| {
            if let Some((schema, table)) = line.strip_prefix(MARK).and_then(|name| name.split_once('.')) {
                place = Place::Row { service: schema.to_owned(), table: table.to_owned() };
                return;
            }
            found.look(needles, &place, line);
        })?;
        if status.success() { Ok(()) } else { Err(Error::Unread(format!("the rows of the server {server}"))) }
    }

    /// The bus's files, printed by its own program inside its pod: there is no shell in it, and no route that would show them.
    fn stream(&self, needles: &Needles, found: &mut Found) -> Result<(), Error> {
        let dump = ["exec", "-n", NAMESPACE, "deployment/bus", "--", "/bus", "dump"];
        let look = |line: &str| found.look(needles, &Place::Stream, line);
        let status = self.cluster.kubectl().args(dump).limit(LONG).watch(look)?;
        if status.success() { Ok(()) } else { Err(Error::Unread(Place::Stream.to_string())) }
    }

    fn pods(&self) -> Result<Vec<Pod>, Error> {
        let mut pods = Vec::new();
        for namespace in NAMESPACES {
            let json =
                self.cluster.kubectl().args(["get", "pods", "-n", namespace, "-o", "json"]).limit(READ).quiet()?;
            let list: Value =
                serde_json::from_str(&json).map_err(|source| Error::Json { what: "the list of pods", source })?;
            pods.extend(list["items"].as_array().into_iter().flatten().filter_map(|pod| read(namespace, pod)));
        }
        Ok(pods)
    }

    fn log(&self, pod: &Pod, needles: &Needles, found: &mut Found) -> Result<(), Error> {
        let place = Place::Log(pod.name.clone());
        let logs = ["logs", "-n", pod.namespace.as_str(), pod.name.as_str(), "--all-containers", "--tail=-1"];
        let status = self.cluster.kubectl().args(logs).limit(LONG).watch(|line| found.look(needles, &place, line))?;
        if status.success() { Ok(()) } else { Err(Error::Unread(place.to_string())) }
    }

    fn metrics(&self, pod: &Pod, needles: &Needles, found: &mut Found) -> Result<(), Error> {
        let place = Place::Metrics(pod.name.clone());
        let door = Door::to(self.cluster, &pod.namespace, &format!("pod/{}", pod.name), ADMIN)?;
        let answer = self.client.send("GET", &door.at("/metrics"), &[], None)?;
        let Some(page) = answer.body.as_str().filter(|_| answer.status == 200) else {
            return Err(Error::Unread(place.to_string()));
        };
        page.lines().for_each(|line| found.look(needles, &place, line));
        Ok(())
    }
}

/// A pod that has something to say; one that hasn't begun has not.
fn read(namespace: &str, pod: &Value) -> Option<Pod> {
    let phase = pod["status"]["phase"].as_str()?;
    if phase == "Pending" {
        return None;
    }
    let containers = pod["spec"]["containers"].as_array()?;
    let ports = containers.iter().filter_map(|one| one["ports"].as_array()).flatten();
    let measures = phase == "Running" && ports.into_iter().any(|port| port["containerPort"] == ADMIN);
    Some(Pod { namespace: namespace.to_owned(), name: pod["metadata"]["name"].as_str()?.to_owned(), measures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_that_have_begun_are_read() {
        let pod = |phase: &str, port: u16| {
            json!({ "metadata": { "name": "a" }, "status": { "phase": phase },
                    "spec": { "containers": [{ "name": "x" }, { "ports": [{ "containerPort": port }] }] } })
        };
        let read = |phase, port| read("rerp", &pod(phase, port)).map(|pod| pod.measures);
        assert_eq!(read("Running", 9090), Some(true));
        assert_eq!(read("Running", 5432), Some(false));
        assert_eq!(read("Succeeded", 9090), Some(false), "its log is still there");
        assert_eq!(read("Pending", 9090), None);
    }
}
