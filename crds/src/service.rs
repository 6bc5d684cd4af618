//! RerpService: one service, run as pods next to the database it owns.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    bounds,
    events::Events,
    exposure::Exposure,
    mtls::{Mtls, MtlsMode},
    network::{Egress, Monitoring},
    pod::{EnvFrom, EnvVar, Migrate, PodSettings, Probes, Volume},
    reference::ObjectRef,
    resources::Resources,
};

/// What the user wants to run.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "rerp.dev",
    version = "v1alpha1",
    kind = "RerpService",
    namespaced,
    doc = "A service and everything it needs in the cluster: pods, an address, credentials of its database.",
    status = "RerpServiceStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "rsvc",
    category = "rerp",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Image", type_ = "string", json_path = ".spec.image"),
    printcolumn(name = "Available", type_ = "integer", json_path = ".status.availableReplicas"),
    printcolumn(name = "Database", type_ = "string", json_path = ".status.resolved.databaseRef.name"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Certificate", type_ = "string", json_path = ".status.certificate.notAfter", priority = 1),
    printcolumn(name = "Suspended", type_ = "boolean", json_path = ".spec.suspend", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#, priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name must be 1 to 40 lower-case letters, digits and dashes, starting with a letter, because a Service is named after it; choose a shorter or plainer name"),
    validation = Rule::new("!['-postgres', '-postgres-nodes', '-split-worker'].exists(s, self.metadata.name.endsWith(s))")
        .message("names that end in -postgres, -postgres-nodes or -split-worker belong to databases and migrations; choose another name"),
    validation = Rule::new("!has(self.spec.dependencies) || !self.spec.dependencies.exists(d, d.name == self.metadata.name)")
        .message("a service can't depend on itself; remove it from spec.dependencies"),
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.migrate) || has(self.databaseRef)")
    .message("spec.migrate needs a database to work on; set spec.databaseRef or remove spec.migrate")
    .field_path(".migrate"))]
#[x_kube(validation = Rule::new("!has(self.volumes) || self.volumes.size() == 0 || !has(self.replicas) || self.replicas <= 1")
    .message("a volume is written to by one pod at a time; set spec.replicas to 1 or remove spec.volumes")
    .field_path(".replicas"))]
pub struct RerpServiceSpec {
    /// Container image with a tag or a digest.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9][-a-zA-Z0-9._:/@]*$') && !self.contains('//')")
        .message("spec.image is not the name of an image; write it as registry/name:tag without spaces or a scheme"))]
    #[x_kube(validation = Rule::new("self.contains('@sha256:') || self.matches(':[A-Za-z0-9_][-A-Za-z0-9._]*$')")
        .message("spec.image has neither tag nor digest, so two pods could run different code; add one, for example :0.1.0"))]
    pub image: String,
    /// Pods to run. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub replicas: Option<i32>,
    /// ServiceDatabase this service owns. A change alone never moves data: a DatabaseSplitMigration does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_ref: Option<ObjectRef>,
    /// RerpServices this one calls. Each address is in `RERP_<NAME>_URL`; pods start when all of them exist. The network lets
    /// nobody else in; taking one away closes the way at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub dependencies: Vec<ObjectRef>,
    /// How the service proves who it is, and whom it lets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtls: Option<Mtls>,
    /// What else the service calls, outside of its dependencies and databases. Everything that isn't declared is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub egress: Vec<Egress>,
    /// Who reaches the service from outside of the cluster. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
    /// What the service tells others after the fact, and what it wants to be told. Default: nothing. It goes over the namespace's
    /// event bus, the RerpService that the operator's setting RERP_BUS names (`bus` unless told otherwise): where there is one,
    /// the pods are told its address, the network opens towards it, and it lets the service announce and read exactly this.
    /// Where there is none, events wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Events>,
    /// Who reads the service's metrics. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,
    /// Secrets and ConfigMaps whose keys become environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub env_from: Vec<EnvFrom>,
    /// Arguments for the image's entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "bounds::command_line")]
    pub args: Vec<String>,
    /// Requests and limits of each pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Health questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
    /// Brings the schema up to date before the pods start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrate: Option<Migrate>,
    /// Folders that outlive the pods. A service with one has one pod, and a new one starts when the old one is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub volumes: Vec<Volume>,
    /// Further settings of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodSettings>,
    /// While true the operator leaves everything of this service as it is, but for its certificate and the list of its callers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// What the operator has seen and done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RerpServiceStatus {
    /// Generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled, CertificatesValid, DependenciesReady, DatabaseReady, WorkloadAvailable, Exposed; of a gateway also
    /// RoutesAccepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Pods that exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Pods that have been ready long enough to serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_replicas: Option<i32>,
    /// Selector of the pods, for the scale subresource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The certificate that the pods use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// What the operator made of the spec, defaults included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedService>,
}

/// A certificate as anybody can see it on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The identity it proves, a SPIFFE ID.
    pub identity: String,
    /// When it ends.
    pub not_after: Time,
    /// When the operator replaces it: at half of its life.
    pub renewal_at: Time,
}

/// The spec after defaults and after splits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedService {
    /// Image of the pods.
    pub image: String,
    /// Wanted number of pods.
    pub replicas: i32,
    /// Address inside the cluster.
    pub url: String,
    /// What callers have to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtls: Option<MtlsMode>,
    /// RerpServices that name this one in their dependencies, and are therefore let in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub callers: Vec<String>,
    /// Types of events that this service announces, and no other may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub publishes: Vec<String>,
    /// ServiceDatabase that holds the data now; differs from the spec after a split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_ref: Option<ObjectRef>,
    /// ServiceDatabase that a migration moves the data to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_database_ref: Option<ObjectRef>,
    /// Addresses of the dependencies by environment variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, String>,
}
