//! Removing what the previous demo left. In: the cluster. Out: a namespace without platform, databases and data; said before it is done.
//!
//! Databases keep their data when they are deleted, as they should. The demo's data is generated, and a second demo that found the first
//! one's result would have nothing to split: so it says that the data goes, sets the databases to `Delete`, and deletes them.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Error;
use super::kube::{Kube, name};
use crate::progress::{Step, elapsed};

const LIMIT: Duration = Duration::from_secs(180);
const SHORT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(500);

/// Names of what the demo applies; anything else in the namespace is left alone.
const SERVICES: [&str; 12] = [
    "website",
    "customer",
    "platform",
    "traffic",
    "gateway",
    "fte",
    "marketing",
    "account",
    "billing",
    "identity",
    "sandbox",
    "bus",
];
const SHARED: [&str; 5] = ["identity-shared", "account-shared", "marketing-shared", "billing-shared", "fte-shared"];
const SERVERS: [&str; 6] = ["identity", "marketing", "billing", "account", "fte", "monolith"];
const MIGRATIONS: [&str; 5] = ["fte", "account", "billing", "marketing", "identity"];

/// Removes the previous demo, if there is one.
pub(super) fn run(kube: Kube<'_>) -> Result<(), Error> {
    let left = leftovers(kube)?;
    if left.is_empty() {
        return Ok(());
    }
    let step = Step::begin("Removing the previous demo and its data");
    step.note(format!("this deletes, with everything in them: {}", left.join(", ")));
    // The migrations first: each tidies up both servers while they are still there.
    delete(kube, "dsm", &MIGRATIONS)?;
    release_data(kube)?;
    delete(kube, "rsvc", &SERVICES)?;
    delete(kube, "job", &["seed"])?;
    delete(kube, "sdb", &SHARED)?;
    delete(kube, "sdb", &SERVERS)?;
    wait_until_gone(kube)?;
    step.done("gone");
    Ok(())
}

/// Embedded databases and migrations of an earlier demo, and volumes whose database is gone.
fn leftovers(kube: Kube<'_>) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for migration in MIGRATIONS {
        if kube.ours("databasesplitmigrations", migration)?.is_some() {
            found.push(format!("migration {migration}"));
        }
    }
    for server in SERVERS {
        if kube.ours("servicedatabases", server)?.is_some() {
            found.push(format!("database {server}"));
        }
    }
    found.extend(volumes(kube)?.into_iter().map(|claim| format!("volume {claim}")));
    Ok(found)
}

/// Lets the volumes go together with their databases.
fn release_data(kube: Kube<'_>) -> Result<(), Error> {
    for server in SERVERS {
        if kube.ours("servicedatabases", server)?.is_none() {
            continue;
        }
        let patch = r#"{"spec":{"deletionPolicy":"Delete"}}"#;
        kube.run(&["patch", "sdb", server, "--type=merge", "-p", patch], SHORT)?;
        let seen = |object: &Value| object["status"]["observedGeneration"] == object["metadata"]["generation"];
        let until = Instant::now() + SHORT;
        // Only a volume that the operator has released goes by itself; the others are deleted below.
        while Instant::now() < until && kube.ours("servicedatabases", server)?.is_some_and(|object| !seen(&object)) {
            thread::sleep(POLL);
        }
    }
    Ok(())
}

fn delete(kube: Kube<'_>, kind: &str, names: &[&str]) -> Result<(), Error> {
    let limit = format!("--timeout={}s", LIMIT.as_secs());
    let args = [&["delete", kind, "--ignore-not-found", "--wait", &limit], names].concat();
    kube.run(&args, LIMIT + SHORT)?;
    Ok(())
}

/// Waits for pods and volumes; a volume that was retained by an earlier wish is deleted by its name.
fn wait_until_gone(kube: Kube<'_>) -> Result<(), Error> {
    let until = Instant::now() + LIMIT;
    loop {
        let pods: Vec<String> =
            kube.list("pods")?.iter().map(name).filter(|pod| is_ours(pod)).map(str::to_owned).collect();
        let volumes = volumes(kube)?;
        if pods.is_empty() && volumes.is_empty() {
            return Ok(());
        }
        if pods.is_empty() {
            let claims: Vec<&str> = volumes.iter().map(String::as_str).collect();
            delete(kube, "pvc", &claims)?;
        }
        if Instant::now() > until {
            return Err(Error::NotGone(elapsed(LIMIT), [pods, volumes].concat().join(", ")));
        }
        thread::sleep(POLL);
    }
}

/// Claims of the demo's servers, and of its event bus: events of people who are gone would be told to a new platform.
fn volumes(kube: Kube<'_>) -> Result<Vec<String>, Error> {
    let claims = kube.list("pvc")?;
    let ours = |claim: &&str| {
        *claim == "bus-store" || SERVERS.iter().any(|server| claim.ends_with(&format!("{server}-postgres-0")))
    };
    Ok(claims.iter().map(name).filter(ours).map(str::to_owned).collect())
}

/// Whether a pod belongs to something the demo applied: its name starts with that thing's.
fn is_ours(pod: &str) -> bool {
    let starts = |owner: &&str| pod.strip_prefix(*owner).is_some_and(|rest| rest.starts_with('-'));
    SERVICES.iter().chain(&SERVERS).chain(&["seed"]).any(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pods_of_the_demo_are_waited_for() {
        for pod in
            ["identity-5f6-x", "identity-postgres-0", "identity-split-worker-1", "seed-abc", "traffic-1", "bus-1"]
        {
            assert!(is_ours(pod), "{pod}");
        }
        for pod in ["identity2-1", "portal-1", "seeds-1"] {
            assert!(!is_ours(pod), "{pod}");
        }
    }
}
