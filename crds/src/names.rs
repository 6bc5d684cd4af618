//! Every name that RERP derives from names users chose. Pure; one place, so that two controllers can't disagree.
//!
//! Kubernetes ends DNS labels and label values at 63 characters, PostgreSQL ends identifiers at 63 bytes. Users' names are
//! bounded by the schema so that nothing has to be cut; roles are cut nevertheless, because a database outlives schemas.
//!
//! Long because it is a list: names, folders and ports, each with what it is for.

mod roles;

pub use roles::{PG_MAX, RoleNames, Slot, role_marker};

use sha2::{Digest, Sha256};

/// An object by namespace and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// Secret with the superuser of an embedded server.
#[must_use]
pub fn admin_secret(database: &str) -> String {
    format!("{database}-admin")
}

/// Secret with the app login of a ServiceDatabase (servicebinding.io).
#[must_use]
pub fn binding_secret(database: &str) -> String {
    format!("{database}-binding")
}

/// Secret with the migrate login of a ServiceDatabase.
#[must_use]
pub fn binding_migrate_secret(database: &str) -> String {
    format!("{database}-migrate")
}

/// StatefulSet, Service, NetworkPolicy and container of an embedded server; its volume claim is `data-<this>-0`.
#[must_use]
pub fn postgres(database: &str) -> String {
    format!("{database}-postgres")
}

/// Headless Service that governs the StatefulSet of an embedded server.
#[must_use]
pub fn postgres_nodes(database: &str) -> String {
    format!("{database}-postgres-nodes")
}

/// Host of an embedded server, resolvable from every namespace.
#[must_use]
pub fn postgres_host(server: Id<'_>) -> String {
    format!("{}.{}.svc", postgres(server.name), server.namespace)
}

/// Secret with the certificate and the key of an embedded server, and the roots that it trusts.
#[must_use]
pub fn postgres_tls_secret(database: &str) -> String {
    format!("{database}-postgres-tls")
}

/// Names under which an embedded server is called, as [`service_hosts`].
#[must_use]
pub fn postgres_hosts(server: Id<'_>) -> [String; 3] {
    service_hosts(Id { namespace: server.namespace, name: &postgres(server.name) })
}

/// Secret with the app URIs of a RerpService: keys `current` and, during a split, `next`.
#[must_use]
pub fn service_database_secret(service: &str) -> String {
    format!("{service}-database")
}

/// Secret with the migrate URIs of a RerpService: keys `current` and, during a split, `next`.
///
/// Not `<service>-migrate`: a service and its database usually share a name, and that one is the database's.
#[must_use]
pub fn service_migrate_secret(service: &str) -> String {
    format!("{service}-migration")
}

/// NetworkPolicy of a RerpService's pods; like its Deployment it is called what the service is called.
#[must_use]
pub fn service_policy(service: &str) -> String {
    service.to_owned()
}

/// Secret with the certificate and the key of a RerpService.
#[must_use]
pub fn service_tls_secret(service: &str) -> String {
    format!("{service}-mtls")
}

/// ConfigMap with the roots that a RerpService trusts and the identities that it lets in.
#[must_use]
pub fn service_trust(service: &str) -> String {
    format!("{service}-trust")
}

/// ConfigMap that tells the event bus who may announce what and who reads what.
#[must_use]
pub fn bus_events(bus: &str) -> String {
    format!("{bus}-events")
}

/// Address of the event bus inside the cluster.
#[must_use]
pub fn bus_url(bus: Id<'_>) -> String {
    format!("tls://{}.{}.svc:{BUS_PORT}", bus.name, bus.namespace)
}

/// Environment variable that holds the address of the event bus. A dependency named `bus` would get the same.
pub const BUS_VARIABLE: &str = "RERP_BUS_URL";

/// Stream that holds all events of a namespace.
pub const BUS_STREAM: &str = "events";

/// Folder in the pods of the event bus with the operator's file, `events.json`.
pub const BUS_DIR: &str = "/etc/rerp/bus";

/// Ingress, and HTTPRoute, of a RerpService; like its Deployment it is called what the service is called.
#[must_use]
pub fn service_route(service: &str) -> String {
    service.to_owned()
}

/// ConfigMap that tells a gateway which hosts and paths lead where.
#[must_use]
pub fn gateway_routes(gateway: &str) -> String {
    format!("{gateway}-routes")
}

/// Secret with the certificates that a gateway shows, copied from the Secrets that Ingresses and Gateways name.
#[must_use]
pub fn gateway_certificates(gateway: &str) -> String {
    format!("{gateway}-certificates")
}

/// Name of the IngressClass, and of the GatewayClass, whose objects a namespace's gateway serves.
pub const ROUTE_CLASS: &str = "rerp";

/// Who serves that class, as both kinds of classes name it.
pub const ROUTE_CONTROLLER: &str = "rerp.dev/gateway";

/// Folder in the pods of a gateway with the operator's file, `routes.json`.
pub const ROUTES_DIR: &str = "/etc/rerp/routes";

/// Folder in the pods of a gateway with the certificates, `<secret>.crt` and `<secret>.key`.
pub const CERTIFICATES_DIR: &str = "/etc/rerp/certificates";

/// Secret with the certificate authority, in the operator's namespace.
pub const CA_SECRET: &str = "rerp-ca";

/// Folder of the files `tls.crt` and `tls.key`, where a pod has a certificate, and `ca.crt`: in pods of services, of servers and of
/// split workers alike. So one URI is right for a worker and for the server whose subscription connects by itself.
pub const TLS_DIR: &str = "/etc/rerp/tls";

/// What every PostgreSQL URI of the platform says about TLS, as libpq reads it: the server has to prove its name.
pub const POSTGRES_TLS: &str = "sslmode=verify-full&sslrootcert=/etc/rerp/tls/ca.crt";

/// Identity of a service account, as the URI in its certificate says it.
/// Source: <https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md>, with Istio's path.
#[must_use]
pub fn spiffe_id(trust_domain: &str, account: Id<'_>) -> String {
    format!("spiffe://{trust_domain}/ns/{}/sa/{}", account.namespace, account.name)
}

/// Names under which a RerpService is called inside the cluster, the shortest first. The bare name is not among them: it means
/// another service in every namespace.
#[must_use]
pub fn service_hosts(service: Id<'_>) -> [String; 3] {
    let Id { namespace, name } = service;
    [format!("{name}.{namespace}"), format!("{name}.{namespace}.svc"), format!("{name}.{namespace}.svc.cluster.local")]
}

/// Address of a RerpService inside the cluster; `tls` says whether it answers with TLS.
#[must_use]
pub fn service_url(service: Id<'_>, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{}.{}.svc:{}", service.name, service.namespace, HTTP_PORT)
}

/// Environment variable that holds the address of a dependency: `RERP_IDENTITY_URL`.
#[must_use]
pub fn dependency_variable(service: &str) -> String {
    format!("RERP_{}_URL", service.to_uppercase().replace('-', "_"))
}

/// Deployment, Secret and NetworkPolicy of the worker of a DatabaseSplitMigration.
#[must_use]
pub fn split_worker(migration: &str) -> String {
    format!("{migration}-split-worker")
}

/// Id under which databases know a DatabaseSplitMigration: 12 hex digits of its UID, so that a re-created object is another migration.
#[must_use]
pub fn migration_id(uid: &str) -> String {
    short_hash(uid, 12)
}

/// Port of a service's API.
pub const HTTP_PORT: i32 = 8080;
/// Port of a service's health and metrics.
pub const ADMIN_PORT: i32 = 9090;
/// Port of a gateway for TLS.
pub const HTTPS_PORT: i32 = 8443;
/// Port of an event bus.
pub const BUS_PORT: i32 = 4222;
/// Port of PostgreSQL.
pub const POSTGRES_PORT: i32 = 5432;
/// Port of the cluster's DNS, UDP and TCP.
pub const DNS_PORT: i32 = 53;

/// The first `digits` hex digits of the SHA-256 of `text`.
fn short_hash(text: &str, digits: usize) -> String {
    let mut hash = hex::encode(Sha256::digest(text.as_bytes()));
    hash.truncate(digits);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::{NAME_MAX, SCHEMA_MAX};

    const SERVER: Id<'_> = Id { namespace: "rerp", name: "monolith" };
    const DATABASE: Id<'_> = Id { namespace: "rerp", name: "identity-shared" };

    fn all(roles: &RoleNames) -> Vec<String> {
        let logins = [Slot::A, Slot::B].into_iter().flat_map(|s| [roles.app_login(s), roles.migrate_login(s)]);
        [roles.owner(), roles.migrate(), roles.app(), roles.read()].into_iter().chain(logins).collect()
    }

    #[test]
    fn roles_are_pinned() {
        // sha256("rerp/monolith/rerp/identity-shared"): data in databases carries these names, so they may never change.
        let expected = format!("rerp_{}_identity", short_hash("rerp/monolith/rerp/identity-shared", 8));
        let roles = RoleNames::new(SERVER, DATABASE, "identity");
        assert_eq!(roles.base(), expected);
        assert_eq!(roles.app_login(Slot::A.other()), format!("{expected}_app_b"));
        assert_eq!(roles.migrate_login(Slot::A), format!("{expected}_migrate_a"));
    }

    #[test]
    fn roles_fit_and_stay_apart() {
        let longest = "s".repeat(SCHEMA_MAX);
        assert!(RoleNames::new(SERVER, DATABASE, &longest).base().ends_with(&longest), "a bounded schema is never cut");
        let (long, other) = ("x".repeat(63), format!("{}y", "x".repeat(62)));
        let (one, two) = (RoleNames::new(SERVER, DATABASE, &long), RoleNames::new(SERVER, DATABASE, &other));
        assert_ne!(one, two);
        assert!(all(&one).iter().chain(&all(&two)).all(|role| role.len() <= PG_MAX));
        assert_ne!(
            RoleNames::new(SERVER, DATABASE, "s"),
            RoleNames::new(DATABASE, DATABASE, "s"),
            "another server, other roles"
        );
        assert!(RoleNames::new(SERVER, DATABASE, &"ü".repeat(40)).owner().len() <= PG_MAX);
    }

    #[test]
    fn children_fit_labels() {
        let name = "n".repeat(NAME_MAX);
        // `controller-revision-hash` of a StatefulSet's pod is its name, a dash and ten characters.
        assert!(postgres(&name).len() + 11 <= 63);
        for child in [
            postgres_tls_secret(&name),
            postgres_nodes(&name),
            split_worker(&name),
            service_database_secret(&name),
            binding_migrate_secret(&name),
        ] {
            assert!(child.len() <= 63, "{child}");
        }
    }

    #[test]
    fn a_service_and_a_database_of_one_name_share_no_child() {
        let service = [service_database_secret("identity"), service_migrate_secret("identity"), "identity".to_owned()];
        let database = [
            admin_secret("identity"),
            binding_secret("identity"),
            binding_migrate_secret("identity"),
            postgres("identity"),
            postgres_nodes("identity"),
            postgres_tls_secret("identity"),
        ];
        assert!(service.iter().all(|name| !database.contains(name)));
    }

    #[test]
    fn addresses() {
        assert_eq!(postgres_host(SERVER), "monolith-postgres.rerp.svc");
        assert!(
            postgres_hosts(SERVER).contains(&postgres_host(SERVER)),
            "what clients call is what the certificate says"
        );
        assert!(POSTGRES_TLS.ends_with(&format!("={TLS_DIR}/ca.crt")));
        let identity = Id { namespace: "rerp", name: "identity" };
        assert_eq!(service_url(identity, true), "https://identity.rerp.svc:8080");
        assert_eq!(service_url(identity, false), "http://identity.rerp.svc:8080");
        assert_eq!(spiffe_id("rerp.local", identity), "spiffe://rerp.local/ns/rerp/sa/identity");
        assert_eq!(dependency_variable("fte-data"), "RERP_FTE_DATA_URL");
        assert_eq!(dependency_variable("bus"), BUS_VARIABLE);
        assert_eq!(bus_url(Id { namespace: "rerp", name: "bus" }), "tls://bus.rerp.svc:4222");
        assert_eq!(migration_id("5a0b").len(), 12);
    }
}
