//! The embedded server's StatefulSet: one replica, one volume, Pod Security `restricted`.
//!
//! The claim comes from a template, so Kubernetes itself keeps or removes it with the StatefulSet
//! (`persistentVolumeClaimRetentionPolicy`), and a StatefulSet of the same name finds it again.

use crate::cluster::child::Owner;
use crate::database::check::{Checked, Embedded};
use crate::database::gather::POSTGRES;
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMap, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, ExecAction,
    KeyToPath, Lifecycle, LifecycleHandler, PersistentVolumeClaim, PersistentVolumeClaimSpec, PodSecurityContext,
    PodSpec, PodTemplateSpec, Probe, SeccompProfile, SecretVolumeSource, SecurityContext, TCPSocketAction, Volume,
    VolumeMount, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rerp_crds::database::DeletionPolicy;
use rerp_crds::names;
use sha2::{Digest, Sha256};

/// Annotation on the pod: a change of what the server reads at start replaces the pod.
const RESTART: &str = "rerp.dev/restart";
/// Readable by owner and group: the server refuses a key that others can read.
const MODE: i32 = 0o440;
/// Most seconds from one look of the liveness probe to the next.
const ALIVE: u64 = 30;
/// User and group `postgres` in the image.
const UID: i64 = 999;
/// A fast shutdown writes a checkpoint; a slow disk may need this long, in seconds.
const GRACE: i64 = 120;
/// Where the volume is; the data directory is a folder in it, since a volume's top may hold `lost+found`.
const VOLUME: &str = "/var/lib/rerp/postgres";

/// Builds the StatefulSet. `config` is needed for the hash that restarts the pod.
pub(super) fn build(checked: &Checked, embedded: &Embedded, config: &ConfigMap) -> StatefulSet {
    let owner = &checked.owner;
    let name = names::postgres(&owner.name);
    let when_deleted = match checked.deletion_policy {
        DeletionPolicy::Retain => "Retain",
        DeletionPolicy::Delete => "Delete",
    };
    StatefulSet {
        metadata: owner.child(&name, POSTGRES),
        spec: Some(StatefulSetSpec {
            replicas: Some(1),
            // The default waits for a broken pod to become ready before it replaces it: a mistake in
            // `parameters` could never be corrected.
            pod_management_policy: Some("Parallel".to_owned()),
            service_name: Some(names::postgres_nodes(&owner.name)),
            selector: LabelSelector { match_labels: Some(owner.selector(POSTGRES)), ..LabelSelector::default() },
            persistent_volume_claim_retention_policy: Some(StatefulSetPersistentVolumeClaimRetentionPolicy {
                when_deleted: Some(when_deleted.to_owned()),
                when_scaled: Some("Retain".to_owned()),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(owner.labels(POSTGRES)),
                    annotations: Some([(RESTART.to_owned(), restart_hash(checked, config))].into()),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(owner, embedded)),
            },
            volume_claim_templates: Some(vec![claim(owner, embedded)]),
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

/// Hash of the settings and of the superuser's password, which the server takes over at start.
fn restart_hash(checked: &Checked, config: &ConfigMap) -> String {
    let mut hash = Sha256::new();
    for (name, text) in config.data.iter().flatten() {
        hash.update(name);
        hash.update(text);
    }
    hash.update(&checked.admin.password);
    hex::encode(&hash.finalize()[..8])
}

fn pod(owner: &Owner, embedded: &Embedded) -> PodSpec {
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(GRACE),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(UID),
            run_as_group: Some(UID),
            fs_group: Some(UID),
            // Without this every start walks the whole data directory.
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(embedded)],
        volumes: Some(volumes(owner, embedded)),
        ..PodSpec::default()
    }
}

fn container(embedded: &Embedded) -> Container {
    let mount = |name: &str, path: &str, read_only: Option<bool>| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only,
        ..VolumeMount::default()
    };
    Container {
        name: POSTGRES.to_owned(),
        image: Some(embedded.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        ports: Some(vec![ContainerPort {
            name: Some("postgres".to_owned()),
            container_port: names::POSTGRES_PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        resources: Some(embedded.resources.clone()),
        // A start may take as long as crash recovery does: a quarter of an hour. Every second would be a price for the node, see there.
        startup_probe: Some(asking(embedded, 3, 300)),
        readiness_probe: Some(listening(5, 2)),
        liveness_probe: Some(alive(embedded)),
        lifecycle: Some(Lifecycle { pre_stop: Some(stop(embedded)), ..Lifecycle::default() }),
        // A server that refuses to start says why in its last lines; the condition quotes them.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), ..Capabilities::default() }),
            read_only_root_filesystem: Some(true),
            ..SecurityContext::default()
        }),
        volume_mounts: Some(vec![
            mount("data", VOLUME, None),
            mount("admin", "/etc/rerp/admin", Some(true)),
            mount("config", "/etc/rerp/postgres", Some(true)),
            // A whole directory, not subPath: files of a subPath never change.
            mount("tls", names::TLS_DIR, Some(true)),
            mount("run", "/var/run/postgresql", None),
            mount("tmp", "/tmp", None),
            mount("shm", "/dev/shm", None),
        ]),
        ..Container::default()
    }
}

/// Asks the server itself, over TCP as clients do. A program in a container costs its node a seventh of a second of
/// processor time and more [measured], so this is for starts and, rarely, for finding a server that is stuck.
fn asking(embedded: &Embedded, period: i32, failures: i32) -> Probe {
    let command = [&program(embedded, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", "5432", "-t", "3"];
    executing(command.map(ToOwned::to_owned).to_vec(), period, failures)
}

/// The same, and has the server read its certificate again once there is another: the kubelet, which brings the files, is also who
/// runs this. Six looks in the half of a certificate's life that is left when it is renewed; rarely for a usual one.
fn alive(embedded: &Embedded) -> Probe {
    let period = (embedded.certificate_ttl.as_secs() / 12).clamp(2, ALIVE);
    executing(vec!["/usr/local/bin/rerp-postgres-alive".to_owned()], i32::try_from(period).unwrap_or(30), 3)
}

fn executing(command: Vec<String>, period: i32, failures: i32) -> Probe {
    Probe { exec: Some(ExecAction { command: Some(command) }), ..probe(period, failures) }
}

/// Whether somebody listens: next to free, and enough once the server has said that it is up. One that recovers from a crash
/// of its own listens as well and refuses for a moment (57P03); clients try again, here as after any restart.
fn listening(period: i32, failures: i32) -> Probe {
    let socket = TCPSocketAction { port: IntOrString::Int(names::POSTGRES_PORT), ..TCPSocketAction::default() };
    Probe { tcp_socket: Some(socket), ..probe(period, failures) }
}

fn probe(period: i32, failures: i32) -> Probe {
    Probe {
        period_seconds: Some(period),
        timeout_seconds: Some(5),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// Ends sessions instead of waiting for them, whatever stop signal the image declares.
fn stop(embedded: &Embedded) -> LifecycleHandler {
    let data = format!("{VOLUME}/pgdata");
    let command = [&program(embedded, "pg_ctl"), "stop", "-D", &data, "-m", "fast", "-w", "-t", "100"];
    LifecycleHandler {
        exec: Some(ExecAction { command: Some(command.map(ToOwned::to_owned).to_vec()) }),
        ..LifecycleHandler::default()
    }
}

fn program(embedded: &Embedded, name: &str) -> String {
    format!("/usr/lib/postgresql/{}/bin/{name}", embedded.version)
}

fn volumes(owner: &Owner, embedded: &Embedded) -> Vec<Volume> {
    let empty = |name: &str, dir: EmptyDirVolumeSource| Volume {
        name: name.to_owned(),
        empty_dir: Some(dir),
        ..Volume::default()
    };
    vec![
        Volume {
            name: "admin".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(names::admin_secret(&owner.name)),
                items: Some(vec![KeyToPath { key: "password".into(), path: "password".into(), mode: None }]),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        },
        Volume {
            name: "config".to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: names::postgres(&owner.name),
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        },
        Volume {
            name: "tls".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(names::postgres_tls_secret(&owner.name)),
                default_mode: Some(MODE),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        },
        empty("run", EmptyDirVolumeSource::default()),
        empty("tmp", EmptyDirVolumeSource::default()),
        // The runtime's own is 64 MB, which parallel queries outgrow. Counts against the memory limit.
        empty(
            "shm",
            EmptyDirVolumeSource {
                medium: Some("Memory".to_owned()),
                size_limit: Some(Quantity(format!("{}Mi", embedded.memory_bytes / 4 / (1 << 20)))),
            },
        ),
    ]
}

fn claim(owner: &Owner, embedded: &Embedded) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some("data".to_owned()),
            labels: Some(owner.labels(POSTGRES)),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: embedded.storage_class.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), Quantity(embedded.storage.clone()))].into()),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}
