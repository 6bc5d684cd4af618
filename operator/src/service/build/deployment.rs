//! The service's Deployment. A rollout never takes a pod away before its successor serves, unless both would write to one folder.

use super::pod;
use crate::service::check::Checked;
use crate::service::check::bus::Bus;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

pub(super) fn build(checked: &Checked) -> Deployment {
    let owner = &checked.owner;
    Deployment {
        metadata: owner.child(&owner.name, COMPONENT),
        spec: Some(DeploymentSpec {
            replicas: Some(checked.replicas),
            revision_history_limit: Some(3),
            progress_deadline_seconds: Some(600),
            selector: LabelSelector { match_labels: Some(owner.selector(COMPONENT)), ..LabelSelector::default() },
            strategy: Some(strategy(checked)),
            template: PodTemplateSpec { metadata: Some(template(checked)), spec: Some(pod::build(checked)) },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

fn strategy(checked: &Checked) -> DeploymentStrategy {
    if !checked.spec.volumes.is_empty() || matches!(checked.bus, Bus::Itself(_)) {
        return DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None };
    }
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(IntOrString::Int(1)),
            max_unavailable: Some(IntOrString::Int(0)),
        }),
    }
}

/// The user's labels and annotations, and ours, which win.
fn template(checked: &Checked) -> ObjectMeta {
    let pod = checked.spec.pod.as_ref();
    let mut labels: BTreeMap<String, String> = pod.map(|pod| pod.labels.clone()).unwrap_or_default();
    labels.extend(checked.owner.labels(COMPONENT));
    let annotations = pod.map(|pod| pod.annotations.clone()).filter(|all| !all.is_empty());
    ObjectMeta { labels: Some(labels), annotations, ..ObjectMeta::default() }
}
