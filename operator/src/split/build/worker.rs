//! The worker of one migration: a Deployment of one pod, and the Secret it reads. Pure.
//! One replica with Recreate: two workers never run by plan, and the journal's run number fences off one that was
//! left behind. No Job: its back-off limit could end a migration in the middle of the cutover.

use crate::cluster::child::Owner;
use crate::pki::ROOTS;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, HTTPGetAction, KeyToPath, PodSecurityContext,
    PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, Secret, SecretVolumeSource, SecurityContext,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rerp_crds::names;
use rerp_split::spec::{BackupSpec, Spec};
use std::collections::BTreeMap;

/// Component label of the worker.
pub const COMPONENT: &str = "split-worker";
/// Where the worker finds `source`, `target` and `spec.json`.
const FOLDER: &str = "/etc/rerp/split";
/// Annotation on the pod: what its spec says of foreign keys.
const FOREIGN_KEYS: &str = "rerp.dev/foreign-keys";
/// Annotation on the pod: what its spec asks of evidence.
const EVIDENCE: &str = "rerp.dev/evidence";
/// Annotation on the pod: there is no way back.
const WAY_BACK: &str = "rerp.dev/way-back";
/// Annotation on the pod: what is compared.
const VERIFICATION: &str = "rerp.dev/verification";
/// Annotation on the pod: what becomes of the old tables.
const CLEANUP: &str = "rerp.dev/cleanup";
/// The user that the image runs as.
const UID: i64 = 65532;

/// What the worker reads: the URIs of both databases, its spec as JSON, and what it verifies both servers with.
#[must_use]
pub fn secret(owner: &Owner, source: String, target: String, spec: String, roots: String) -> Secret {
    let data = [("source", source), ("target", target), ("spec.json", spec), (ROOTS, roots)];
    Secret {
        metadata: owner.child(&names::split_worker(&owner.name), COMPONENT),
        data: Some(data.map(|(key, text)| (key.to_owned(), ByteString(text.into_bytes()))).into()),
        ..Secret::default()
    }
}

/// The Deployment that runs the worker. A worker reads its spec once, so the answers that a person may give while it is
/// refused or waits (what becomes of foreign keys and of the old tables, what of evidence, what is compared, whether there is a way back) start
/// another one; other changes wait for the next.
#[must_use]
pub fn deployment(owner: &Owner, image: &str, spec: &Spec) -> Deployment {
    let labels = owner.labels(COMPONENT);
    let annotations = Some(answers(spec)).filter(|answers| !answers.is_empty());
    Deployment {
        metadata: owner.child(&names::split_worker(&owner.name), COMPONENT),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector: LabelSelector { match_labels: Some(owner.selector(COMPONENT)), ..LabelSelector::default() },
            strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), annotations, ..ObjectMeta::default() }),
                spec: Some(pod(owner, image)),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// What differs from the answer that nobody has to give: nobody's worker is started anew for nothing.
fn answers(spec: &Spec) -> BTreeMap<String, String> {
    let back = (!spec.way_back).then(|| "None".to_owned());
    let all = [
        (FOREIGN_KEYS, foreign_keys(spec)),
        (EVIDENCE, evidence(spec)),
        (VERIFICATION, verification(spec)),
        (WAY_BACK, back),
        (CLEANUP, cleanup(spec)),
    ];
    all.into_iter().filter_map(|(name, answer)| Some((name.to_owned(), answer?))).collect()
}

fn foreign_keys(spec: &Spec) -> Option<String> {
    let waived = if spec.foreign_keys.waive_orphans { ", orphans waived" } else { "" };
    (!spec.foreign_keys.is_default()).then(|| format!("{:?}{waived}", spec.foreign_keys.across_domains))
}

fn evidence(spec: &Spec) -> Option<String> {
    let seen = spec.evidence;
    (!seen.is_default()).then(|| format!("{:?}, quiet for {} s", seen.policy, seen.quiet_for_s))
}

fn verification(spec: &Spec) -> Option<String> {
    spec.verification.limit().map(|limit| format!("{:?}, {} s", spec.verification.mode, limit.as_secs()))
}

fn cleanup(spec: &Spec) -> Option<String> {
    let cleanup = &spec.cleanup;
    let without = if cleanup.backup == Some(BackupSpec::None) { ", no backup" } else { "" };
    (!cleanup.is_default()).then(|| format!("{:?} after {} s{without}", cleanup.policy, cleanup.after_s))
}

fn pod(owner: &Owner, image: &str) -> PodSpec {
    let secret =
        SecretVolumeSource { secret_name: Some(names::split_worker(&owner.name)), ..SecretVolumeSource::default() };
    // Under the path that the URIs name: it is the same on the servers, one of which will connect to the other.
    let roots = KeyToPath { key: ROOTS.to_owned(), path: ROOTS.to_owned(), mode: None };
    let tls = SecretVolumeSource { items: Some(vec![roots]), ..secret.clone() };
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        // The fence ends by itself within its pause; what is left behind is recovered from rows, so nothing is waited for.
        termination_grace_period_seconds: Some(5),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(UID),
            run_as_group: Some(UID),
            fs_group: Some(UID),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(image)],
        volumes: Some(vec![
            Volume { name: "split".to_owned(), secret: Some(secret), ..Volume::default() },
            Volume { name: "tls".to_owned(), secret: Some(tls), ..Volume::default() },
            Volume { name: "tmp".to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() },
        ]),
        ..PodSpec::default()
    }
}

fn container(image: &str) -> Container {
    let mount = |name: &str, path: &str, read_only| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: Some(read_only),
        ..VolumeMount::default()
    };
    let env =
        |name: &str, value: &str| EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None };
    let port =
        ContainerPort { name: Some("admin".to_owned()), container_port: names::ADMIN_PORT, ..ContainerPort::default() };
    Container {
        name: "worker".to_owned(),
        image: Some(image.to_owned()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(["/usr/local/bin/rerp-split", "worker", "--dir", FOLDER].map(str::to_owned).into()),
        env: Some(vec![env("RUST_LOG", "info"), env("TMPDIR", "/tmp")]),
        ports: Some(vec![port]),
        liveness_probe: Some(live()),
        resources: Some(resources()),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        volume_mounts: Some(vec![
            mount("split", FOLDER, true),
            mount("tls", names::TLS_DIR, true),
            mount("tmp", "/tmp", false),
        ]),
        ..Container::default()
    }
}

fn live() -> Probe {
    let get = HTTPGetAction {
        path: Some("/livez".to_owned()),
        port: IntOrString::String("admin".to_owned()),
        ..HTTPGetAction::default()
    };
    Probe {
        http_get: Some(get),
        initial_delay_seconds: Some(5),
        period_seconds: Some(10),
        failure_threshold: Some(6),
        ..Probe::default()
    }
}

fn resources() -> ResourceRequirements {
    let of = |cpu: &str, memory: &str| {
        [("cpu", cpu), ("memory", memory)]
            .into_iter()
            .filter(|(_, amount)| !amount.is_empty())
            .map(|(name, amount)| (name.to_owned(), Quantity(amount.to_owned())))
            .collect()
    };
    ResourceRequirements { requests: Some(of("50m", "64Mi")), limits: Some(of("", "512Mi")), claims: None }
}
