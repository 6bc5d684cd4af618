//! Requests and limits of a container, bounded, without the long texts of the Kubernetes types.

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// What a container asks for and may use at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// What the scheduler sets aside, by resource name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "bounds::quantity_map")]
    pub requests: BTreeMap<String, String>,
    /// What the container may use at most, by resource name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "bounds::quantity_map")]
    pub limits: BTreeMap<String, String>,
}

impl From<&Resources> for ResourceRequirements {
    fn from(from: &Resources) -> Self {
        let amounts = |map: &BTreeMap<String, String>| {
            let amounts: BTreeMap<_, _> =
                map.iter().map(|(name, amount)| (name.clone(), Quantity(amount.clone()))).collect();
            (!amounts.is_empty()).then_some(amounts)
        };
        Self { claims: None, limits: amounts(&from.limits), requests: amounts(&from.requests) }
    }
}
