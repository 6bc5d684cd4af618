//! Gateways of class `rerp`. Pure. In: one of them. Out: its listeners, which of them can be, and the certificates they name.
//!
//! A Gateway of this class has no pods of its own: it stands for the namespace's gateway, whose ports are 8080 and 8443. A listener on 80 or 443
//! means the same, as a load balancer or a forwarded port may have it.

use super::Trouble;
use crate::cluster::gateway_api::Gateway;
use kube::ResourceExt;
use rerp_crds::names;
use serde::Deserialize;
use serde_json::Value;

/// A Gateway as it is served.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) listeners: Vec<Listener>,
}

/// A listener.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// Host it is for; none: every one.
    pub hostname: Option<String>,
    /// Why it can't be.
    pub trouble: Option<Trouble>,
    /// What is wrong with its certificates.
    pub unresolved: Option<Trouble>,
    /// Secrets with its certificates.
    pub secrets: Vec<String>,
    /// Routes that hang on it.
    pub attached: u32,
    pub(super) port: i32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    gateway_class_name: String,
    listeners: Vec<Raw>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    name: String,
    hostname: Option<String>,
    port: i32,
    protocol: String,
    tls: Option<Tls>,
    allowed_routes: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Tls {
    mode: Option<String>,
    certificate_refs: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    group: String,
    kind: Option<String>,
    name: String,
    namespace: Option<String>,
}

/// Whether it is meant for us.
#[must_use]
pub fn is_ours(gateway: &Gateway) -> bool {
    gateway.spec["gatewayClassName"] == names::ROUTE_CLASS
}

/// Reads one; what can't be read has no listeners, and says so of none.
pub(super) fn read(gateway: &Gateway) -> Read {
    let spec: Spec = serde_json::from_value(gateway.spec.clone()).unwrap_or_default();
    let namespace = gateway.namespace().unwrap_or_default();
    let ours = spec.gateway_class_name == names::ROUTE_CLASS;
    let listeners = spec.listeners.into_iter().filter(|_| ours).map(|raw| listener(raw, &namespace));
    Read { name: gateway.name_any(), listeners: listeners.collect() }
}

fn listener(raw: Raw, namespace: &str) -> Listener {
    let (trouble, mut unresolved) = (trouble(&raw), None);
    let mut secrets = Vec::new();
    for one in raw.tls.iter().flat_map(|tls| &tls.certificate_refs) {
        if !one.group.is_empty() || one.kind.as_deref().unwrap_or("Secret") != "Secret" {
            let message = format!("{} is no Secret", one.name);
            unresolved = Some(Trouble::new("InvalidCertificateRef", message));
        } else if one.namespace.as_deref().is_some_and(|other| other != namespace) {
            let message = format!("Secret {} is in another namespace, which the gateway reads nothing of", one.name);
            unresolved = Some(Trouble::new("RefNotPermitted", message));
        } else if raw.protocol == "HTTPS" {
            secrets.push(one.name.clone());
        }
    }
    let Raw { name, hostname, port, .. } = raw;
    let hostname = hostname.filter(|host| !host.is_empty());
    Listener { name, hostname, trouble, unresolved, secrets, attached: 0, port }
}

fn trouble(raw: &Raw) -> Option<Trouble> {
    let not = |code, message: String| Some(Trouble::new(code, message));
    let ports: &[i32] = match raw.protocol.as_str() {
        "HTTP" => &[80, names::HTTP_PORT],
        "HTTPS" => &[443, names::HTTPS_PORT],
        other => return not("UnsupportedProtocol", format!("protocol {other}: the gateway has HTTP and HTTPS")),
    };
    if !ports.contains(&raw.port) {
        return not("PortUnavailable", format!("port {}: {} has {ports:?}", raw.port, raw.protocol));
    }
    if raw.tls.as_ref().and_then(|tls| tls.mode.as_deref()).is_some_and(|mode| mode != "Terminate") {
        return not("NotSupported", "tls.mode: the gateway ends TLS itself (Terminate)".to_owned());
    }
    let from = raw.allowed_routes["namespaces"]["from"].as_str().unwrap_or("Same");
    if from != "Same" {
        let message = format!("allowedRoutes.namespaces.from {from}: a gateway serves its own namespace (Same)");
        return not("NotSupported", message);
    }
    None
}
