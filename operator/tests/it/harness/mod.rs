//! One namespace on a scripted API server, the rooms that look after it, and everybody else in the cluster. In: what users do.
//! Out: the cluster at rest. The names of children appear nowhere: what a room makes is taken as it comes.

pub(crate) mod environment;
pub(crate) mod normal;

use crate::apiserver::{ApiServer, path};
use crate::core::context;
use crate::server;
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::core::error_boundary::DeserializeGuard;
use rerp_crds::{DatabaseSplitMigration, RerpService, ServiceDatabase};
use rerp_operator::cluster::{child::Owner, undecodable};
use rerp_operator::context::{Clock, Context};
use rerp_operator::outcome::Outcome;
use rerp_operator::postgres::exec::Connector;
use rerp_operator::{database, service, split};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rounds in which a namespace comes to rest, or never will.
const ROUNDS: usize = 30;
/// When every world begins, in seconds since 1970.
pub(crate) const BEGINNING: i64 = 1_800_000_000;

thread_local! {
    /// Worlds don't outlive the thread that their test runs on.
    static NOW: Cell<i64> = const { Cell::new(BEGINNING) };
}

/// One room of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Databases,
    Services,
    Splits,
}

impl Room {
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Databases => "servicedatabases",
            Self::Services => "rerpservices",
            Self::Splits => "databasesplitmigrations",
        }
    }
}

/// The process has ended in the middle of a pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crashed;

/// A room's entry point.
type Reconcile<K> = for<'a> fn(&'a K, &'a Context) -> BoxFuture<'a, Outcome>;

/// One namespace, and the operator's process.
pub(crate) struct World {
    pub(crate) api: ApiServer,
    pub(crate) context: Context,
    /// Its name is part of every name that the world leaves on a shared PostgreSQL.
    pub(crate) namespace: String,
    pub(crate) rooms: &'static [Room],
}

impl World {
    /// An empty namespace. Kinds whose room isn't named are for the test to play.
    pub(crate) fn new(rooms: &'static [Room]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let namespace = format!("zone{}z", NEXT.fetch_add(1, Ordering::Relaxed));
        Self::on(ApiServer::with_token(&namespace), rooms)
    }

    /// The namespace of a server that was made for one, as it stands there. Time begins anew.
    pub(crate) fn on(api: ApiServer, rooms: &'static [Room]) -> Self {
        NOW.set(BEGINNING);
        if Self::on_postgres(rooms) && api.object(server::AUTHORITY).is_none() {
            api.put(server::AUTHORITY, server::authority());
        }
        Self { context: process(&api, rooms), namespace: api.token(), api, rooms }
    }

    /// Whether something of such a world is on a PostgreSQL server.
    pub(crate) fn on_postgres(rooms: &[Room]) -> bool {
        rooms != [Room::Services]
    }

    /// A new process: nothing of the old one's memory is left.
    pub(crate) fn restart(&mut self) {
        self.context = process(&self.api, self.rooms);
    }

    /// Moves the operator's clock on.
    pub(crate) fn wait(seconds: i64) {
        NOW.set(NOW.get() + seconds);
    }

    pub(crate) fn path(&self, plural: &str, name: &str) -> String {
        path(&self.namespace, plural, name)
    }

    /// Everything that is stored of this namespace.
    pub(crate) fn left(&self) -> Vec<String> {
        let here = format!("/namespaces/{}/", self.namespace);
        self.api.paths().into_iter().filter(|path| path.contains(&here)).collect()
    }

    /// A user applies an object of ours.
    pub(crate) fn create(&self, room: Room, name: &str, spec: &Value) {
        if self.live(room.plural(), name).is_some() {
            return self.edit(room, name, |live| live.clone_from(spec));
        }
        let kind = match room {
            Room::Databases => "ServiceDatabase",
            Room::Services => "RerpService",
            Room::Splits => "DatabaseSplitMigration",
        };
        let metadata = json!({"name": name, "namespace": self.namespace, "creationTimestamp": "2026-01-01T00:00:00Z"});
        let object = json!({"apiVersion": "rerp.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec});
        self.api.put(&self.path(room.plural(), name), object);
    }

    /// A user edits a spec.
    pub(crate) fn edit(&self, room: Room, name: &str, change: impl FnOnce(&mut Value)) {
        self.api.edit(&self.path(room.plural(), name), |object| change(&mut object["spec"]));
    }

    /// A user deletes an object.
    pub(crate) fn delete(&self, plural: &str, name: &str) {
        self.api.delete(&self.path(plural, name));
    }

    /// A Secret of a user's.
    pub(crate) fn secret(&self, name: &str, data: &[(&str, &str)]) {
        let data: Value = data.iter().map(|(key, text)| ((*key).to_owned(), json!(STANDARD.encode(text)))).collect();
        let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
        self.api.put(&self.path("secrets", name), object);
    }

    /// A ServiceDatabase as its own room leaves it, for worlds without that room.
    pub(crate) fn ready_database(&self, name: &str) {
        self.create(Room::Databases, name, &json!({"engine": {"embedded": {}}}));
        self.database_says(name, "True");
        self.secret(&format!("{name}-binding"), &[("uri", &format!("postgresql://app@{name}"))]);
        self.secret(&format!("{name}-migrate"), &[("uri", &format!("postgresql://migrate@{name}"))]);
    }

    /// Sets Ready and DatabaseReady of a ServiceDatabase that no room looks after.
    pub(crate) fn database_says(&self, name: &str, ready: &str) {
        self.api.edit(&self.path("servicedatabases", name), |object| {
            let generation = object["metadata"]["generation"].clone();
            let said = ["DatabaseReady", "Ready"].map(|type_| {
                json!({
                    "type": type_, "status": ready, "reason": "AsExpected", "message": "said so", "observedGeneration": generation,
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                })
            });
            object["status"] = json!({"conditions": said});
        });
    }

    pub(crate) fn live(&self, plural: &str, name: &str) -> Option<Value> {
        self.api.object(&self.path(plural, name))
    }

    /// A condition of one of our objects.
    pub(crate) fn condition(&self, room: Room, name: &str, type_: &str) -> Value {
        let object = self.live(room.plural(), name).unwrap_or_else(|| panic!("no {room:?} {name}"));
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.into_iter().find(|one| one["type"] == type_).unwrap_or(Value::Null)
    }

    /// Asserts status and reason of Ready.
    pub(crate) fn expect(&self, room: Room, name: &str, status: &str, reason: &str) {
        let ready = self.condition(room, name, "Ready");
        assert_eq!((&ready["status"], &ready["reason"]), (&json!(status), &json!(reason)), "{name}: {ready}");
    }

    /// Names of all objects of a room.
    pub(crate) fn names(&self, room: Room) -> Vec<String> {
        let folder = self.path(room.plural(), "");
        self.api.paths().iter().filter_map(|path| path.strip_prefix(&folder)).map(ToOwned::to_owned).collect()
    }

    /// One pass over an object as it is stored now.
    pub(crate) async fn visit(&self, room: Room, name: &str) -> Result<Outcome, Crashed> {
        let pass = async {
            match room {
                Room::Databases => {
                    self.pass::<ServiceDatabase>(name, database::MANAGER, |o, c| database::reconcile(o, c).boxed())
                        .await
                }
                Room::Services => {
                    self.pass::<RerpService>(name, service::MANAGER, |o, c| service::reconcile(o, c).boxed()).await
                }
                Room::Splits => {
                    self.pass::<DatabaseSplitMigration>(name, split::act::MANAGER, |o, c| {
                        split::reconcile(o, c).boxed()
                    })
                    .await
                }
            }
        };
        tokio::select! {
            biased;
            () = self.api.crashed() => Err(Crashed),
            outcome = pass => Ok(outcome),
        }
    }

    async fn pass<K>(&self, name: &str, manager: &str, reconcile: Reconcile<K>) -> Outcome
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned,
    {
        let object = self.live(&K::plural(&()), name).unwrap_or_else(|| panic!("no {name}"));
        let guard: DeserializeGuard<K> = serde_json::from_value(object).expect("metadata");
        match &guard.0 {
            Ok(object) => reconcile(object, &self.context).await,
            Err(invalid) => undecodable::report::<K>(&self.context, manager, &Owner::of(&guard), invalid).await,
        }
    }

    /// Visits every object once; says whether anything has changed, or will be tried again.
    pub(crate) async fn round(&self) -> Result<bool, Crashed> {
        let (before, mut failed) = (self.api.version(), false);
        for room in self.rooms {
            for name in self.names(*room) {
                // A finalizer may have gone with the pass before.
                if self.live(room.plural(), &name).is_some() {
                    failed |= matches!(self.visit(*room, &name).await?, Outcome::Failed { .. });
                }
            }
        }
        environment::step(&self.api);
        Ok(failed || self.api.version() != before)
    }

    /// Rounds until nothing changes any more.
    pub(crate) async fn settle(&self) -> Result<(), Crashed> {
        for _ in 0..ROUNDS {
            if !self.round().await? {
                return Ok(());
            }
        }
        let last: Vec<String> = self.api.history(self.api.version() - 5).into_iter().map(|one| one.path).collect();
        panic!("no rest after {ROUNDS} rounds; changed last: {last:?}");
    }
}

fn process(api: &ApiServer, rooms: &[Room]) -> Context {
    let mut context = context(api);
    context.clock = Clock::from_fn(|| Timestamp::from_second(NOW.get()).expect("in range"));
    if World::on_postgres(rooms) {
        context.postgres = Connector::pinned(server::ADDRESS, server::shared().port, server::NAME);
    }
    context
}
