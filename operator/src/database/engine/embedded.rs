//! Is our server up, and if not, why? Pure. In: the StatefulSet as applied, its pods, its claim.
//! Out: nothing if it serves; else an outcome that names the pod and the trouble.

use crate::database::check::Embedded;
use crate::outcome::Outcome;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ContainerStatus, PersistentVolumeClaim, Pod};
use kube::ResourceExt;
use rerp_crds::Reason;
use std::time::Duration;

/// Look again at a server that starts; the watch on pods usually comes first.
const AGAIN: Duration = Duration::from_secs(15);
/// Longest piece of a container's last words in a condition, in characters.
const LAST_WORDS: usize = 400;

/// Err with the reason while the server doesn't serve in its present form.
pub fn judge(stateful_set: &StatefulSet, embedded: &Embedded) -> Result<(), Outcome> {
    if serves(stateful_set) {
        return Ok(());
    }
    let path = path(stateful_set);
    if let Some(trouble) = embedded.claim.as_ref().and_then(lost) {
        return Err(trouble);
    }
    let Some(pod) = embedded.pods.iter().find(|pod| pod.metadata.deletion_timestamp.is_none()) else {
        let on = format!("StatefulSet {path} to make its pod (if it doesn't, its events say why)");
        return Err(Outcome::waiting(Reason::ServerStarting, on, AGAIN));
    };
    Err(trouble(pod, embedded.claim.as_ref()).unwrap_or_else(|| {
        let on = format!("pod {} to be ready", self::path(pod));
        Outcome::waiting(Reason::ServerStarting, on, AGAIN)
    }))
}

/// The pod of the present revision is ready, and the StatefulSet controller has seen our last change.
fn serves(stateful_set: &StatefulSet) -> bool {
    let Some(status) = &stateful_set.status else { return false };
    status.observed_generation == stateful_set.metadata.generation
        && status.ready_replicas.unwrap_or(0) >= 1
        && status.updated_replicas.unwrap_or(0) >= 1
}

fn path<K: ResourceExt>(object: &K) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

fn lost(claim: &PersistentVolumeClaim) -> Option<Outcome> {
    let phase = claim.status.as_ref()?.phase.as_deref()?;
    (phase == "Lost").then(|| {
        let message = format!(
            "the volume of PersistentVolumeClaim {} is gone; restore it or delete the claim to start empty",
            path(claim)
        );
        Outcome::refused(Reason::VolumeUnavailable, message)
    })
}

/// What keeps a pod from running, in the order in which a pod gets through it.
fn trouble(pod: &Pod, claim: Option<&PersistentVolumeClaim>) -> Option<Outcome> {
    if let Some(outcome) = unscheduled(pod, claim) {
        return Some(outcome);
    }
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find_map(|status| stuck(pod, status))
}

fn unscheduled(pod: &Pod, claim: Option<&PersistentVolumeClaim>) -> Option<Outcome> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions.iter().find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    let said = scheduled.message.as_deref().unwrap_or("no reason given");
    let storage = ["persistentvolumeclaim", "storageclass", "volume"];
    if !storage.iter().any(|word| said.to_lowercase().contains(word)) {
        return Some(Outcome::waiting(Reason::Unschedulable, format!("a node for pod {}: {said}", path(pod)), AGAIN));
    }
    // The scheduler names neither the claim nor its class.
    let what = claim.filter(|claim| !is_bound(claim)).map_or_else(String::new, |claim| {
        let class = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref());
        let class = class.map_or("the default storage class, of which there is none".to_owned(), |name| {
            format!("storage class {name}")
        });
        format!(" and its PersistentVolumeClaim {} of {class}", path(claim))
    });
    Some(Outcome::waiting(Reason::VolumeUnavailable, format!("a node for pod {}{what}: {said}", path(pod)), AGAIN))
}

fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Bound")
}

fn stuck(pod: &Pod, status: &ContainerStatus) -> Option<Outcome> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let said = waiting.message.as_deref().unwrap_or("no message");
    let pod = path(pod);
    match waiting.reason.as_deref()? {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            let message = format!("pod {pod} can't get the image {}: {said}", status.image);
            Some(Outcome::refused(Reason::ImagePullFailed, message))
        }
        "CreateContainerConfigError" | "CreateContainerError" => {
            Some(Outcome::refused(Reason::ConfigMissing, format!("pod {pod} can't start: {said}")))
        }
        "CrashLoopBackOff" => {
            let message = format!("the server in pod {pod} starts and ends: {}", last_words(status));
            Some(Outcome::refused(Reason::CrashLooping, message))
        }
        _ => None,
    }
}

/// The end of what the container said last: the cause is in its last lines.
fn last_words(status: &ContainerStatus) -> String {
    let ended = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let Some(ended) = ended else { return "it left no message".to_owned() };
    let said = ended.message.as_deref().unwrap_or("it left no message").trim();
    let skip = said.chars().count().saturating_sub(LAST_WORDS);
    let cut = if skip > 0 { "…" } else { "" };
    format!("exit code {}: {cut}{}", ended.exit_code, said.chars().skip(skip).collect::<String>())
}

#[cfg(test)]
#[path = "embedded_tests.rs"]
mod tests;
