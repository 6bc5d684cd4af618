//! What Deployments and pods say, and which verdict it comes to.

use super::Verdict;
use super::workload::verdict;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use rerp_crds::{Reason, Summary};
use serde_json::{Value, json};

fn deployment(generation: i64, observed: i64, updated: i32, total: i32, available: i32) -> Deployment {
    let value = json!({
        "metadata": {"name": "identity", "generation": generation},
        "status": {
            "observedGeneration": observed, "updatedReplicas": updated, "replicas": total, "availableReplicas": available,
        },
    });
    serde_json::from_value(value).unwrap()
}

fn pod(field: &str, container: &str, state: &Value) -> Pod {
    let status = json!({
        "name": container, "image": "ghcr.io/rerp/identity:nope", "imageID": "", "ready": false, "restartCount": 3,
        "state": state, "lastState": {"terminated": {"exitCode": 7}},
    });
    serde_json::from_value(json!({"metadata": {"name": "identity-1"}, "status": {field: [status]}})).unwrap()
}

fn judged(deployment: &Deployment, pods: &[Pod]) -> (Option<Summary>, Reason, String) {
    match verdict(deployment, pods, 2) {
        Verdict::Fine(reason, message) => (None, reason, message),
        Verdict::Off(outcome) => (Some(outcome.summary()), outcome.reason(), outcome.message().to_owned()),
    }
}

#[test]
fn available_means_all_of_the_newest_template() {
    assert_eq!(judged(&deployment(3, 3, 2, 2, 2), &[]).0, None);
    for unfinished in [
        deployment(4, 3, 2, 2, 2), // the template was not seen yet
        deployment(3, 3, 1, 2, 2), // one pod runs the old template
        deployment(3, 3, 2, 3, 2), // an old pod is still there
        deployment(3, 3, 2, 2, 1), // one isn't available
        Deployment::default(),
    ] {
        let (summary, reason, _) = judged(&unfinished, &[]);
        assert_eq!((summary, reason), (Some(Summary::Progressing), Reason::RolloutProgressing));
    }
}

#[test]
fn the_thing_that_is_missing_is_named() {
    let waiting = |reason: &str| json!({"waiting": {"reason": reason, "message": "because"}});
    for (field, container, state, reason, word) in [
        ("containerStatuses", "identity", "ImagePullBackOff", Reason::ImagePullFailed, "ghcr.io/rerp/identity:nope"),
        ("containerStatuses", "identity", "ErrImagePull", Reason::ImagePullFailed, "ghcr.io/rerp/identity:nope"),
        ("containerStatuses", "identity", "CreateContainerConfigError", Reason::ConfigMissing, "because"),
        ("containerStatuses", "identity", "CrashLoopBackOff", Reason::CrashLooping, "code 7"),
        ("initContainerStatuses", "migrate", "CrashLoopBackOff", Reason::MigrationFailed, "-c migrate"),
    ] {
        let (summary, found, message) = judged(&deployment(3, 3, 1, 3, 2), &[pod(field, container, &waiting(state))]);
        assert_eq!((summary, found), (Some(Summary::Stalled), reason), "{state}");
        assert!(message.contains(word), "{state}: {message}");
    }
}

#[test]
fn starting_is_progress() {
    let starting = pod("containerStatuses", "identity", &json!({"waiting": {"reason": "ContainerCreating"}}));
    assert_eq!(judged(&deployment(3, 3, 2, 2, 1), &[starting]).1, Reason::RolloutProgressing);
}

#[test]
fn a_pod_that_leaves_and_a_finished_rollout_are_no_trouble() {
    let crashing = pod("containerStatuses", "identity", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    assert_eq!(judged(&deployment(3, 3, 2, 2, 2), std::slice::from_ref(&crashing)).0, None);
    let mut leaving = crashing;
    leaving.metadata.deletion_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(jiff::Timestamp::UNIX_EPOCH));
    assert_eq!(judged(&deployment(3, 3, 1, 2, 2), &[leaving]).1, Reason::RolloutProgressing);
}
