//! ServiceDatabase: a PostgreSQL database for exactly one service, on a server of its own or inside another one.
//!
//! Long because it is the whole contract of one kind: every field with its rules and their advice.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{bounds, duration::Duration, reference::ObjectRef, resources::Resources, service::Certificate};

/// Major version of PostgreSQL that `engine.embedded` runs when none is given.
pub const DEFAULT_POSTGRES: i32 = 17;
/// Size of the volume when none is given.
pub const DEFAULT_STORAGE: &str = "1Gi";

/// What the user wants to store, and where.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "rerp.dev",
    version = "v1alpha1",
    kind = "ServiceDatabase",
    namespaced,
    doc = "A PostgreSQL database with roles, credentials and a schema for one service.",
    status = "ServiceDatabaseStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "sdb",
    category = "rerp",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Host", type_ = "string", json_path = ".status.server.host"),
    printcolumn(name = "Database", type_ = "string", json_path = ".status.server.database"),
    printcolumn(name = "Schema", type_ = "string", json_path = ".status.schemas[0]"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Binding", type_ = "string", json_path = ".status.binding.name", priority = 1),
    printcolumn(name = "Deletion", type_ = "string", json_path = ".status.resolved.deletionPolicy", priority = 1),
    printcolumn(name = "Certificate", type_ = "string", json_path = ".status.certificate.notAfter", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#, priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name must be 1 to 40 lower-case letters, digits and dashes, starting with a letter, because a Service is named after it; choose a shorter or plainer name"),
    validation = Rule::new("!has(self.spec.engine.shared) || self.spec.engine.shared.databaseRef.name != self.metadata.name")
        .message("a database can't live inside itself; let engine.shared.databaseRef name the ServiceDatabase that runs the server"),
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.engine.embedded) == has(oldSelf.engine.embedded) && has(self.engine.shared) == has(oldSelf.engine.shared)")
    .message("spec.engine can't change where data lives; create a second ServiceDatabase and move to it with a DatabaseSplitMigration")
    .field_path(".engine"))]
#[x_kube(validation = Rule::new("has(self.databaseName) == has(oldSelf.databaseName) && (!has(self.databaseName) || self.databaseName == oldSelf.databaseName)")
    .message("spec.databaseName is fixed once the database exists; create a second ServiceDatabase and move to it with a DatabaseSplitMigration")
    .field_path(".databaseName"))]
#[x_kube(validation = Rule::new("has(self.schemas) == has(oldSelf.schemas) && (!has(self.schemas) || self.schemas == oldSelf.schemas)")
    .message("spec.schemas is fixed once the schema exists; create a second ServiceDatabase and move to it with a DatabaseSplitMigration")
    .field_path(".schemas"))]
#[x_kube(validation = Rule::new("!has(self.engine.shared) || !has(self.databaseName)")
    .message("with engine.shared the database is that of the server; remove spec.databaseName")
    .field_path(".databaseName"))]
#[x_kube(validation = Rule::new("!has(self.engine.shared) || !has(self.schemas)")
    .message("with engine.shared the schema is engine.shared.schema; remove spec.schemas")
    .field_path(".schemas"))]
#[x_kube(validation = Rule::new("!has(self.engine.shared) || !has(self.extensions)")
    .message("extensions belong to the whole database; list them on the ServiceDatabase that engine.shared.databaseRef names")
    .field_path(".extensions"))]
#[x_kube(validation = Rule::new("!has(self.engine.shared) || !has(self.resources)")
    .message("with engine.shared there is no server of its own; set resources on the ServiceDatabase that engine.shared.databaseRef names")
    .field_path(".resources"))]
#[x_kube(validation = Rule::new("!has(self.engine.shared) || !has(self.deletionPolicy) || self.deletionPolicy == 'Retain'")
    .message("Delete would drop tables in a database that others use; keep Retain and drop the schema by hand when nobody needs it")
    .field_path(".deletionPolicy"))]
#[x_kube(validation = Rule::new("!has(self.databaseName) || !(self.databaseName in ['postgres', 'template0', 'template1'])")
    .message("postgres, template0 and template1 belong to the server; choose another databaseName")
    .field_path(".databaseName"))]
pub struct ServiceDatabaseSpec {
    /// Who runs the server: exactly one of the fields.
    pub engine: Engine,
    /// Name of the database on an embedded server. Default `metadata.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::pg_database")]
    pub database_name: Option<String>,
    /// The schema of the service on an embedded server. Default `metadata.name` with `_` for `-`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 39), regex(pattern = "^[a-z_][a-z0-9_]*$")))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[x_kube(validation = Rule::new("self.size() == 1")
        .message("one ServiceDatabase has one schema; make a further ServiceDatabase with engine.shared for each further schema"))]
    #[x_kube(validation = Rule::new("self.all(s, !s.startsWith('pg_') && !s.startsWith('rerp_') && !(s in ['public', 'information_schema']))")
        .message("public, information_schema, pg_* and rerp_* are not for services; choose a schema name of the service's own"))]
    pub schemas: Vec<String>,
    /// Extensions to create in the database of an embedded server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 63), regex(pattern = "^[a-z_][-a-z0-9_]*$")))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub extensions: Vec<String>,
    /// Requests and limits of an embedded server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Passwords of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// What happens to the data when this object is deleted. Default Retain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

/// Who runs the server: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("has(self.embedded) != has(self.shared)")
    .message("spec.engine has exactly one field; keep embedded for a server of its own, or shared for a schema in somebody else's database"))]
pub struct Engine {
    /// One PostgreSQL that the operator runs for this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedEngine>,
    /// A schema in the database of another ServiceDatabase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedEngine>,
}

/// One PostgreSQL that the operator runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.storage) == has(oldSelf.storage) && (!has(self.storage) || self.storage == oldSelf.storage)")
    .message("the volume keeps the size it was made with; create a ServiceDatabase with the new size and move to it with a DatabaseSplitMigration")
    .field_path(".storage"))]
#[x_kube(validation = Rule::new("has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)")
    .message("the volume stays in its storage class; create a ServiceDatabase with the new class and move to it with a DatabaseSplitMigration")
    .field_path(".storageClassName"))]
#[x_kube(validation = Rule::new("!has(self.parameters) || !self.parameters.exists(k, k in ['listen_addresses', 'port', 'data_directory', 'hba_file', 'ident_file', 'config_file', 'external_pid_file', 'unix_socket_directories', 'wal_level', 'password_encryption', 'fsync', 'full_page_writes', 'shared_preload_libraries', 'archive_command', 'restore_command', 'primary_conninfo'] || k.startsWith('ssl'))")
    .message("the operator sets this parameter, because addresses, credentials, durability and splits depend on it; remove it from parameters")
    .field_path(".parameters"))]
#[x_kube(validation = Rule::new("!has(self.parameters) || self.parameters.all(k, k.matches('^[a-z_][a-z0-9_.]*$'))")
    .message("names of parameters are lower-case, as in postgresql.conf; correct the name")
    .field_path(".parameters"))]
pub struct EmbeddedEngine {
    /// Major version of PostgreSQL. Default 17.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 99))]
    #[x_kube(validation = Rule::new("self == 17")
        .message("engine.embedded runs PostgreSQL 17; write 17 or leave version out"))]
    pub version: Option<i32>,
    /// Size of the volume. Default 1Gi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::quantity")]
    pub storage: Option<String>,
    /// Storage class of the volume. Default: the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::subdomain")]
    pub storage_class_name: Option<String>,
    /// Settings as in postgresql.conf.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "bounds::string_map")]
    pub parameters: BTreeMap<String, String>,
    /// Lifetime of the server's certificate. Renewed at half of it, without a restart; the server sees a new one when its kubelet
    /// next looks at its volumes: about a minute by default, so less than 5m needs a kubelet that looks more often. Default 24h.
    #[serde(default, rename = "certificateTTL", skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('30s') && duration(self) <= duration('24h')")
        .message("spec.engine.embedded.certificateTTL must be from 30s to 24h; certificates are renewed at half of it, without a restart"))]
    pub certificate_ttl: Option<Duration>,
}

/// A schema in the database of another ServiceDatabase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharedEngine {
    /// ServiceDatabase with `engine.embedded` that runs the server.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("the data stays on the server it is on; create a second ServiceDatabase and move to it with a DatabaseSplitMigration"))]
    pub database_ref: ObjectRef,
    /// The schema of the service.
    #[schemars(schema_with = "bounds::pg_schema")]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("the schema keeps its name; create a second ServiceDatabase and move to it with a DatabaseSplitMigration"))]
    #[x_kube(validation = Rule::new("!self.startsWith('pg_') && !self.startsWith('rerp_') && !(self in ['public', 'information_schema'])")
        .message("public, information_schema, pg_* and rerp_* are not for services; choose a schema name of the service's own"))]
    pub schema: String,
}

/// Passwords of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// Time after which a new password is made; two login roles alternate, so no connection breaks. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m')")
        .message("pods need time to notice a new password; let rotateEvery be 1m or longer"))]
    pub rotate_every: Option<Duration>,
}

/// What happens to the data when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Volume, database and roles stay; creating the object again adopts them.
    #[default]
    Retain,
    /// Volume and everything on it go.
    Delete,
}

/// What the operator has seen and done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDatabaseStatus {
    /// Generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled, DatabaseReady, and with a server of its own CertificatesValid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Secret with the service's login, as servicebinding.io describes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// Where the database is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// Schemas that exist and belong to this object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub schemas: Vec<String>,
    /// State of the passwords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialsStatus>,
    /// The certificate that an embedded server uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// What the operator made of the spec, defaults included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedDatabase>,
}

/// A Secret in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    /// Its name.
    pub name: String,
}

/// Where the database is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Name that resolves in every namespace of the cluster.
    pub host: String,
    /// TCP port.
    pub port: i32,
    /// Name of the database.
    pub database: String,
}

/// State of the passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsStatus {
    /// When the present passwords were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Time>,
    /// Which of the two login roles is in use: `a` or `b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
}

/// The spec after defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedDatabase {
    /// `Embedded` or `Shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Major version of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Size of the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// What happens to the data on deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

impl ServiceDatabaseSpec {
    /// The service's schema: the declared one, or `name` (the object's) with `_` for `-`.
    #[must_use]
    pub fn schema(&self, name: &str) -> String {
        match (&self.engine.shared, self.schemas.first()) {
            (Some(shared), _) => shared.schema.clone(),
            (None, Some(schema)) => schema.clone(),
            (None, None) => default_schema(name),
        }
    }

    /// The database on an embedded server: the declared one, or `name` (the object's).
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        self.database_name.clone().unwrap_or_else(|| name.to_owned())
    }

    /// Name of the ServiceDatabase that runs the server: another one for `shared`, else `name` (the object's own).
    #[must_use]
    pub fn server<'a>(&'a self, name: &'a str) -> &'a str {
        self.engine.shared.as_ref().map_or(name, |shared| shared.database_ref.name.as_str())
    }
}

/// `name` as a schema: `_` for `-`, cut to the longest schema name, never a reserved prefix.
fn default_schema(name: &str) -> String {
    let mut schema = name.replace('-', "_");
    if schema.starts_with("pg_") || schema.starts_with("rerp_") || schema == "public" || schema == "information_schema"
    {
        schema.insert_str(0, "s_");
    }
    schema.truncate(bounds::SCHEMA_MAX);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_schema_is_usable() {
        for (name, schema) in
            [("identity", "identity"), ("fte-data", "fte_data"), ("public", "s_public"), ("rerp-x", "s_rerp_x")]
        {
            assert_eq!(default_schema(name), schema);
        }
        assert_eq!(default_schema(&"a".repeat(40)).len(), bounds::SCHEMA_MAX);
    }

    #[test]
    fn shared_names_its_server() {
        let engine = Engine {
            shared: Some(SharedEngine { database_ref: ObjectRef::new("monolith"), schema: "identity".into() }),
            embedded: None,
        };
        let spec = ServiceDatabaseSpec { engine, ..Default::default() };
        assert_eq!(spec.server("identity-shared"), "monolith");
        assert_eq!(spec.schema("identity-shared"), "identity");
    }
}
