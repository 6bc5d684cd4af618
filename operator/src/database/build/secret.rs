//! Secrets with logins, in the keys of servicebinding.io, `uri`, and `ca.crt`: what the server has to be verified with.

use crate::database::check::Checked;
use crate::database::credentials::ROTATED_AT;
use crate::database::gather::POSTGRES;
use crate::pki::ROOTS;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rerp_crds::names;

/// Component label of the Secrets that services use.
const BINDING: &str = "binding";

/// The superuser of an embedded server.
pub(super) fn admin(checked: &Checked) -> Secret {
    let metadata = checked.owner.child(&names::admin_secret(&checked.owner.name), POSTGRES);
    secret(checked, metadata, &checked.admin.user, &checked.admin.password, None)
}

/// The login of the service's pods.
pub(super) fn binding(checked: &Checked) -> Secret {
    let name = names::binding_secret(&checked.owner.name);
    login(checked, &name, &checked.wanted.app_login(), &checked.credentials.app)
}

/// The login of the service's migrate command.
pub(super) fn binding_migrate(checked: &Checked) -> Secret {
    let name = names::binding_migrate_secret(&checked.owner.name);
    login(checked, &name, &checked.wanted.migrate_login(), &checked.credentials.migrate)
}

fn login(checked: &Checked, name: &str, user: &str, password: &str) -> Secret {
    let mut metadata = checked.owner.child(name, BINDING);
    metadata.annotations = Some([(ROTATED_AT.to_owned(), checked.credentials.rotated_at.to_string())].into());
    secret(checked, metadata, user, password, Some(&checked.wanted.search_path()))
}

fn secret(checked: &Checked, metadata: ObjectMeta, user: &str, password: &str, path: Option<&str>) -> Secret {
    let server = &checked.server;
    let (host, port, database) = (&server.host, server.port, &server.database);
    let options =
        path.map(|path| format!("&options=-csearch_path%3D{}", path.replace(", ", "%2C"))).unwrap_or_default();
    let tls = names::POSTGRES_TLS;
    // Nothing in here needs escaping: names are bounded by the schema, passwords are alphanumeric.
    let uri = format!("postgresql://{user}:{password}@{host}:{port}/{database}?{tls}{options}");
    let port = port.to_string();
    let keys = [
        ("type", "postgresql"),
        ("provider", "rerp"),
        ("host", host),
        ("port", &port),
        ("username", user),
        ("password", password),
        ("database", database),
        ("uri", &uri),
        (ROOTS, &checked.admin.roots),
    ];
    Secret {
        metadata,
        type_: Some("servicebinding.io/postgresql".to_owned()),
        data: Some(
            keys.into_iter().map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec()))).collect(),
        ),
        ..Secret::default()
    }
}
