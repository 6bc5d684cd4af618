//! Ingresses of class `rerp`. Pure. In: one of them. Out: its rules, its certificates, and what can't be served of it.
//! Annotations of other controllers mean nothing here, and say so nowhere: the API has no place for it.

use super::backend::{Backend, Backends, Port};
use super::certificate::{self, Certificates};
use super::{Place, Rule, SECRET_MISSING, Target, Trouble, Ways};
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressServiceBackend};
use rerp_crds::names;

/// What came of one Ingress.
#[derive(Default)]
pub(super) struct Read {
    pub(super) rules: Vec<Rule>,
    pub(super) ways: Ways,
    pub(super) certificates: Certificates,
    pub(super) troubles: Vec<Trouble>,
}

/// Whether it is meant for us. One without a class is the default class's, which is for others to serve.
#[must_use]
pub fn is_ours(ingress: &Ingress) -> bool {
    ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref()) == Some(names::ROUTE_CLASS)
}

/// Reads one; `place` says which of several comes first.
pub(super) fn read(ingress: &Ingress, place: &Place, backends: &Backends<'_>) -> Read {
    let spec = ingress.spec.clone().unwrap_or_default();
    let mut read = Read::default();
    let mut hosts = Vec::new();
    for rule in spec.rules.iter().flatten() {
        let host = rule.host.clone().unwrap_or_default();
        for path in rule.http.iter().flat_map(|http| &http.paths) {
            let exact = path.path_type == "Exact";
            let text = path.path.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_owned());
            let target = read.target(&path.backend, backends);
            read.rules.push(Rule::new(&host, &text, exact, target, place));
        }
        if rule.http.is_none() && spec.default_backend.is_none() {
            read.troubles.push(Trouble::new("NotSupported", format!("the rule for host {host} leads nowhere")));
        }
        hosts.push(host);
    }
    if let Some(backend) = &spec.default_backend {
        let target = read.target(backend, backends);
        read.rules.push(Rule { last: true, ..Rule::new("", "/", false, target, place) });
    }
    for tls in spec.tls.iter().flatten() {
        let named = tls.hosts.clone().filter(|named| !named.is_empty()).unwrap_or_else(|| hosts.clone());
        match &tls.secret_name {
            Some(secret) => certificate::add(&mut read.certificates, secret, named),
            None => read.troubles.push(Trouble::new(
                SECRET_MISSING,
                "spec.tls names no Secret, and the gateway has no certificate of its own for it".to_owned(),
            )),
        }
    }
    read
}

impl Read {
    fn target(&mut self, backend: &IngressBackend, backends: &Backends<'_>) -> Target {
        match found(backend, backends) {
            Ok(Backend::Api) => Target::Api,
            Ok(Backend::Plain(plain)) => {
                self.ways.push(plain.way);
                Target::To(vec![(plain.address, 1)])
            }
            Err(trouble) => {
                self.troubles.push(trouble);
                Target::To(Vec::new())
            }
        }
    }
}

fn found(backend: &IngressBackend, backends: &Backends<'_>) -> Result<Backend, Trouble> {
    let unsupported = |message: &str| Trouble::new("NotSupported", message.to_owned());
    let service = backend.service.as_ref().ok_or_else(|| unsupported("a backend must be a Service"))?;
    backends.find(&service.name, port(service).ok_or_else(|| unsupported("a backend names no port"))?)
}

fn port(service: &IngressServiceBackend) -> Option<Port<'_>> {
    let port = service.port.as_ref()?;
    port.number.map(Port::Number).or_else(|| port.name.as_deref().map(Port::Name))
}
