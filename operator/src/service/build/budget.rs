//! The service's PodDisruptionBudget: a drain takes one pod at a time.

use crate::service::check::Checked;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub(super) fn build(checked: &Checked) -> PodDisruptionBudget {
    let owner = &checked.owner;
    PodDisruptionBudget {
        metadata: owner.child(&owner.name, COMPONENT),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(LabelSelector { match_labels: Some(owner.selector(COMPONENT)), ..LabelSelector::default() }),
            // Pods that aren't ready serve nobody: they must not stop a drain.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        ..PodDisruptionBudget::default()
    }
}
