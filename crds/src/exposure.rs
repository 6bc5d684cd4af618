//! Part of a RerpService that lets requests from outside of the cluster in: under which host and paths, and by what. Types of our own,
//! bounded; what is made of them is an Ingress or an HTTPRoute.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{bounds, network::PodsFrom};

/// Who reaches the service from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Everybody who reaches the cluster. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<Public>,
}

/// A host and paths under which a service is reached. A service that wants certificates of its callers (`spec.mtls.mode`) is reached
/// through the namespace's gateway, which has to list it in its dependencies: no browser has a certificate of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.gateway) == (has(self.via) && self.via == 'Gateway')")
    .message("via: Gateway makes an HTTPRoute, and gateway names its parent; write both or none of the two")
    .field_path(".gateway"))]
#[x_kube(validation = Rule::new("!has(self.ingress) || !has(self.via) || self.via == 'Ingress'")
    .message("ingress holds choices for via: Ingress; remove it, or set via to Ingress")
    .field_path(".ingress"))]
pub struct Public {
    /// Name of the host in requests; `*.example.com` for all names that have one label more.
    #[schemars(schema_with = "bounds::host_or_wildcard")]
    #[x_kube(validation = Rule::new("self.matches('[a-z]')")
        .message("an address is no host; write a name, such as app.example.com"))]
    pub host: String,
    /// Beginnings of paths, whole segments: `/app` is for `/app` and `/app/a`, not for `/apple`. Default: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "bounds::http_paths")]
    #[x_kube(validation = Rule::new("self.all(path, path == '/' || (path.startsWith('/') && !path.endsWith('/') && !path.contains('//') && !path.matches('/[.][.]?(/|$)')))")
        .message("a path begins with a slash, has no empty segment, none that is . or .., and no slash at its end; write /app, or / for everything"))]
    #[x_kube(validation = Rule::new("self.all(one, self.exists_one(other, other == one))")
        .message("a path is listed twice; remove one of both, for a list says each path once"))]
    pub paths: Vec<String>,
    /// What leads requests here. Default Ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// Choices for `via: Ingress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressChoices>,
    /// The Gateway that an HTTPRoute hangs on, for `via: Gateway`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<ParentGateway>,
    /// Pods that requests come from, where an ingress controller or a Gateway of somebody else leads them: the network lets in nobody
    /// else. The namespace's own gateway needs no entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PodsFrom>,
}

/// What leads requests to a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Via {
    /// An Ingress of networking.k8s.io/v1.
    #[default]
    Ingress,
    /// An HTTPRoute of gateway.networking.k8s.io/v1.
    Gateway,
    /// Nothing: host and paths are written down, and nobody is let in.
    None,
}

/// Choices for an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngressChoices {
    /// IngressClass. Default `rerp`: the namespace's own gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::subdomain")]
    pub class_name: Option<String>,
    /// Secret of type kubernetes.io/tls with the host's certificate. Default: none, requests come in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_secret_ref: Option<SecretName>,
}

/// A Secret in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretName {
    /// Its `metadata.name`.
    #[schemars(schema_with = "bounds::subdomain")]
    pub name: String,
}

/// A Gateway of gateway.networking.k8s.io.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentGateway {
    /// Its `metadata.name`.
    #[schemars(schema_with = "bounds::subdomain")]
    pub name: String,
    /// Its namespace. Default: the service's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::label_name")]
    pub namespace: Option<String>,
    /// One of its listeners. Default: all that take the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::subdomain")]
    pub section_name: Option<String>,
}

impl Public {
    /// What leads requests here, the default included.
    #[must_use]
    pub fn via(&self) -> Via {
        self.via.unwrap_or_default()
    }

    /// Beginnings of paths, the default included.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        if self.paths.is_empty() { vec!["/".to_owned()] } else { self.paths.clone() }
    }
}
