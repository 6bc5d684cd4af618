//! The environment of a service's containers: what RERP promises every image, then the user's own.

use crate::service::check::Checked;
use crate::service::check::bus::Bus;
use crate::service::check::edge::Edge;
use k8s_openapi::api::core::v1::{
    ConfigMapEnvSource, ConfigMapKeySelector, EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector,
    SecretEnvSource, SecretKeySelector,
};
use rerp_crds::mtls::MtlsMode;
use rerp_crds::names::{self, Id};
use rerp_crds::pod::{EnvFrom, EnvSource, EnvVar as Wanted};

/// Where the files `current` and `next` with the app logins are.
pub(super) const DATABASE_DIR: &str = "/etc/rerp/database";
/// Where the files `current` and `next` with the migrate logins are.
pub(super) const MIGRATE_DIR: &str = "/etc/rerp/migrate";
/// `json` unless the user says otherwise: logs in a cluster are read by machines.
const LOG_FORMAT: &str = "RERP_LOG_FORMAT";

/// For the service.
pub(super) fn serve(checked: &Checked) -> Vec<EnvVar> {
    let mut all = common(checked);
    all.push(value("RERP_HTTP_ADDR", format!("0.0.0.0:{}", names::HTTP_PORT)));
    all.push(value("RERP_ADMIN_ADDR", format!("0.0.0.0:{}", names::ADMIN_PORT)));
    all.push(value("RERP_TLS_DIR", names::TLS_DIR));
    all.push(value("RERP_TLS_MODE", mode(checked.mtls)));
    if checked.database.is_some() {
        all.push(value("RERP_DATABASE_DIR", DATABASE_DIR));
    }
    all.extend(checked.addresses.iter().map(|(name, url)| value(name, url.as_str())));
    if let Bus::Joined(name) = &checked.bus {
        let (namespace, service) = (checked.owner.namespace.as_str(), checked.owner.name.as_str());
        all.push(value(names::BUS_VARIABLE, names::bus_url(Id { namespace, name })));
        all.push(value("RERP_BUS_STREAM", names::BUS_STREAM));
        all.push(value("RERP_BUS_CONSUMER", service));
    }
    if matches!(checked.edge, Edge::Itself(_)) {
        all.push(value("RERP_ROUTES_DIR", names::ROUTES_DIR));
        all.push(value("RERP_CERTIFICATES_DIR", names::CERTIFICATES_DIR));
        all.push(value("RERP_HTTPS_ADDR", format!("0.0.0.0:{}", names::HTTPS_PORT)));
    }
    all.extend(checked.spec.env.iter().map(own));
    all
}

/// For the migrate command.
pub(super) fn migrate(checked: &Checked) -> Vec<EnvVar> {
    let mut all = common(checked);
    if checked.database.is_some() {
        all.push(value("RERP_MIGRATE_DIR", MIGRATE_DIR));
    }
    all.extend(checked.spec.env.iter().map(own));
    all
}

/// The user's Secrets and ConfigMaps as a whole.
pub(super) fn from(checked: &Checked) -> Vec<EnvFromSource> {
    let source = |from: &EnvFrom| EnvFromSource {
        prefix: from.prefix.clone(),
        secret_ref: from.secret_ref.as_ref().map(|one| SecretEnvSource { name: one.name.clone(), optional: None }),
        config_map_ref: from
            .config_map_ref
            .as_ref()
            .map(|one| ConfigMapEnvSource { name: one.name.clone(), optional: None }),
    };
    checked.spec.env_from.iter().map(source).collect()
}

fn mode(mode: MtlsMode) -> &'static str {
    match mode {
        MtlsMode::Strict => "strict",
        MtlsMode::Audit => "audit",
        MtlsMode::Off => "off",
    }
}

fn common(checked: &Checked) -> Vec<EnvVar> {
    let owner = &checked.owner;
    let mut all = vec![
        value("RERP_SERVICE", owner.name.as_str()),
        value("RERP_NAMESPACE", owner.namespace.as_str()),
        EnvVar { name: "POD_NAME".to_owned(), value_from: Some(field("metadata.name")), ..EnvVar::default() },
    ];
    if !checked.spec.env.iter().any(|one| one.name == LOG_FORMAT) {
        all.push(value(LOG_FORMAT, "json"));
    }
    all
}

fn value(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.into()), ..EnvVar::default() }
}

fn field(path: &str) -> EnvVarSource {
    EnvVarSource {
        field_ref: Some(ObjectFieldSelector { field_path: path.to_owned(), api_version: None }),
        ..EnvVarSource::default()
    }
}

fn own(wanted: &Wanted) -> EnvVar {
    EnvVar {
        name: wanted.name.clone(),
        value: wanted.value.clone(),
        value_from: wanted.value_from.as_ref().map(source),
    }
}

fn source(from: &EnvSource) -> EnvVarSource {
    if let Some(path) = &from.field_ref {
        return field(&path.field_path);
    }
    EnvVarSource {
        secret_key_ref: from.secret_key_ref.as_ref().map(|key| SecretKeySelector {
            name: key.name.clone(),
            key: key.key.clone(),
            optional: None,
        }),
        config_map_key_ref: from.config_map_key_ref.as_ref().map(|key| ConfigMapKeySelector {
            name: key.name.clone(),
            key: key.key.clone(),
            optional: None,
        }),
        ..EnvVarSource::default()
    }
}
