//! A Service that an Ingress or an HTTPRoute names. Pure. In: its name and port, what is around. Out: where requests go and whom the network
//! has to let the gateway reach, or what is wrong with it, in words and as a code.
//!
//! The gateway shows its own certificate to nobody here: whoever may write an Ingress would borrow the gateway's right to call services.
//! So a RerpService is a backend only if it is plain and its own spec exposes it; the others are behind the gateway's table.

use super::Trouble;
use crate::args::Settings;
use crate::service::check::exposure::exposure;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;
use rerp_crds::{RerpService, labels};
use std::collections::BTreeMap;

/// What backends are looked for in.
#[derive(Clone, Copy)]
pub(super) struct Backends<'a> {
    pub(super) namespace: &'a str,
    pub(super) services: &'a [Service],
    pub(super) ours: &'a [RerpService],
    pub(super) settings: &'a Settings,
}

/// Which port of a Service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Port<'a> {
    Number(i32),
    Name(&'a str),
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    /// The gateway's own table of the API.
    Api,
    /// Plain HTTP.
    Plain(Plain),
}

/// A Service that speaks plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    /// As in `http://portal.rerp.svc:8080`.
    pub(super) address: String,
    /// Its pods and their port.
    pub(super) way: Way,
}

/// Pods that the gateway has to reach, and at which port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Labels of the pods.
    pub selector: BTreeMap<String, String>,
    /// Number or name.
    pub port: IntOrString,
}

impl Backends<'_> {
    /// The backend `name`.
    pub(super) fn find(&self, name: &str, port: Port<'_>) -> Result<Backend, Trouble> {
        if name == self.settings.gateway {
            return Ok(Backend::Api);
        }
        let missing = || Trouble::new("ServiceMissing", format!("Service {name} does not exist"));
        let service = self.services.iter().find(|one| one.name_any() == name).ok_or_else(missing)?;
        self.may_be_reached(service)?;
        let spec = service.spec.clone().unwrap_or_default();
        let port =
            spec.ports.iter().flatten().find(|one| is(one, port)).ok_or_else(|| {
                Trouble::new("PortMissing", format!("Service {name} has no port {}", port.in_words()))
            })?;
        let selector = spec.selector.clone().filter(|selector| !selector.is_empty());
        let Some(selector) = selector.filter(|_| spec.type_.as_deref() != Some("ExternalName")) else {
            let message =
                format!("Service {name} selects no pods of this namespace, so no network policy can lead to it");
            return Err(Trouble::new("NotSupported", message));
        };
        if let Some(protocol) = port.app_protocol.as_deref().filter(|protocol| *protocol != "http") {
            let message = format!("Service {name} says that it speaks {protocol}; the gateway speaks http to backends");
            return Err(Trouble::new("NotSupported", message));
        }
        let way = Way { selector, port: port.target_port.clone().unwrap_or(IntOrString::Int(port.port)) };
        let address = format!("http://{name}.{}.svc:{}", self.namespace, port.port);
        Ok(Backend::Plain(Plain { address, way }))
    }

    /// A RerpService lets in whom its own spec says.
    fn may_be_reached(&self, service: &Service) -> Result<(), Trouble> {
        let Some(name) = service.labels().get(labels::SERVICE) else { return Ok(()) };
        let ours = self.ours.iter().find(|one| one.name_any() == *name);
        let opens = ours.is_some_and(|one| exposure(one, self.ours, self.settings).let_in.gateway.is_some());
        if opens {
            return Ok(());
        }
        let gateway = &self.settings.gateway;
        let message = format!(
            "RerpService {name} does not let the gateway in; set its spec.exposure.public and spec.mtls.mode Off, or lead to Service {gateway}, whose table checks who asks"
        );
        Err(Trouble::new("NotExposed", message))
    }
}

fn is(port: &ServicePort, wanted: Port<'_>) -> bool {
    let tcp = port.protocol.as_deref().unwrap_or("TCP") == "TCP";
    tcp && match wanted {
        Port::Number(number) => port.port == number,
        Port::Name(name) => port.name.as_deref() == Some(name),
    }
}

impl Port<'_> {
    fn in_words(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.to_owned(),
        }
    }
}
