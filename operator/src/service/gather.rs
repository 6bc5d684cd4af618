//! All reads of a pass, and its time. In: the object. Out: `Gathered`. Must not: judge what was found.

pub mod edge;

use crate::cluster::child::Owner;
use crate::cluster::{Error, apply::Child, call, read};
use crate::context::Context;
use crate::outcome::Outcome;
use crate::record::Record;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, ListParams};
use kube::core::error_boundary::DeserializeGuard;
use rerp_crds::{DatabaseSplitMigration, RerpService, RerpServiceSpec, ServiceDatabase, names};
use std::collections::{BTreeMap, BTreeSet};

/// Component label of everything that belongs to a service.
pub const COMPONENT: &str = "service";
/// What a pass starts from.
pub struct Gathered {
    /// The object as the owner of its children.
    pub owner: Owner,
    /// The time of this pass.
    pub now: Timestamp,
    /// Every RerpService of the namespace, this one included.
    pub services: Vec<RerpService>,
    /// Migrations of this service.
    pub migrations: Vec<DatabaseSplitMigration>,
    /// The Secret with the app logins as earlier passes left it.
    pub record: Option<Secret>,
    /// ServiceDatabases that the spec, the record or a migration names.
    pub databases: BTreeMap<String, Database>,
    /// Keys of the Secrets that the spec names; none for a Secret that does not exist.
    pub secrets: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Keys of the ConfigMaps that the spec names; none for a ConfigMap that does not exist.
    pub config_maps: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Pods of this service.
    pub pods: Vec<Pod>,
    /// The NetworkPolicy as earlier passes left it.
    pub policy: Option<NetworkPolicy>,
    /// What there is for a gateway to serve; none for a service that is no gateway.
    pub around: Option<edge::Around>,
}

/// A ServiceDatabase with its logins.
pub struct Database {
    /// The object.
    pub object: ServiceDatabase,
    /// Secret with the app login.
    pub binding: Option<Secret>,
    /// Secret with the migrate login.
    pub migrate: Option<Secret>,
}

/// The RerpServices of a namespace.
pub struct Services {
    /// Those that can be read.
    pub known: Vec<RerpService>,
    /// Names of those that can't be decoded: what they call and which database they use is not known.
    pub undecodable: BTreeSet<String>,
}

/// Every RerpService of the object's namespace.
pub async fn services(object: &RerpService, context: &Context) -> Result<Services, Error> {
    let owner = Owner::of(object);
    let api = Api::<DeserializeGuard<RerpService>>::namespaced(context.client.clone(), &owner.namespace);
    let params = ListParams::default().limit(500);
    let all = call("list", "RerpService", &owner.namespace, api.list(&params)).await?;
    let mut services = Services { known: Vec::new(), undecodable: BTreeSet::new() };
    for guard in all.items {
        match guard.0 {
            Ok(service) => services.known.push(service),
            Err(invalid) => _ = services.undecodable.insert(invalid.metadata.name.unwrap_or_default()),
        }
    }
    Ok(services)
}

/// Reads everything else that a pass looks at.
pub async fn gather(object: &RerpService, services: Vec<RerpService>, context: &Context) -> Result<Gathered, Outcome> {
    Ok(all(object, services, context).await?)
}

async fn all(object: &RerpService, services: Vec<RerpService>, context: &Context) -> Result<Gathered, Error> {
    let owner = Owner::of(object);
    let secrets = api::<Secret>(context, &owner);
    let migrations = read::list(&api::<DatabaseSplitMigration>(context, &owner), "").await?;
    let migrations: Vec<_> = migrations.into_iter().filter(|one| one.spec.service_ref.name == owner.name).collect();
    let record = read::get(&secrets, &names::service_database_secret(&owner.name)).await?;
    let wanted = databases_named(object, &migrations, record.as_ref());
    Ok(Gathered {
        services,
        now: context.clock.now(),
        databases: databases(context, &owner, wanted).await?,
        secrets: keys(&secrets, secrets_named(&object.spec), secret_keys).await?,
        config_maps: keys(&api(context, &owner), config_maps_named(&object.spec), config_keys).await?,
        pods: read::list(&api::<Pod>(context, &owner), &read::selector(&owner.selector(COMPONENT))).await?,
        policy: read::get(&api(context, &owner), &names::service_policy(&owner.name)).await?,
        around: edge::around(&owner, context).await?,
        migrations,
        record,
        owner,
    })
}

fn api<K: Child>(context: &Context, owner: &Owner) -> Api<K> {
    Api::namespaced(context.client.clone(), &owner.namespace)
}

fn databases_named(
    object: &RerpService,
    migrations: &[DatabaseSplitMigration],
    record: Option<&Secret>,
) -> BTreeSet<String> {
    let recorded = record.and_then(Record::of).map(|record| record.database);
    let split = |one: &DatabaseSplitMigration| {
        [one.spec.source.database_ref.name.clone(), one.spec.target.database_ref.name.clone()]
    };
    let wish = object.spec.database_ref.iter().map(|reference| reference.name.clone());
    wish.chain(recorded).chain(migrations.iter().flat_map(split)).collect()
}

async fn databases(
    context: &Context,
    owner: &Owner,
    wanted: BTreeSet<String>,
) -> Result<BTreeMap<String, Database>, Error> {
    let (objects, secrets) = (api::<ServiceDatabase>(context, owner), api::<Secret>(context, owner));
    let mut found = BTreeMap::new();
    for name in wanted {
        let Some(object) = read::get(&objects, &name).await? else { continue };
        let binding = read::get(&secrets, &names::binding_secret(&name)).await?;
        let migrate = read::get(&secrets, &names::binding_migrate_secret(&name)).await?;
        found.insert(name, Database { object, binding, migrate });
    }
    Ok(found)
}

/// Reads each object and keeps nothing of it but its keys.
async fn keys<K: Child>(
    api: &Api<K>,
    names: BTreeSet<&str>,
    keys: fn(K) -> BTreeSet<String>,
) -> Result<BTreeMap<String, Option<BTreeSet<String>>>, Error> {
    let mut found = BTreeMap::new();
    for name in names {
        found.insert(name.to_owned(), read::get(api, name).await?.map(keys));
    }
    Ok(found)
}

fn secret_keys(secret: Secret) -> BTreeSet<String> {
    secret.data.unwrap_or_default().into_keys().collect()
}

fn config_keys(map: ConfigMap) -> BTreeSet<String> {
    map.data.unwrap_or_default().into_keys().chain(map.binary_data.unwrap_or_default().into_keys()).collect()
}

fn secrets_named(spec: &RerpServiceSpec) -> BTreeSet<&str> {
    let sources = spec.env.iter().filter_map(|one| one.value_from.as_ref());
    let keys = sources.filter_map(|from| from.secret_key_ref.as_ref()).map(|key| key.name.as_str());
    let whole = spec.env_from.iter().filter_map(|from| from.secret_ref.as_ref()).map(|one| one.name.as_str());
    let pull = spec.pod.iter().flat_map(|pod| &pod.image_pull_secrets).map(|one| one.name.as_str());
    keys.chain(whole).chain(pull).collect()
}

fn config_maps_named(spec: &RerpServiceSpec) -> BTreeSet<&str> {
    let sources = spec.env.iter().filter_map(|one| one.value_from.as_ref());
    let keys = sources.filter_map(|from| from.config_map_key_ref.as_ref()).map(|key| key.name.as_str());
    let whole = spec.env_from.iter().filter_map(|from| from.config_map_ref.as_ref()).map(|one| one.name.as_str());
    keys.chain(whole).collect()
}
