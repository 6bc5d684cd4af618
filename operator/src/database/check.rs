//! Raw spec and what was read -> `Checked`, which the builders can't misread, or the outcome that says what a person must change. Pure.

pub mod neighbours;

use super::certificate::Certified;
use super::credentials::{self, Credentials, Known};
use super::gather::Gathered;
use crate::args::Settings;
use crate::cluster::child::Owner;
use crate::cluster::covers::amount;
use crate::outcome::Outcome;
use crate::pki::ROOTS;
use crate::postgres::exec::Admin;
use crate::postgres::plan::Wanted;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, ResourceRequirements, Secret};
use neighbours::Neighbours;
use rerp_crds::database::{DEFAULT_POSTGRES, DEFAULT_STORAGE, DeletionPolicy, EmbeddedEngine, Server};
use rerp_crds::names::{self, Id, RoleNames, Slot};
use rerp_crds::resources::Resources;
use rerp_crds::{ConditionType, Reason, ServiceDatabase, condition, mtls};
use std::collections::BTreeMap;
use std::time::Duration;

/// Look again at a server that isn't there yet; a watch usually comes first.
const SERVER_AGAIN: Duration = Duration::from_secs(10);
/// Parameters that the operator and the image decide, because addresses, credentials, durability and splits depend on them.
const RESERVED: [&str; 16] = [
    "listen_addresses",
    "port",
    "data_directory",
    "hba_file",
    "ident_file",
    "config_file",
    "external_pid_file",
    "unix_socket_directories",
    "wal_level",
    "password_encryption",
    "fsync",
    "full_page_writes",
    "shared_preload_libraries",
    "archive_command",
    "restore_command",
    "primary_conninfo",
];
/// Further ones are all that begin so.
const RESERVED_PREFIX: &str = "ssl";
/// Smallest memory limit that a server with our settings starts in.
const MEMORY_MIN: i128 = 128 << 20;

/// A spec that can be honoured.
pub struct Checked {
    /// Owner of all children.
    pub owner: Owner,
    /// Who runs the server.
    pub engine: Engine,
    /// Where the database is.
    pub server: Server,
    /// The superuser.
    pub admin: Admin,
    /// Logins in use.
    pub credentials: Credentials,
    /// What the database shall hold.
    pub wanted: Wanted,
    /// What happens to the data on deletion.
    pub deletion_policy: DeletionPolicy,
    /// Generation of the spec that was checked.
    pub generation: i64,
}

/// Who runs the server.
pub enum Engine {
    /// We do.
    Embedded(Box<Embedded>),
    /// Another ServiceDatabase does.
    Shared,
}

/// Our server, all defaults filled in.
pub struct Embedded {
    /// Image with a tag.
    pub image: String,
    /// Major version.
    pub version: i32,
    /// Size of the volume, as in `10Gi`.
    pub storage: String,
    /// The same in bytes.
    pub storage_bytes: i128,
    /// None for the cluster's default.
    pub storage_class: Option<String>,
    /// Parameters of the user, checked.
    pub parameters: BTreeMap<String, String>,
    /// Requests and limits.
    pub resources: ResourceRequirements,
    /// Memory the server may use, in bytes.
    pub memory_bytes: i128,
    /// Pods that exist.
    pub pods: Vec<Pod>,
    /// The volume claim, if it exists.
    pub claim: Option<PersistentVolumeClaim>,
    /// Who connects to the server.
    pub neighbours: Neighbours,
    /// Namespace of the operator, who connects as well.
    pub operator_namespace: String,
    /// Lifetime of the server's certificate.
    pub certificate_ttl: Duration,
}

/// Judges a spec together with what was read.
pub fn check(object: &ServiceDatabase, gathered: Gathered, settings: &Settings) -> Result<Checked, Outcome> {
    let Gathered { owner, now, fresh, certified, admin, binding, binding_migrate, server, pods, claim, around } =
        gathered;
    let (spec, name) = (&object.spec, owner.name.as_str());
    let server_name = spec.server(name).to_owned();
    let (engine, database) = match &spec.engine.embedded {
        Some(embedded) => {
            let neighbours = neighbours::neighbours(name, &around);
            let engine = embedded_engine(embedded, spec.resources.as_ref(), settings, pods, claim, neighbours)?;
            (engine, spec.database(name))
        }
        None => (Engine::Shared, shared_database(&owner, &server_name, server.as_ref())?),
    };
    let server_id = Id { namespace: &owner.namespace, name: &server_name };
    let id = Id { namespace: &owner.namespace, name };
    let password = match (admin.as_ref().and_then(|secret| credentials::key(secret, "password")), &engine) {
        (Some(password), _) => password,
        (None, Engine::Embedded(_)) => fresh.admin.clone(),
        (None, Engine::Shared) => return Err(no_admin(&owner, &server_name, "password")),
    };
    let roots = roots(certified, admin.as_ref(), &owner, &server_name)?;
    let every = rotate_every(object)?;
    let schema = spec.schema(name);
    let roles = RoleNames::new(server_id, id, &schema);
    let known =
        Known { binding: binding.as_ref(), binding_migrate: binding_migrate.as_ref(), last_slot: last_slot(object) };
    let credentials = credentials::decide(&known, &roles, every, now, fresh);
    let host = names::postgres_host(server_id);
    Ok(Checked {
        admin: Admin { host: host.clone(), port: port(), user: "postgres".to_owned(), password, roots },
        server: Server { host, port: names::POSTGRES_PORT, database: database.clone() },
        wanted: Wanted {
            database,
            schema,
            marker: names::role_marker(id),
            extensions: spec.extensions.clone(),
            logins: credentials.logins(&roles),
            slot: credentials.slot,
            roles,
        },
        credentials,
        engine,
        deletion_policy: spec.deletion_policy.unwrap_or_default(),
        generation: object.metadata.generation.unwrap_or_default(),
        owner,
    })
}

fn port() -> u16 {
    u16::try_from(names::POSTGRES_PORT).unwrap_or(5432)
}

fn embedded_engine(
    spec: &EmbeddedEngine,
    resources: Option<&Resources>,
    settings: &Settings,
    pods: Vec<Pod>,
    claim: Option<PersistentVolumeClaim>,
    neighbours: Neighbours,
) -> Result<Engine, Outcome> {
    let version = spec.version.unwrap_or(DEFAULT_POSTGRES);
    if version != DEFAULT_POSTGRES {
        return Err(invalid(format!(
            "spec.engine.embedded.version is {version}, and only {DEFAULT_POSTGRES} can be run"
        )));
    }
    let storage = spec.storage.clone().unwrap_or_else(|| DEFAULT_STORAGE.to_owned());
    let storage_bytes = bytes("spec.engine.embedded.storage", &storage)?;
    let resources = resources.cloned().unwrap_or_else(default_resources);
    let memory = resources.limits.get("memory").or_else(|| resources.requests.get("memory"));
    let memory_bytes = memory.map_or(Ok(512 << 20), |memory| bytes("spec.resources, memory", memory))?;
    if memory_bytes < MEMORY_MIN {
        return Err(invalid("spec.resources gives the server less than 128Mi of memory, in which it doesn't start"));
    }
    for (name, value) in &spec.parameters {
        parameter(name, value)?;
    }
    Ok(Engine::Embedded(Box::new(Embedded {
        image: settings.image_postgres.clone(),
        version,
        storage,
        storage_bytes,
        storage_class: spec.storage_class_name.clone(),
        parameters: spec.parameters.clone(),
        resources: ResourceRequirements::from(&resources),
        memory_bytes,
        pods,
        claim,
        neighbours,
        operator_namespace: settings.operator_namespace.clone(),
        certificate_ttl: mtls::ttl(spec.certificate_ttl.as_ref())
            .map_err(|error| invalid(format!("spec.engine.embedded.certificateTTL: {error}")))?,
    })))
}

/// Small enough for a laptop, enough for a service with some hundred thousand rows.
fn default_resources() -> Resources {
    let map = |entries: &[(&str, &str)]| entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Resources { requests: map(&[("cpu", "100m"), ("memory", "256Mi")]), limits: map(&[("memory", "1Gi")]) }
}

/// The schema refuses these too; an object stored under an older schema still ends here.
fn parameter(name: &str, value: &str) -> Result<(), Outcome> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    if name.is_empty() || !name.chars().all(legal) {
        return Err(invalid(format!("spec.engine.embedded.parameters: '{name}' is no name of a parameter")));
    }
    if RESERVED.contains(&name) || name.starts_with(RESERVED_PREFIX) {
        return Err(invalid(format!("spec.engine.embedded.parameters: {name} is set by the operator; remove it")));
    }
    if value.chars().any(char::is_control) {
        return Err(invalid(format!("spec.engine.embedded.parameters: the value of {name} holds a control character")));
    }
    Ok(())
}

/// The database of the server that another ServiceDatabase runs.
fn shared_database(owner: &Owner, name: &str, server: Option<&ServiceDatabase>) -> Result<String, Outcome> {
    let path = format!("{}/{name}", owner.namespace);
    let Some(server) = server else {
        let on = format!("ServiceDatabase {path}, named by spec.engine.shared.databaseRef, which does not exist");
        return Err(Outcome::waiting(Reason::ServerMissing, on, SERVER_AGAIN));
    };
    if server.spec.engine.embedded.is_none() {
        let message = format!(
            "ServiceDatabase {path} runs no server (its engine is shared too); let spec.engine.shared.databaseRef name one with engine.embedded"
        );
        return Err(Outcome::refused(Reason::ServerMissing, message));
    }
    let conditions = server.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    if !condition::is_true(conditions, ConditionType::DatabaseReady, server.metadata.generation) {
        let said =
            condition::find(conditions, ConditionType::Ready).map_or("it has no status yet", |c| c.message.as_str());
        let on = format!("ServiceDatabase {path}, which isn't ready: {said}");
        return Err(Outcome::waiting(Reason::ServerNotReady, on, SERVER_AGAIN));
    }
    Ok(server.spec.database(name))
}

fn no_admin(owner: &Owner, server: &str, key: &str) -> Outcome {
    let (namespace, secret) = (&owner.namespace, names::admin_secret(server));
    let on =
        format!("Secret {namespace}/{secret} with the key {key}, which ServiceDatabase {namespace}/{server} makes");
    Outcome::waiting(Reason::SecretMissing, on, SERVER_AGAIN)
}

/// What the server's certificate is verified with. Trouble with a certificate that is there already stops nothing else.
fn roots(
    certified: Option<Result<Certified, Outcome>>,
    admin: Option<&Secret>,
    owner: &Owner,
    server: &str,
) -> Result<String, Outcome> {
    let known = || admin.and_then(|secret| credentials::key(secret, ROOTS));
    match certified {
        Some(Ok(certified)) => Ok(certified.roots),
        Some(Err(outcome)) => known().ok_or(outcome),
        None => known().ok_or_else(|| no_admin(owner, server, ROOTS)),
    }
}

fn rotate_every(object: &ServiceDatabase) -> Result<Option<Duration>, Outcome> {
    let every = object.spec.credentials.as_ref().and_then(|credentials| credentials.rotate_every.as_ref());
    every
        .map(|every| every.parse())
        .transpose()
        .map_err(|error| invalid(format!("spec.credentials.rotateEvery: {error}")))
}

fn last_slot(object: &ServiceDatabase) -> Option<Slot> {
    match object.status.as_ref()?.credentials.as_ref()?.slot.as_deref()? {
        "a" => Some(Slot::A),
        "b" => Some(Slot::B),
        _ => None,
    }
}

/// A quantity in bytes.
fn bytes(field: &str, quantity: &str) -> Result<i128, Outcome> {
    amount(quantity)
        .map(|thousandths| thousandths / 1000)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| invalid(format!("{field}: '{quantity}' is not a positive amount; write it as in 512Mi or 10Gi")))
}

fn invalid(message: impl Into<String>) -> Outcome {
    Outcome::refused(Reason::InvalidSpec, message)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
