//! The pod of a service, under Pod Security `restricted`. Nothing in it depends on which database the data is in: a split must
//! not restart anything.

mod container;
mod env;

use crate::service::check::Checked;
use crate::service::check::bus::Bus;
use crate::service::check::edge::Edge;
use crate::service::check::workload::MIGRATE;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::core::v1::{
    ConfigMapProjection, ConfigMapVolumeSource, Container, EmptyDirVolumeSource, LocalObjectReference,
    PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec, ProjectedVolumeSource, SeccompProfile,
    SecretProjection, SecretVolumeSource, TopologySpreadConstraint, Volume, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use rerp_crds::names;
use rerp_crds::pod::Volume as Wanted;

/// User and group of the pods: an image needs no user of its own, and a file of the Secret is readable to nobody else.
const UID: i64 = 65532;
/// Seconds for requests to finish after SIGTERM.
const GRACE: i64 = 30;
/// Readable by owner and group.
const MODE: i32 = 0o440;

pub(super) fn build(checked: &Checked) -> PodSpec {
    let settings = checked.spec.pod.clone().unwrap_or_default();
    let pull = settings.image_pull_secrets.into_iter().map(|one| LocalObjectReference { name: one.name });
    PodSpec {
        service_account_name: Some(checked.owner.name.clone()),
        automount_service_account_token: Some(settings.api_token.unwrap_or_default()),
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(settings.termination_grace_period_seconds.unwrap_or(GRACE)),
        security_context: Some(security()),
        init_containers: migrate(checked).map(|container| vec![container]),
        containers: vec![container::serve(checked)],
        volumes: Some(volumes(checked)),
        image_pull_secrets: Some(pull.collect::<Vec<_>>()).filter(|all| !all.is_empty()),
        node_selector: Some(settings.node_selector).filter(|all| !all.is_empty()),
        tolerations: Some(settings.tolerations).filter(|all| !all.is_empty()),
        topology_spread_constraints: Some(vec![spread(checked)]),
        ..PodSpec::default()
    }
}

fn migrate(checked: &Checked) -> Option<Container> {
    let command = &checked.spec.migrate.as_ref()?.command;
    Some(container::migrate(checked, MIGRATE, command))
}

fn security() -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(UID),
        run_as_group: Some(UID),
        fs_group: Some(UID),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
        ..PodSecurityContext::default()
    }
}

/// Different nodes if there are some; a single node takes all pods.
fn spread(checked: &Checked) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "kubernetes.io/hostname".to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(LabelSelector {
            match_labels: Some(checked.owner.selector(COMPONENT)),
            ..LabelSelector::default()
        }),
        ..TopologySpreadConstraint::default()
    }
}

fn volumes(checked: &Checked) -> Vec<Volume> {
    let secret = |volume: &str, secret: String| Volume {
        name: volume.to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret),
            default_mode: Some(MODE),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    };
    let tmp = Volume { name: "tmp".to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() };
    let mut all = vec![tmp, tls(&checked.owner.name)];
    if checked.database.is_some() {
        all.push(secret("database", names::service_database_secret(&checked.owner.name)));
    }
    if checked.database.is_some() && checked.spec.migrate.is_some() {
        all.push(secret("migrate", names::service_migrate_secret(&checked.owner.name)));
    }
    if matches!(checked.bus, Bus::Itself(_)) {
        all.push(config("bus", names::bus_events(&checked.owner.name)));
    }
    if matches!(checked.edge, Edge::Itself(_)) {
        all.push(config("routes", names::gateway_routes(&checked.owner.name)));
        all.push(secret("certificates", names::gateway_certificates(&checked.owner.name)));
    }
    all.extend(checked.spec.volumes.iter().map(own));
    all
}

/// What the event bus, or the gateway, is told.
fn config(volume: &str, map: String) -> Volume {
    Volume {
        name: volume.to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: map,
            default_mode: Some(MODE),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// A folder that the user keeps.
fn own(wanted: &Wanted) -> Volume {
    Volume {
        name: wanted.name.clone(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: wanted.persistent_volume_claim.name.clone(),
            read_only: None,
        }),
        ..Volume::default()
    }
}

/// Certificate, roots and callers in one directory, which changes as a whole.
fn tls(service: &str) -> Volume {
    let secret = SecretProjection { name: names::service_tls_secret(service), ..SecretProjection::default() };
    let trust = ConfigMapProjection { name: names::service_trust(service), ..ConfigMapProjection::default() };
    let sources = [
        VolumeProjection { secret: Some(secret), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(trust), ..VolumeProjection::default() },
    ];
    Volume {
        name: "tls".to_owned(),
        projected: Some(ProjectedVolumeSource { default_mode: Some(MODE), sources: Some(sources.to_vec()) }),
        ..Volume::default()
    }
}
