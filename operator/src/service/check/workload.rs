//! What the Deployment and its pods say. Pure. In: the live Deployment, the pods, how many are wanted. Out: a verdict that names
//! the thing that keeps pods from running.

use super::Verdict;
use crate::outcome::Outcome;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt;
use rerp_crds::Reason;
use std::time::Duration;

/// Look again at a rollout; a watch usually comes first.
const AGAIN: Duration = Duration::from_secs(10);
/// Longest piece of the kubelet's or scheduler's words that a condition quotes, in characters.
const QUOTE: usize = 300;
/// Name of the init container that brings the schema up to date.
pub const MIGRATE: &str = "migrate";

/// WorkloadAvailable.
pub fn verdict(deployment: &Deployment, pods: &[Pod], wanted: i32) -> Verdict {
    if let Some(message) = available(deployment, wanted) {
        return Verdict::Fine(Reason::AsExpected, message);
    }
    let living = || pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let trouble = living()
        .find_map(doomed)
        .or_else(|| refused_by_the_cluster(deployment))
        .or_else(|| living().find_map(unschedulable));
    Verdict::Off(trouble.unwrap_or_else(|| rolling(deployment, wanted)))
}

/// A word on the pods if all are there: the controller has seen the newest template, every pod runs it, all are available.
fn available(deployment: &Deployment, wanted: i32) -> Option<String> {
    let status = deployment.status.as_ref()?;
    let count = |number: Option<i32>| number.unwrap_or_default();
    let seen = status.observed_generation >= deployment.metadata.generation;
    let all = [status.replicas, status.updated_replicas, status.available_replicas];
    (seen && all.into_iter().all(|number| count(number) == wanted))
        .then(|| format!("{} available", pods_in_words(wanted)))
}

/// `1 pod`, `2 pods`.
pub fn pods_in_words(count: i32) -> String {
    format!("{count} pod{}", if count == 1 { "" } else { "s" })
}

fn rolling(deployment: &Deployment, wanted: i32) -> Outcome {
    let status = deployment.status.as_ref();
    let updated = status.and_then(|status| status.updated_replicas).unwrap_or_default();
    let available = status.and_then(|status| status.available_replicas).unwrap_or_default();
    let on =
        format!("{} wanted; running the newest template: {updated}, available: {available}", pods_in_words(wanted));
    Outcome::waiting(Reason::RolloutProgressing, on, AGAIN)
}

/// What only a person can put right in a pod.
fn doomed(pod: &Pod) -> Option<Outcome> {
    let status = pod.status.as_ref()?;
    let init = status.init_container_statuses.iter().flatten();
    init.chain(status.container_statuses.iter().flatten()).find_map(|container| stuck(pod, container))
}

fn stuck(pod: &Pod, container: &ContainerStatus) -> Option<Outcome> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let (name, image) = (pod.name_any(), &container.image);
    let said: String = waiting.message.as_deref().unwrap_or_default().chars().take(QUOTE).collect();
    Some(match waiting.reason.as_deref()? {
        "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName" | "RegistryUnavailable" => {
            let message =
                format!("image {image} can't be pulled; correct spec.image or add spec.pod.imagePullSecrets ({said})");
            Outcome::refused(Reason::ImagePullFailed, message)
        }
        "CreateContainerConfigError" | "CreateContainerError" => {
            Outcome::refused(Reason::ConfigMissing, format!("pod {name} can't be started: {said}"))
        }
        "CrashLoopBackOff" if container.name == MIGRATE => Outcome::refused(
            Reason::MigrationFailed,
            format!("spec.migrate.command fails {}; see kubectl logs {name} -c {MIGRATE}", exit(container)),
        ),
        "CrashLoopBackOff" => Outcome::refused(
            Reason::CrashLooping,
            format!(
                "container {} ends {} again and again; see kubectl logs {name} --previous",
                container.name,
                exit(container)
            ),
        ),
        _ => return None,
    })
}

/// How the container ended last. Its output isn't quoted: it may hold personal data.
fn exit(container: &ContainerStatus) -> String {
    let ended = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.map_or_else(String::new, |ended| match ended.reason.as_deref() {
        Some("OOMKilled") => "out of memory (raise spec.resources.limits.memory)".to_owned(),
        _ => format!("with code {}", ended.exit_code),
    })
}

fn unschedulable(pod: &Pod) -> Option<Outcome> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let refused =
        conditions.iter().find(|one| one.reason.as_deref() == Some("Unschedulable") && one.status == "False")?;
    let said: String = refused.message.as_deref().unwrap_or_default().chars().take(QUOTE).collect();
    Some(Outcome::waiting(Reason::Unschedulable, format!("a node for pod {}: {said}", pod.name_any()), AGAIN))
}

/// Quota or admission refuses the pods themselves.
fn refused_by_the_cluster(deployment: &Deployment) -> Option<Outcome> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let failure = conditions.iter().find(|one| one.type_ == "ReplicaFailure" && one.status == "True")?;
    let said: String = failure.message.as_deref().unwrap_or_default().chars().take(QUOTE).collect();
    Some(Outcome::refused(Reason::ReplicasUnavailable, format!("the cluster refuses the pods: {said}")))
}
