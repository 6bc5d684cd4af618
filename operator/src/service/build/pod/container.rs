//! The containers of a pod: the service, and the migrate command that runs before it in the same image.

use super::env::{self, DATABASE_DIR, MIGRATE_DIR};
use crate::service::check::Checked;
use crate::service::check::bus::Bus;
use crate::service::check::edge::Edge;
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, HTTPGetAction, Probe, ResourceRequirements, SecurityContext, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rerp_crds::names;
use rerp_crds::pod::Probes;

/// Seconds that an answer to a probe may take.
const TIMEOUT: i32 = 2;

pub(super) fn serve(checked: &Checked) -> Container {
    let spec = &checked.spec;
    let port = |name: &str, number: i32| ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    let probes = spec.probes.clone().unwrap_or_default();
    let mut mounts = vec![mount("tmp", "/tmp", None), mount("tls", names::TLS_DIR, Some(true))];
    if checked.database.is_some() {
        // A whole directory, not subPath: files of a subPath never change.
        mounts.push(mount("database", DATABASE_DIR, Some(true)));
    }
    let mut ports = vec![port("http", names::HTTP_PORT), port("admin", names::ADMIN_PORT)];
    if matches!(checked.bus, Bus::Itself(_)) {
        ports.push(port("bus", names::BUS_PORT));
        mounts.push(mount("bus", names::BUS_DIR, Some(true)));
    }
    if matches!(checked.edge, Edge::Itself(_)) {
        ports.push(port("https", names::HTTPS_PORT));
        mounts.push(mount("routes", names::ROUTES_DIR, Some(true)));
        mounts.push(mount("certificates", names::CERTIFICATES_DIR, Some(true)));
    }
    mounts.extend(spec.volumes.iter().map(|one| mount(&one.name, &one.mount_path, None)));
    Container {
        name: checked.owner.name.clone(),
        args: Some(spec.args.clone()).filter(|args| !args.is_empty()),
        ports: Some(ports),
        startup_probe: Some(startup(&probes)),
        liveness_probe: Some(probe(&probes, probes.liveness_path.as_deref().unwrap_or("/livez"))),
        readiness_probe: Some(probe(&probes, probes.readiness_path.as_deref().unwrap_or("/readyz"))),
        volume_mounts: Some(mounts),
        env: Some(env::serve(checked)),
        ..base(checked)
    }
}

pub(super) fn migrate(checked: &Checked, name: &str, command: &[String]) -> Container {
    let mut mounts = vec![mount("tmp", "/tmp", None)];
    if checked.database.is_some() {
        mounts.push(mount("migrate", MIGRATE_DIR, Some(true)));
        // The roots that the database's server is verified with are in there.
        mounts.push(mount("tls", names::TLS_DIR, Some(true)));
    }
    Container {
        name: name.to_owned(),
        command: Some(command.to_vec()),
        volume_mounts: Some(mounts),
        env: Some(env::migrate(checked)),
        ..base(checked)
    }
}

/// What both have in common.
fn base(checked: &Checked) -> Container {
    let spec = &checked.spec;
    Container {
        image: Some(spec.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        env_from: Some(env::from(checked)).filter(|all| !all.is_empty()),
        resources: spec.resources.as_ref().map(ResourceRequirements::from),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), ..Capabilities::default() }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn mount(name: &str, path: &str, read_only: Option<bool>) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), read_only, ..VolumeMount::default() }
}

fn probe(probes: &Probes, path: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String("admin".to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(probes.period_seconds.unwrap_or(5)),
        failure_threshold: Some(probes.failure_threshold.unwrap_or(3)),
        timeout_seconds: Some(TIMEOUT),
        ..Probe::default()
    }
}

/// Asks every second, so that a rollout is as fast as the service, for as long as the service may take.
fn startup(probes: &Probes) -> Probe {
    Probe {
        period_seconds: Some(1),
        failure_threshold: Some(probes.startup_seconds.unwrap_or(60)),
        ..probe(probes, probes.liveness_path.as_deref().unwrap_or("/livez"))
    }
}
