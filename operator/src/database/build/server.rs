//! The two Services of an embedded server.

use crate::cluster::child::Owner;
use crate::database::gather::POSTGRES;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rerp_crds::names;

/// The address that clients use, ready pods only.
pub(super) fn service(owner: &Owner) -> Service {
    Service {
        metadata: owner.child(&names::postgres(&owner.name), POSTGRES),
        spec: Some(ServiceSpec {
            selector: Some(owner.selector(POSTGRES)),
            ports: Some(ports()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// The headless Service that a StatefulSet wants.
pub(super) fn nodes(owner: &Owner) -> Service {
    Service {
        metadata: owner.child(&names::postgres_nodes(&owner.name), POSTGRES),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            selector: Some(owner.selector(POSTGRES)),
            ports: Some(ports()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

fn ports() -> Vec<ServicePort> {
    vec![ServicePort {
        name: Some("postgres".to_owned()),
        port: names::POSTGRES_PORT,
        target_port: Some(IntOrString::String("postgres".to_owned())),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    }]
}
