//! Wiring: watches -> rooms -> outcomes. The only place that starts a controller. In: a client and
//! settings. Out: nothing until the shutdown token fires. Must not: know what a room does.
//!
//! Long because all wiring is in one place, so that what wakes what can be read at once.

mod outside;

use crate::admin::Gates;
use crate::args::{Args, Settings};
use crate::cluster::gateway_api::HttpRoute;
use crate::cluster::{self, child::Owner, read::scoped, undecodable};
use crate::context::Context;
use crate::database;
use crate::metrics::Metrics;
use crate::outcome::Outcome;
use crate::pki::rotate;
use crate::service;
use crate::split;
use crate::wake::{self, labelled, referring};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, stream};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ListParams, PartialObjectMeta};
use kube::core::error_boundary::DeserializeGuard;
use kube::runtime::controller::{Action, Config as Pace, Controller, Error};
use kube::runtime::watcher;
use kube::{Client, Resource};
use rerp_crds::{DatabaseSplitMigration, RerpService, ServiceDatabase, labels};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Selects everything we manage.
const OURS: &str = cluster::child::SELECTOR;
/// Selects the NetworkPolicies that let pods out to database servers.
const CLIENTS: &str = "app.kubernetes.io/component in (service,split-worker)";
/// Folds bursts of events about one object into one visit.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// A room's entry point.
type Room<K> = for<'a> fn(&'a K, &'a Context) -> BoxFuture<'a, Outcome>;

/// A client that doesn't retry by itself: the queue does, with a bound and in sight.
pub async fn client() -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = kube::Config::infer().await?;
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    Ok(Client::try_from(config)?)
}

/// Waits until the API server knows the three kinds. False if the shutdown came first.
pub async fn wait_for_kinds(
    client: &Client,
    namespace: Option<&str>,
    gates: &Gates,
    shutdown: &CancellationToken,
) -> bool {
    loop {
        let known = async {
            known::<ServiceDatabase>(client, namespace).await?;
            known::<RerpService>(client, namespace).await?;
            known::<DatabaseSplitMigration>(client, namespace).await
        };
        match known.await {
            Ok(()) => {
                gates.open_crds();
                return true;
            }
            Err(error) => tracing::warn!(error = error.describe(), "waiting for the custom resource definitions"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            () = shutdown.cancelled() => return false,
        }
    }
}

async fn known<K>(client: &Client, namespace: Option<&str>) -> Result<(), cluster::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api = scoped::<PartialObjectMeta<K>>(client, namespace);
    let params = ListParams::default().limit(1);
    cluster::call("list", &K::kind(&()), "", api.list(&params)).await.map(|_| ())
}

/// Runs the controllers until `shutdown` fires and their last reconciles are done.
pub async fn controllers(args: &Args, client: Client, identity: &str, metrics: Metrics, shutdown: CancellationToken) {
    let context = Arc::new(Context::new(client, Settings::from(args), metrics, identity));
    let (news, _) = watch::channel(());
    // A cluster that learns of the kind later is looked at once in a while, until the operator starts anew.
    let gateway_api = known::<HttpRoute>(&context.client, args.watch_namespace.as_deref()).await.is_ok();
    let wiring = Wiring {
        context,
        namespace: args.watch_namespace.clone(),
        concurrency: args.concurrency,
        gateway_api,
        shutdown,
        news,
    };
    tokio::join!(wiring.databases(), wiring.services(), wiring.splits(), wiring.authority());
}

/// What all controllers are started with.
struct Wiring {
    context: Arc<Context>,
    namespace: Option<String>,
    concurrency: u16,
    /// Whether the cluster knows HTTPRoutes and Gateways: who watches a kind that isn't there only fills the log.
    gateway_api: bool,
    shutdown: CancellationToken,
    /// The certificate authority has changed: everybody is to be visited.
    news: watch::Sender<()>,
}

impl Wiring {
    /// The certificate authority, which no object of ours stands for.
    async fn authority(&self) {
        let tell = || self.news.send_replace(());
        rotate::run(&self.context, self.namespace.as_deref(), tell, &self.shutdown).await;
    }

    /// ServiceDatabase: its children, its pods, the ServiceDatabase that runs its server, and everybody's way out to servers: a
    /// server lets in whose policy leads to it, and a policy that changed doesn't tell where it led before.
    async fn databases(&self) {
        let controller = self.controller::<ServiceDatabase>();
        let (store, servers) = (controller.store(), controller.store());
        let controller = controller
            .owns(self.meta::<StatefulSet>(), ours(""))
            .owns(self.meta::<Service>(), ours(""))
            .owns(self.meta::<ConfigMap>(), ours(""))
            .owns(self.meta::<Secret>(), ours(""))
            .owns(self.meta::<NetworkPolicy>(), ours(labels::DATABASE))
            .watches(self.meta::<NetworkPolicy>(), ours(CLIENTS), move |policy| {
                referring(&servers, &policy, |database: &ServiceDatabase, _| database.spec.engine.embedded.is_some())
            })
            .watches(self.meta::<Pod>(), ours(labels::DATABASE), |pod| labelled(&pod, labels::DATABASE))
            .watches(self.meta::<ServiceDatabase>(), watcher::Config::default(), move |server| {
                referring(&store, &server, |database: &ServiceDatabase, name| {
                    database.spec.engine.shared.as_ref().is_some_and(|shared| shared.database_ref.name == name)
                })
            });
        let room: Room<ServiceDatabase> = |object, context| database::reconcile(object, context).boxed();
        self.drive("database", database::MANAGER, controller, room).await;
    }

    /// RerpService: its children, its pods, the databases and services it refers to, the services that refer to it, the services whose
    /// events concern it, and the migrations that move its data.
    async fn services(&self) {
        let controller = self.controller::<RerpService>();
        let (by_database, by_service) = (controller.store(), controller.store());
        let migrations =
            scoped::<DeserializeGuard<DatabaseSplitMigration>>(&self.context.client, self.namespace.as_deref());
        let others = scoped::<DeserializeGuard<RerpService>>(&self.context.client, self.namespace.as_deref());
        let (callers, moves) = (wake::Callers::default(), wake::Moves::default());
        let (announcers, bus) = (wake::Announcers::default(), self.context.settings.bus.clone());
        let controller = controller
            .owns(self.meta::<Deployment>(), ours(labels::SERVICE))
            .owns(self.meta::<Service>(), ours(labels::SERVICE))
            .owns(self.meta::<ServiceAccount>(), ours(labels::SERVICE))
            .owns(self.meta::<Secret>(), ours(labels::SERVICE))
            .owns(self.meta::<ConfigMap>(), ours(labels::SERVICE))
            .owns(self.meta::<PodDisruptionBudget>(), ours(labels::SERVICE))
            .owns(self.meta::<NetworkPolicy>(), ours(labels::SERVICE))
            .owns(self.meta::<Ingress>(), ours(labels::SERVICE))
            .watches(self.meta::<Pod>(), ours(labels::SERVICE), |pod| labelled(&pod, labels::SERVICE))
            .watches(self.meta::<ServiceDatabase>(), watcher::Config::default(), move |database| {
                referring(&by_database, &database, service::uses_database)
            })
            // With its spec: only that tells whom it calls, and what it announces and reads.
            .watches(others, watcher::Config::default(), move |other| {
                let mut concerned = referring(&by_service, &other, |service: &RerpService, name| {
                    service.spec.dependencies.iter().any(|one| one.name == name)
                });
                concerned.extend(callers.changed(&other));
                concerned.extend(announcers.concerned(&by_service, &other, &bus));
                concerned
            })
            // With its spec: only that tells which service it moves.
            .watches(migrations, watcher::Config::default(), move |migration| moves.changed(&migration));
        let controller = self.outside(controller);
        let room: Room<RerpService> = |object, context| service::reconcile(object, context).boxed();
        self.drive("service", service::MANAGER, controller, room).await;
    }

    /// DatabaseSplitMigration: its worker, the service and the databases it names, and the migrations it waits for.
    async fn splits(&self) {
        let controller = self.controller::<DatabaseSplitMigration>();
        let (by_database, by_service, by_split) = (controller.store(), controller.store(), controller.store());
        let others =
            scoped::<DeserializeGuard<DatabaseSplitMigration>>(&self.context.client, self.namespace.as_deref());
        let moves = wake::Moves::default();
        let controller = controller
            .owns(self.meta::<Deployment>(), ours(labels::SPLIT))
            .owns(self.meta::<Secret>(), ours(labels::SPLIT))
            .owns(self.meta::<NetworkPolicy>(), ours(labels::SPLIT))
            .watches(self.meta::<ServiceDatabase>(), watcher::Config::default(), move |database| {
                referring(&by_database, &database, |split: &DatabaseSplitMigration, name| {
                    split.spec.source.database_ref.name == name || split.spec.target.database_ref.name == name
                })
            })
            .watches(self.meta::<RerpService>(), watcher::Config::default(), move |service| {
                referring(&by_service, &service, |split: &DatabaseSplitMigration, name| {
                    split.spec.service_ref.name == name
                })
            })
            // With its status: whoever waits for it waits for its end, not for its progress.
            .watches(others, watcher::Config::default(), move |other| {
                if !moves.went_on(&other) {
                    return Vec::new();
                }
                referring(&by_split, &other, |split: &DatabaseSplitMigration, name| {
                    split.spec.depends_on.iter().any(|one| one.name == name) || split::decide::is_held(split)
                })
            });
        let room: Room<DatabaseSplitMigration> = |object, context| split::reconcile(object, context).boxed();
        self.drive("split", split::act::MANAGER, controller, room).await;
    }

    /// Metadata only: children wake their owner, nobody keeps their content in memory.
    fn meta<K>(&self) -> Api<PartialObjectMeta<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        scoped(&self.context.client, self.namespace.as_deref())
    }

    fn controller<K>(&self) -> Controller<DeserializeGuard<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + DeserializeOwned
            + Send
            + Sync
            + 'static,
    {
        let api = scoped::<DeserializeGuard<K>>(&self.context.client, self.namespace.as_deref());
        Controller::new(api, watcher::Config::default())
            .with_config(Pace::default().debounce(DEBOUNCE).concurrency(self.concurrency))
            .reconcile_all_on(news(self.news.subscribe()))
            .graceful_shutdown_on(self.shutdown.clone().cancelled_owned())
    }

    /// Runs one controller. Reconciles can't fail: what goes wrong is an outcome.
    async fn drive<K>(
        &self,
        name: &'static str,
        manager: &'static str,
        controller: Controller<DeserializeGuard<K>>,
        room: Room<K>,
    ) where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + DeserializeOwned
            + Send
            + Sync
            + 'static,
    {
        let reconcile = move |object: Arc<DeserializeGuard<K>>, context: Arc<Context>| async move {
            Ok::<_, Infallible>(visit(name, manager, &object, &context, room).await)
        };
        controller
            .run(reconcile, |_, never, _| match *never {}, self.context.clone())
            .for_each(|result| async move {
                match result {
                    // The object went away between the event and the visit.
                    Ok(_) | Err(Error::ObjectNotFound(_)) => {}
                    Err(error) => tracing::warn!(controller = name, error = %error, "the queue stumbled"),
                }
            })
            .await;
    }
}

/// An item for each piece of news; several at once may be one.
fn news(from: watch::Receiver<()>) -> impl Stream<Item = ()> + Send {
    stream::unfold(from, |mut from| async move { from.changed().await.ok().map(|()| ((), from)) })
}

/// One reconcile: guard, room, log, metric, next visit.
async fn visit<K>(
    name: &'static str,
    manager: &'static str,
    object: &DeserializeGuard<K>,
    context: &Context,
    room: Room<K>,
) -> Action
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let owner = Owner::of(object);
    let span = tracing::info_span!(
        "reconcile", kind = owner.kind, namespace = owner.namespace, object = owner.name, id = %uuid::Uuid::new_v4()
    );
    async {
        let started = Instant::now();
        let outcome = match &object.0 {
            Ok(object) => room(object, context).await,
            Err(invalid) => undecodable::report::<K>(context, manager, &owner, invalid).await,
        };
        context.metrics.reconciled(name, outcome.label(), started.elapsed());
        match &outcome {
            Outcome::Refused { .. } | Outcome::Failed { .. } => {
                tracing::warn!(outcome = outcome.label(), reason = %outcome.reason(), message = outcome.message());
            }
            _ => tracing::debug!(outcome = outcome.label(), message = outcome.message()),
        }
        Action::requeue(context.again(&owner.uid, &outcome))
    }
    .instrument(span)
    .await
}

/// Everything we manage; with `label` only what carries it.
fn ours(label: &str) -> watcher::Config {
    let config = watcher::Config::default();
    if label.is_empty() { config.labels(OURS) } else { config.labels(&format!("{OURS},{label}")) }
}
