//! Part of a RerpService that says what it tells others after the fact, and what it wants to be told.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// Types of events, by their full names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.publishes) || !has(self.consumes) || !self.consumes.exists(name, name in self.publishes)")
    .message("a service knows what it publishes itself; remove the name from spec.events.consumes"))]
pub struct Events {
    /// What the service announces. No other service of the namespace may announce the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "bounds::event_names")]
    #[x_kube(validation = Rule::new("self.all(name, name.matches('^[a-z][-a-z0-9]*([.][a-z][-a-z0-9]*)+[.]v[1-9][0-9]{0,3}$'))")
        .message("an entry names no type of events; write service, what happened and version, as in identity.user.verified.v1"))]
    #[x_kube(validation = Rule::new("self.all(one, self.exists_one(other, other == one))")
        .message("a type of events is listed twice; remove one of both, for a list says each type once"))]
    pub publishes: Vec<String>,
    /// What the service wants to be told, whoever announces it; other versions of these types are delivered too, for a program that
    /// comes to know them. Of a type that nobody announces nothing comes. Who stops wanting anything is forgotten by the bus; who
    /// wants something for the first time gets what the bus still has of it, 30 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "bounds::event_names")]
    #[x_kube(validation = Rule::new("self.all(name, name.matches('^[a-z][-a-z0-9]*([.][a-z][-a-z0-9]*)+[.]v[1-9][0-9]{0,3}$'))")
        .message("an entry names no type of events; write service, what happened and version, as in identity.user.verified.v1"))]
    #[x_kube(validation = Rule::new("self.all(one, self.exists_one(other, other == one))")
        .message("a type of events is listed twice; remove one of both, for a list says each type once"))]
    pub consumes: Vec<String>,
}
