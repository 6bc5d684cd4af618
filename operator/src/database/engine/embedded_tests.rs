//! Troubles of a pod against the outcome they lead to. Each message names the pod and the thing.

use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn embedded(pods: Vec<Pod>) -> Embedded {
    Embedded {
        image: "ghcr.io/rerp/postgres:dev".to_owned(),
        version: 17,
        storage: "1Gi".to_owned(),
        storage_bytes: 1 << 30,
        storage_class: None,
        parameters: BTreeMap::new(),
        resources: Default::default(),
        memory_bytes: 1 << 30,
        pods,
        claim: None,
        neighbours: Default::default(),
        operator_namespace: "rerp-system".to_owned(),
        certificate_ttl: Duration::from_secs(24 * 3600),
    }
}

fn stateful_set(observed: i64, ready: i32, updated: i32) -> StatefulSet {
    serde_json::from_value(json!({
        "metadata": {"name": "identity-postgres", "namespace": "rerp", "generation": 2},
        "status": {"replicas": 1, "observedGeneration": observed, "readyReplicas": ready, "updatedReplicas": updated},
    }))
    .expect("a StatefulSet")
}

fn pod(status: Value) -> Pod {
    let metadata = json!({"name": "identity-postgres-0", "namespace": "rerp"});
    serde_json::from_value(json!({"metadata": metadata, "status": status})).expect("a pod")
}

fn container(state: Value, last: Value) -> Value {
    json!({"containerStatuses": [{
        "name": "postgres", "image": "ghcr.io/rerp/postgres:dev", "imageID": "", "ready": false, "restartCount": 3,
        "state": state, "lastState": last,
    }]})
}

fn judged(status: Value) -> Outcome {
    judge(&stateful_set(2, 0, 1), &embedded(vec![pod(status)])).expect_err("not serving")
}

#[test]
fn it_serves_only_in_its_present_form() {
    assert_eq!(judge(&stateful_set(2, 1, 1), &embedded(vec![])), Ok(()));
    for (observed, ready, updated) in [(1, 1, 1), (2, 0, 1), (2, 1, 0)] {
        let outcome = judge(&stateful_set(observed, ready, updated), &embedded(vec![])).expect_err("not serving");
        assert_eq!(outcome.reason(), Reason::ServerStarting);
        assert!(outcome.message().contains("StatefulSet rerp/identity-postgres"));
    }
}

#[test]
fn an_image_that_can_not_be_pulled_is_named() {
    let state = json!({"waiting": {"reason": "ImagePullBackOff", "message": "not found"}});
    let outcome = judged(container(state, json!({})));
    assert_eq!(outcome.reason(), Reason::ImagePullFailed);
    assert_eq!(
        outcome.message(),
        "pod rerp/identity-postgres-0 can't get the image ghcr.io/rerp/postgres:dev: not found"
    );
    assert!(matches!(outcome, Outcome::Refused { .. }));
}

#[test]
fn a_crashing_server_is_quoted() {
    let state = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
    let said = format!("{}FATAL: unrecognized configuration parameter \"sheared_buffers\"", "x".repeat(1000));
    let outcome = judged(container(state, json!({"terminated": {"exitCode": 1, "message": said}})));
    assert_eq!(outcome.reason(), Reason::CrashLooping);
    assert!(outcome.message().ends_with("\"sheared_buffers\"") && outcome.message().len() < 600);
}

#[test]
fn a_pod_without_a_node_waits() {
    let unscheduled = |message: &str| {
        judged(json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": message}]}))
    };
    assert_eq!(unscheduled("0/1 nodes are available: 1 Insufficient memory.").reason(), Reason::Unschedulable);
    let outcome = unscheduled("storageclass.storage.k8s.io \"fast\" not found");
    assert_eq!(outcome.reason(), Reason::VolumeUnavailable);
    assert!(outcome.message().contains("\"fast\" not found"));
    assert!(matches!(outcome, Outcome::Waiting { .. }));
}

#[test]
fn a_claim_without_a_volume_is_named_with_its_class() {
    let status = json!({"conditions": [{
        "type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    }]});
    let mut embedded = embedded(vec![pod(status)]);
    let claim = json!({
        "metadata": {"name": "data-identity-postgres-0", "namespace": "rerp"},
        "spec": {"storageClassName": "fast"}, "status": {"phase": "Pending"},
    });
    embedded.claim = Some(serde_json::from_value(claim).expect("a claim"));
    let outcome = judge(&stateful_set(2, 0, 1), &embedded).expect_err("not serving");
    assert_eq!(outcome.reason(), Reason::VolumeUnavailable);
    assert!(
        outcome.message().contains("PersistentVolumeClaim rerp/data-identity-postgres-0 of storage class fast"),
        "{}",
        outcome.message()
    );
}

#[test]
fn a_missing_secret_is_quoted() {
    let state =
        json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"identity-admin\" not found"}});
    let outcome = judged(container(state, json!({})));
    assert_eq!(outcome.reason(), Reason::ConfigMissing);
    assert!(outcome.message().contains("identity-admin"));
}

#[test]
fn a_starting_pod_is_waited_for() {
    let outcome = judged(container(json!({"running": {}}), json!({})));
    assert_eq!(outcome.reason(), Reason::ServerStarting);
    assert_eq!(outcome.message(), "pod rerp/identity-postgres-0 to be ready");
}
