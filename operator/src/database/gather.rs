//! All reads of a pass, and everything random or timed that the pure steps need. In: the object.
//! Out: `Gathered`. Must not: judge what was found.

use super::certificate::Certified;
use super::credentials::Fresh;
use crate::cluster::child::{Owner, SELECTOR};
use crate::cluster::{Error, read};
use crate::context::Context;
use crate::outcome::Outcome;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::Api;
use rand::RngExt;
use rand::distr::Alphanumeric;
use rerp_crds::{DatabaseSplitMigration, RerpService, ServiceDatabase, names};

/// Component label of the server's children.
pub const POSTGRES: &str = "postgres";
/// Length of a generated password; alphanumeric, so about 190 bits and no quoting anywhere.
const PASSWORD: usize = 32;

/// What a pass starts from.
pub struct Gathered {
    /// The object as the owner of its children.
    pub owner: Owner,
    /// The time of this pass.
    pub now: Timestamp,
    /// Passwords and salts for what has none yet.
    pub fresh: Fresh,
    /// What is known of the server's certificate; none for `shared`.
    pub certified: Option<Result<Certified, Outcome>>,
    /// Secret with the superuser of the server: our own, or that of the server's ServiceDatabase.
    pub admin: Option<Secret>,
    /// Secret with the app login.
    pub binding: Option<Secret>,
    /// Secret with the migrate login.
    pub binding_migrate: Option<Secret>,
    /// `shared`: the ServiceDatabase that runs the server.
    pub server: Option<ServiceDatabase>,
    /// `embedded`: pods of our server.
    pub pods: Vec<Pod>,
    /// `embedded`: the server's volume claim.
    pub claim: Option<PersistentVolumeClaim>,
    /// `embedded`: who may have to reach the server.
    pub around: Around,
}

/// What is around a server, in its namespace.
#[derive(Default)]
pub struct Around {
    /// NetworkPolicies of ours.
    pub policies: Vec<NetworkPolicy>,
    /// All services.
    pub services: Vec<RerpService>,
    /// All databases.
    pub databases: Vec<ServiceDatabase>,
    /// All migrations.
    pub migrations: Vec<DatabaseSplitMigration>,
}

/// Reads everything a pass looks at.
pub async fn gather(
    object: &ServiceDatabase,
    certified: Option<&Result<Certified, Outcome>>,
    context: &Context,
) -> Result<Gathered, Outcome> {
    Ok(all(object, certified.cloned(), context).await?)
}

async fn all(
    object: &ServiceDatabase,
    certified: Option<Result<Certified, Outcome>>,
    context: &Context,
) -> Result<Gathered, Error> {
    let owner = Owner::of(object);
    let client = || context.client.clone();
    let secrets = Api::<Secret>::namespaced(client(), &owner.namespace);
    let server_name = object.spec.server(&owner.name);
    let embedded = object.spec.engine.embedded.is_some();
    let databases = Api::<ServiceDatabase>::namespaced(client(), &owner.namespace);
    let pods = Api::<Pod>::namespaced(client(), &owner.namespace);
    let claims = Api::<PersistentVolumeClaim>::namespaced(client(), &owner.namespace);
    Ok(Gathered {
        now: context.clock.now(),
        fresh: fresh(),
        certified,
        admin: read::get(&secrets, &names::admin_secret(server_name)).await?,
        binding: read::get(&secrets, &names::binding_secret(&owner.name)).await?,
        binding_migrate: read::get(&secrets, &names::binding_migrate_secret(&owner.name)).await?,
        server: if embedded { None } else { read::get(&databases, server_name).await? },
        pods: if embedded { read::list(&pods, &read::selector(&owner.selector(POSTGRES))).await? } else { Vec::new() },
        claim: if embedded { read::get(&claims, &claim_name(&owner.name)).await? } else { None },
        around: if embedded { around(&owner.namespace, context).await? } else { Around::default() },
        owner,
    })
}

async fn around(namespace: &str, context: &Context) -> Result<Around, Error> {
    let client = || context.client.clone();
    Ok(Around {
        policies: read::list(&Api::namespaced(client(), namespace), SELECTOR).await?,
        services: read::list(&Api::namespaced(client(), namespace), "").await?,
        databases: read::list(&Api::namespaced(client(), namespace), "").await?,
        migrations: read::list(&Api::namespaced(client(), namespace), "").await?,
    })
}

/// The claim that the StatefulSet makes from its template.
pub fn claim_name(database: &str) -> String {
    format!("data-{}-0", names::postgres(database))
}

fn fresh() -> Fresh {
    let password = || rand::rng().sample_iter(Alphanumeric).take(PASSWORD).map(char::from).collect();
    Fresh {
        admin: password(),
        app: password(),
        migrate: password(),
        app_salt: rand::random(),
        migrate_salt: rand::random(),
    }
}
