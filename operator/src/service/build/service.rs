//! The service's address: port 8080 for requests, 9090 for health and metrics, at the event bus 4222 for events, and at the
//! gateway 8443 for TLS.

use crate::service::check::Checked;
use crate::service::check::bus::Bus;
use crate::service::check::edge::Edge;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rerp_crds::names;

pub(super) fn build(checked: &Checked) -> Service {
    let owner = &checked.owner;
    let port = |name: &str, number: i32| ServicePort {
        name: Some(name.to_owned()),
        port: number,
        target_port: Some(IntOrString::String(name.to_owned())),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    };
    let mut ports = vec![port("http", names::HTTP_PORT), port("admin", names::ADMIN_PORT)];
    if matches!(checked.bus, Bus::Itself(_)) {
        ports.push(port("bus", names::BUS_PORT));
    }
    if matches!(checked.edge, Edge::Itself(_)) {
        ports.push(port("https", names::HTTPS_PORT));
    }
    Service {
        metadata: owner.child(&owner.name, COMPONENT),
        spec: Some(ServiceSpec {
            selector: Some(owner.selector(COMPONENT)),
            ports: Some(ports),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}
