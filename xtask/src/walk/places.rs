//! Where things of the platform are, and a look into its databases. In: the cluster. Out: which server holds a service's schema, and what a query
//! prints: `psql` inside the server's own pod, past every service.

use std::time::Duration;

use serde_json::Value;

use super::Error;
use crate::cluster::Cluster;
use crate::command::Cmd;

/// Namespace of the platform.
pub(crate) const NAMESPACE: &str = "rerp";
const READ: Duration = Duration::from_secs(30);
/// Phases of a migration in which the service's data is where it was to go.
const MOVED: [&str; 3] = ["Observe", "Finalize", "Completed"];

/// The platform's objects.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    cluster: &'a Cluster,
    objects: Vec<Value>,
}

/// Where a service's tables are.
#[derive(Debug, PartialEq, Eq)]
struct Home<'a> {
    /// The ServiceDatabase that runs the server; its database has the same name.
    server: &'a str,
    schema: &'a str,
}

impl<'a> Places<'a> {
    /// Looks.
    pub(crate) fn find(cluster: &'a Cluster) -> Result<Self, Error> {
        let args = ["get", "rsvc,sdb,dsm", "-n", NAMESPACE, "-o", "json"];
        let json = cluster.kubectl().args(args).limit(READ).quiet()?;
        let list: Value =
            serde_json::from_str(&json).map_err(|source| Error::Json { what: "the list of objects", source })?;
        Ok(Self { cluster, objects: list["items"].as_array().cloned().unwrap_or_default() })
    }

    /// Makes sure that these services are there.
    pub(crate) fn must_have(&self, services: &[&'static str]) -> Result<(), Error> {
        let missing = services.iter().find(|name| object(&self.objects, "RerpService", name).is_none());
        missing.map_or(Ok(()), |name| Err(Error::NoPlatform(name)))
    }

    /// Since when events go anywhere (RFC 3339), if they do.
    pub(crate) fn bus_since(&self) -> Option<&str> {
        object(&self.objects, "RerpService", "bus")?["metadata"]["creationTimestamp"].as_str()
    }

    /// Whether events go anywhere.
    pub(crate) fn has_bus(&self) -> bool {
        self.bus_since().is_some()
    }

    /// The server that holds a service's tables.
    pub(crate) fn server(&self, service: &'static str) -> Result<&str, Error> {
        home(&self.objects, service).map(|home| home.server).ok_or(Error::NoPlatform(service))
    }

    /// What a service's manifest says of events: `publishes`, or `consumes`.
    pub(crate) fn events(&self, service: &'static str, which: &str) -> Vec<&str> {
        let list = object(&self.objects, "RerpService", service).map(|object| &object["spec"]["events"][which]);
        let names = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(Value::as_str).collect()
    }

    /// What a query on a service's tables prints, one line per row. `{schema}` in it stands for their schema.
    pub(crate) fn ask(&self, service: &'static str, sql: &str) -> Result<String, Error> {
        let home = home(&self.objects, service).ok_or(Error::NoPlatform(service))?;
        let sql = sql.replace("{schema}", home.schema);
        Ok(self.psql(home.server, &[sql]).limit(READ).quiet()?.trim().to_owned())
    }

    /// Names of the servers that the platform runs; the database of each has the same name.
    pub(super) fn servers(&self) -> Vec<&str> {
        let databases = self.objects.iter().filter(|object| object["kind"] == "ServiceDatabase");
        let running = databases.filter(|object| object["spec"]["engine"]["embedded"].is_object());
        running.filter_map(|object| object["metadata"]["name"].as_str()).collect()
    }

    /// The command that prints what statements print on a server, one after the other.
    pub(super) fn psql(&self, server: &str, statements: &[String]) -> Cmd {
        let pod = format!("{server}-postgres-0");
        let psql = ["exec", "-n", NAMESPACE, &pod, "-c", "postgres", "--", "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"];
        let there = ["-h", "/var/run/postgresql", "-U", "postgres", "-d", server];
        let command = self.cluster.kubectl().args(psql).args(there);
        statements.iter().fold(command, |command, sql| command.arg("-c").arg(sql))
    }
}

/// A service's tables are where its migration took them, or else in the database that it names, which may be a part of another one.
fn home<'a>(objects: &'a [Value], service: &'a str) -> Option<Home<'a>> {
    let moved = objects.iter().find(|object| {
        let is_over = object["status"]["phase"].as_str().is_some_and(|phase| MOVED.contains(&phase));
        object["kind"] == "DatabaseSplitMigration" && object["spec"]["serviceRef"]["name"] == service && is_over
    });
    if let Some(moved) = moved {
        let target = &moved["spec"]["target"];
        return Some(Home { server: target["databaseRef"]["name"].as_str()?, schema: target["schema"].as_str()? });
    }
    let name = object(objects, "RerpService", service)?["spec"]["databaseRef"]["name"].as_str()?;
    let shared = &object(objects, "ServiceDatabase", name)?["spec"]["engine"]["shared"];
    match shared["databaseRef"]["name"].as_str() {
        Some(server) => Some(Home { server, schema: shared["schema"].as_str()? }),
        None => Some(Home { server: name, schema: service }),
    }
}

fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn platform(phase: &str) -> Vec<Value> {
        vec![
            json!({ "kind": "RerpService", "metadata": { "name": "identity" }, "spec": { "databaseRef": { "name": "identity-shared" } } }),
            json!({ "kind": "RerpService", "metadata": { "name": "fte" }, "spec": { "databaseRef": { "name": "fte" } } }),
            json!({ "kind": "ServiceDatabase", "metadata": { "name": "fte" }, "spec": { "engine": { "embedded": {} } } }),
            json!({ "kind": "ServiceDatabase", "metadata": { "name": "identity-shared" }, "spec": { "engine": {
                "shared": { "databaseRef": { "name": "monolith" }, "schema": "people" } } } }),
            json!({ "kind": "DatabaseSplitMigration", "metadata": { "name": "x" }, "status": { "phase": phase }, "spec": {
                "serviceRef": { "name": "identity" }, "target": { "databaseRef": { "name": "own" }, "schema": "people" } } }),
        ]
    }

    #[test]
    fn tables_are_found_wherever_they_are() {
        for (phase, server) in [
            ("Copy", "monolith"),
            ("Cutover", "monolith"),
            ("Observe", "own"),
            ("Completed", "own"),
            ("Aborted", "monolith"),
        ] {
            assert_eq!(home(&platform(phase), "identity"), Some(Home { server, schema: "people" }), "{phase}");
        }
        assert_eq!(home(&platform("Copy"), "fte"), Some(Home { server: "fte", schema: "fte" }));
        assert_eq!(home(&platform("Copy"), "billing"), None);
    }
}
