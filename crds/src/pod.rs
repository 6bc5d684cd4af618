//! Parts of a RerpService that end up in its pods: environment, probes, placement.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Toleration;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// One environment variable: `value`, or `valueFrom`, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.value) != has(self.valueFrom)")
    .message("an environment variable has exactly one of value and valueFrom; remove one, or write value: \"\" for an empty one"))]
#[x_kube(validation = Rule::new("!(self.name in ['RERP_SERVICE', 'RERP_NAMESPACE', 'POD_NAME', 'RERP_HTTP_ADDR', 'RERP_ADMIN_ADDR', 'RERP_DATABASE_DIR', 'RERP_MIGRATE_DIR', 'RERP_TLS_DIR', 'RERP_TLS_MODE', 'RERP_BUS_STREAM', 'RERP_BUS_CONSUMER', 'RERP_ROUTES_DIR', 'RERP_CERTIFICATES_DIR', 'RERP_HTTPS_ADDR']) && !(self.name.startsWith('RERP_') && self.name.endsWith('_URL'))")
    .message("the operator sets this variable; choose another name, and for the address of another service list it under spec.dependencies"))]
pub struct EnvVar {
    /// Name of the variable.
    #[schemars(schema_with = "bounds::env_name")]
    pub name: String,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub value: Option<String>,
    /// Where its value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
}

/// Where the value of an environment variable comes from: exactly one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef)].filter(x, x).size() == 1")
    .message("valueFrom names exactly one source; keep one of secretKeyRef, configMapKeyRef and fieldRef"))]
pub struct EnvSource {
    /// A key of a Secret in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<KeyRef>,
    /// A key of a ConfigMap in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<KeyRef>,
    /// A field of the pod, for example `status.podIP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<FieldRef>,
}

/// A key of a Secret or ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyRef {
    /// Name of the Secret or ConfigMap.
    #[schemars(schema_with = "bounds::subdomain")]
    pub name: String,
    /// Key in it.
    #[schemars(schema_with = "bounds::config_key")]
    pub key: String,
}

/// A field of the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldRef {
    /// Path as the downward API knows it.
    #[schemars(length(min = 1, max = 256))]
    pub field_path: String,
}

/// All keys of a Secret or ConfigMap as environment variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.secretRef) != has(self.configMapRef)")
    .message("an entry of envFrom names exactly one source; make two entries for a Secret and a ConfigMap"))]
pub struct EnvFrom {
    /// The Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<ConfigRef>,
    /// The ConfigMap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigRef>,
    /// Put before every name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub prefix: Option<String>,
}

/// An object in the same namespace, of a kind that the field names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigRef {
    /// Its name.
    #[schemars(schema_with = "bounds::subdomain")]
    pub name: String,
}

/// A folder of the pods that outlives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Its name in the pods.
    #[schemars(schema_with = "bounds::label_name")]
    #[x_kube(validation = Rule::new("!(self in ['tmp', 'tls', 'database', 'migrate', 'bus', 'routes', 'certificates'])")
        .message("the operator has a volume of this name in the pods; choose another name"))]
    pub name: String,
    /// Where the pods see it.
    #[schemars(schema_with = "bounds::folder")]
    #[x_kube(validation = Rule::new("!['/etc/rerp', '/tmp'].exists(own, self == own || self.startsWith(own + '/'))")
        .message("the operator puts files of its own below /etc/rerp and /tmp; choose another folder, for example below /var/lib"))]
    pub mount_path: String,
    /// The PersistentVolumeClaim it is. It stays when the service goes.
    pub persistent_volume_claim: ConfigRef,
}

/// How the kubelet asks a pod for its health, on port 9090.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probes {
    /// Path that answers 200 while the process lives. Default `/livez`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::http_path")]
    pub liveness_path: Option<String>,
    /// Path that answers 200 while the pod can serve. Default `/readyz`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::http_path")]
    pub readiness_path: Option<String>,
    /// Seconds between two questions. Default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60))]
    pub period_seconds: Option<i32>,
    /// Failures in a row after which a pod is taken out, or restarted. Default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub failure_threshold: Option<i32>,
    /// Seconds a pod may take to answer for the first time. Default 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 3600))]
    pub startup_seconds: Option<i32>,
}

/// How the schema of a service is brought up to date before its pods start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Migrate {
    /// Program and arguments, run in the service's image with the credentials that may change the schema.
    #[schemars(schema_with = "bounds::command")]
    pub command: Vec<String>,
}

/// Settings of the pods that RERP doesn't decide itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.labels) || !self.labels.exists(k, k.startsWith('rerp.dev/') || k.startsWith('app.kubernetes.io/'))")
    .message("labels that start with rerp.dev/ or app.kubernetes.io/ select the pods and belong to the operator; use a prefix of your own")
    .field_path(".labels"))]
#[x_kube(validation = Rule::new("!has(self.annotations) || !self.annotations.exists(k, k.startsWith('rerp.dev/'))")
    .message("annotations that start with rerp.dev/ belong to the operator; use a prefix of your own")
    .field_path(".annotations"))]
pub struct PodSettings {
    /// Labels added to the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "bounds::string_map")]
    pub labels: BTreeMap<String, String>,
    /// Annotations added to the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "bounds::string_map")]
    pub annotations: BTreeMap<String, String>,
    /// Nodes must carry these labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "bounds::string_map")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints the pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub tolerations: Vec<Toleration>,
    /// Secrets of type `kubernetes.io/dockerconfigjson` for pulling the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub image_pull_secrets: Vec<ConfigRef>,
    /// Whether the pods get a token of the service's ServiceAccount, for programs that call the apiserver. The account has no rights but those that you
    /// bind to it. Default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_token: Option<bool>,
    /// Seconds a pod has to finish its requests after SIGTERM. Default 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub termination_grace_period_seconds: Option<i64>,
}
