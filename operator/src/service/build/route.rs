//! The way in from outside: an Ingress, or an HTTPRoute. Both lead to port 8080 of a Service of the namespace, by host and by whole
//! segments of the path.

use crate::cluster::gateway_api::HttpRoute;
use crate::service::check::Checked;
use crate::service::check::exposure::{Leader, Wanted};
use crate::service::gather::COMPONENT;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rerp_crds::names;
use serde_json::{Value, json};

pub(super) fn ingress(checked: &Checked) -> Option<Ingress> {
    let wanted = checked.exposure.wanted.as_ref()?;
    let Leader::Ingress { class, secret } = &wanted.leader else { return None };
    let tls = secret
        .as_ref()
        .map(|secret| IngressTLS { hosts: Some(vec![wanted.host.clone()]), secret_name: Some(secret.clone()) });
    let spec = IngressSpec {
        ingress_class_name: Some(class.clone()),
        rules: Some(vec![IngressRule {
            host: Some(wanted.host.clone()),
            http: Some(HTTPIngressRuleValue { paths: wanted.paths.iter().map(|path| leads(path, wanted)).collect() }),
        }]),
        tls: tls.map(|tls| vec![tls]),
        ..IngressSpec::default()
    };
    Some(Ingress { metadata: metadata(checked), spec: Some(spec), ..Ingress::default() })
}

fn leads(path: &str, wanted: &Wanted) -> HTTPIngressPath {
    let service = IngressServiceBackend {
        name: wanted.backend.clone(),
        port: Some(ServiceBackendPort { number: Some(names::HTTP_PORT), name: None }),
    };
    HTTPIngressPath {
        path: Some(path.to_owned()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend { service: Some(service), resource: None },
    }
}

pub(super) fn http_route(checked: &Checked) -> Option<HttpRoute> {
    let wanted = checked.exposure.wanted.as_ref()?;
    let Leader::Gateway(parent) = &wanted.leader else { return None };
    let mut reference = json!({"name": parent.name});
    if let Some(namespace) = &parent.namespace {
        reference["namespace"] = json!(namespace);
    }
    if let Some(section) = &parent.section_name {
        reference["sectionName"] = json!(section);
    }
    let matches: Vec<Value> =
        wanted.paths.iter().map(|path| json!({"path": {"type": "PathPrefix", "value": path}})).collect();
    let backend = json!({"name": wanted.backend, "port": names::HTTP_PORT});
    let spec = json!({
        "hostnames": [wanted.host],
        "parentRefs": [reference],
        "rules": [{"backendRefs": [backend], "matches": matches}],
    });
    Some(HttpRoute::new(metadata(checked), spec))
}

fn metadata(checked: &Checked) -> ObjectMeta {
    checked.owner.child(&names::service_route(&checked.owner.name), COMPONENT)
}
