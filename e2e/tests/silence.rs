//! A platform at rest is left at rest: three restarts of the operator, each of which lists everything anew and visits every object,
//! change nothing.
//!
//! Three witnesses. The versions of everything the operator looks after, on any cluster. The operator's own count of its
//! writes, where nobody else's objects are there to be written. The API server's audit log, which also sees writes that change nothing,
//! where the cluster keeps one that this test can read: the local node does when it was started with `RERP_NODE_AUDIT`, as CI does. On
//! a cluster without it the test says so and judges by the other two.

use std::collections::BTreeMap;

use rerp_e2e::{AuditLog, Kubectl, KubectlError, OPERATOR_USER, Operator, TestNamespace, TestResult, eventually};
use serde_json::Value;

const PLATFORM: &str = include_str!("abort/databases.yaml");
const MIGRATION: &str = include_str!("abort/migration.yaml");
/// The three kinds, each with the name of its controller.
const KINDS: [(&str, &str); 3] = [("rsvc", "service"), ("sdb", "database"), ("dsm", "split")];
/// Written by the kubelet and by controllers of the cluster, not by the operator.
const OTHERS: [&str; 3] = ["Pod", "Endpoints", "EndpointSlice"];

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Version of every object that the operator writes, by kind and name, events of its own included.
fn versions(ns: &TestNamespace) -> Result<BTreeMap<String, String>, KubectlError> {
    let kinds = ns.run(&["api-resources", "--namespaced", "--verbs=list", "-o", "name"])?;
    let kinds: Vec<&str> = kinds.lines().filter(|kind| !kind.ends_with(".metrics.k8s.io")).collect();
    let all = ns.get(&[&kinds.join(","), "-l", "app.kubernetes.io/managed-by=rerp"])?;
    let ours = ns.get(&[&KINDS.map(|(kind, _)| kind).join(",")])?;
    let mut events = items(&ns.get(&["events.events.k8s.io"])?);
    events.retain(|event| event["reportingController"] == "rerp-operator");
    let objects = [items(&all), items(&ours), events].concat();
    let described = objects.iter().filter(|object| !OTHERS.contains(&text(&object["kind"]).as_str())).map(|object| {
        let metadata = &object["metadata"];
        (format!("{} {}", text(&object["kind"]), text(&metadata["name"])), text(&metadata["resourceVersion"]))
    });
    Ok(described.collect())
}

/// How many objects each controller has.
type Counts = Vec<(&'static str, usize)>;

/// Counts on the whole cluster, and whether all objects are in this namespace.
fn objects(kubectl: &Kubectl, ns: &TestNamespace) -> Result<(Counts, bool), KubectlError> {
    let (mut counts, mut alone) = (Vec::new(), true);
    for (kind, controller) in KINDS {
        let all = items(&kubectl.get(&[kind, "--all-namespaces"])?);
        alone &= all.iter().all(|object| object["metadata"]["namespace"] == ns.name());
        counts.push((controller, all.len()));
    }
    Ok((counts, alone))
}

/// Namespaces of earlier tests go in the background, and what goes is written to.
fn others_are_gone(kubectl: &Kubectl, ns: &TestNamespace) -> TestResult {
    eventually(180, "the namespaces of other tests to go", || {
        let names = kubectl
            .run(&["get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}"])
            .map_err(|e| e.to_string())?;
        let left: Vec<&str> =
            names.split_whitespace().filter(|name| name.starts_with("e2e-") && *name != ns.name()).collect();
        if left.is_empty() { Ok(()) } else { Err(left.join(", ")) }
    })?;
    Ok(())
}

/// The way to the server that the pods have left stays open for three minutes. The note that says since when is put back, so that nobody waits for them here.
fn close_the_old_way(ns: &TestNamespace) -> TestResult {
    let noted = "rerp.dev/leaving=monolith=2026-01-01T00:00:00Z";
    ns.run(&["annotate", "networkpolicy/identity", "--overwrite", noted])?;
    eventually(300, "the way to the old server to close", || {
        let policy = ns.get(&["networkpolicy/identity"]).map_err(|e| e.to_string())?;
        let ways = policy["spec"]["egress"].to_string();
        if ways.contains("monolith") { Err(ways) } else { Ok(()) }
    })?;
    // The operator takes away what it wrote itself, and this note is the test's.
    ns.run(&["annotate", "networkpolicy/identity", "rerp.dev/leaving-"])?;
    Ok(())
}

/// A service whose data has moved: all three kinds, each at rest.
fn settle(ns: &TestNamespace) -> TestResult {
    ns.apply(PLATFORM)?;
    for object in ["sdb/monolith", "sdb/identity-shared", "sdb/identity", "rsvc/identity"] {
        ns.condition(object, "Ready", "True", 180)?;
    }
    ns.apply(&MIGRATION.replace("advanceTo: ReadyForCutover", "advanceTo: Completed"))?;
    ns.condition("dsm/identity", "Ready", "True", 240)?;
    eventually(120, "the migration's worker to go", || {
        let left =
            ns.run(&["get", "pods", "-l", "rerp.dev/split=identity", "-o", "name"]).map_err(|e| e.to_string())?;
        if left.is_empty() { Ok(()) } else { Err(left) }
    })?;
    for object in ["sdb/monolith", "sdb/identity-shared", "sdb/identity", "rsvc/identity"] {
        ns.condition(object, "Ready", "True", 60)?;
    }
    close_the_old_way(ns)
}

#[test]
fn restarts_of_the_operator_change_nothing() -> TestResult {
    TestNamespace::run_test("silence", |ns| {
        let kubectl = Kubectl::from_env()?;
        settle(ns)?;
        others_are_gone(&kubectl, ns)?;
        let (counts, alone) = objects(&kubectl, ns)?;
        // What was under way when the platform came to rest ends before the first look.
        Operator::restarted(&kubectl)?.visited(&counts)?;
        let (before, log) = (versions(ns)?, AuditLog::at_its_end()?);
        if log.is_none() {
            eprintln!("no audit log here: judging by versions and by the operator's own count");
        }
        assert!(before.len() > 15, "only {before:?}");
        for round in 1..=3 {
            let operator = Operator::restarted(&kubectl)?;
            operator.visited(&counts)?;
            assert_eq!(before, versions(ns)?, "round {round} changed something");
            if alone {
                assert_eq!(operator.measure("rerp_operator_writes_total", "")?, 0.0, "round {round} wrote");
            }
        }
        if let Some(log) = log {
            assert!(log.knows(OPERATOR_USER)?, "the audit log knows nothing of the operator");
            let here = format!(" {}/", ns.name());
            let writes = log.writes_by(OPERATOR_USER)?;
            let written: Vec<_> = writes.into_iter().filter(|write| alone || write.contains(&here)).collect();
            assert_eq!(written, [] as [String; 0]);
        }
        Ok(())
    })
}
