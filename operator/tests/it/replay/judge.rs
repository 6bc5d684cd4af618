//! Judges the stored history by what the API promises, not by how the operator is made.
//!
//! - Summary conditions are written together, for one generation.
//! - Ready=True never stands beside a probe of its own that fails: WorkloadAvailable, DatabaseReady, DependenciesReady.
//! - Whoever claims Ready=True for a generation has seen each thing that it takes, for the spec of that generation, hold at
//!   some time since the pass began.
//! - At rest Ready=True stands exactly where everything holds.

use super::fate::SERVICES;
use crate::apiserver::path;
use crate::harness::{Room, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Replays the history.
#[derive(Default)]
pub(super) struct Judge {
    objects: BTreeMap<String, Value>,
    seen: u64,
    /// How often Ready=True was claimed anew.
    pub(super) claims: usize,
}

impl Judge {
    /// Judges one pass over service `name` that began at version `begun`.
    pub(super) fn pass(&mut self, world: &World, name: &str, begun: u64) {
        let at = world.path(Room::Services.plural(), name);
        self.replay(world, begun);
        let Some(subject) = self.objects.get(&at).cloned() else { panic!("no {name} at version {begun}") };
        let mut held = holds(world, &self.objects, &subject);
        for version in world.api.history(begun) {
            let before = self.objects.get(&at).map_or(Value::Null, |object| object["status"].clone());
            let written = version.path == at && version.object.as_ref().is_some_and(|new| new["status"] != before);
            if written && version.object.as_ref().is_some_and(is_ready) {
                self.claims += 1;
                let new = version.object.as_ref().expect("looked at");
                assert_eq!(new["metadata"]["uid"], subject["metadata"]["uid"], "{name}: said of another object");
                let (said, read) = (&new["status"]["observedGeneration"], &subject["metadata"]["generation"]);
                assert_eq!(said, read, "{name}: said of another generation than was looked at");
                justify(name, &held, new);
            }
            self.store(&version.path, version.object);
            self.seen = version.number;
            for (what, holds) in holds(world, &self.objects, &subject) {
                *held.entry(what).or_default() |= holds;
            }
        }
        // What a pass leaves standing it claims too.
        if let Some(now) = self.objects.get(&at).filter(|now| is_ready(now)) {
            let same = |part: &str| now["metadata"][part] == subject["metadata"][part];
            if same("uid") && now["status"]["observedGeneration"] == subject["metadata"]["generation"] {
                justify(name, &held, now);
            }
        }
    }

    /// Judges a namespace in which no pass changes anything.
    pub(super) fn rest(&mut self, world: &World) {
        self.replay(world, world.api.version());
        for name in SERVICES {
            let Some(object) = self.objects.get(&world.path(Room::Services.plural(), name)) else { continue };
            assert_eq!(object["status"]["observedGeneration"], object["metadata"]["generation"], "{name}: {object}");
            let held = holds(world, &self.objects, object);
            let all = held.values().all(|holds| *holds);
            assert_eq!(is_ready(object), all, "{name}: {held:?}\n{:#}", object["status"]);
            let secret = |name: String| self.objects.get(&world.path("secrets", &name)).unwrap_or(&Value::Null);
            let named = object["spec"]["databaseRef"]["name"].as_str().filter(|_| all);
            if let Some(named) = named {
                let (theirs, given) = (secret(format!("{name}-database")), secret(format!("{named}-binding")));
                assert_eq!(text(theirs, "current"), text(given, "uri"), "{name}: the pods have another login");
            }
        }
    }

    /// Goes on to a version.
    fn replay(&mut self, world: &World, to: u64) {
        for version in world.api.history(self.seen).into_iter().filter(|version| version.number <= to) {
            self.store(&version.path, version.object);
        }
        self.seen = to;
    }

    fn store(&mut self, path: &str, object: Option<Value>) {
        let Some(object) = object else {
            self.objects.remove(path);
            return;
        };
        if path.contains("/rerpservices/") && !object["status"].is_null() {
            consistent(&object);
        }
        self.objects.insert(path.to_owned(), object);
    }
}

/// What holds for every stored version of an object of ours.
fn consistent(object: &Value) {
    let name = &object["metadata"]["name"];
    let status = |type_: &str| condition(object, type_)["status"].clone();
    let generation = &object["status"]["observedGeneration"];
    let summary = ["Ready", "Reconciling", "Stalled"];
    for type_ in summary {
        assert_eq!(condition(object, type_)["observedGeneration"], *generation, "{name}: {type_} of an old generation");
    }
    assert!(summary.iter().filter(|type_| status(type_) == "True").count() <= 1, "{name}: {object:#}");
    if is_ready(object) {
        let newest = object["metadata"]["generation"].as_i64();
        assert!(generation.as_i64() <= newest, "{name}: Ready before it was written");
        for type_ in ["WorkloadAvailable", "DatabaseReady"] {
            assert_eq!(status(type_), "True", "{name}: Ready, and {type_} isn't");
            assert_eq!(
                condition(object, type_)["observedGeneration"],
                *generation,
                "{name}: {type_} of an old generation"
            );
        }
        // One that isn't ready makes nobody unready; one that is missing does.
        assert_ne!(status("DependenciesReady"), "False", "{name}: Ready without a dependency");
    }
}

fn justify(name: &str, held: &BTreeMap<&'static str, bool>, object: &Value) {
    let lacking: Vec<_> = held.iter().filter(|(_, held)| !**held).map(|(what, _)| what).collect();
    assert!(lacking.is_empty(), "{name}: Ready=True, and never in this pass was it so: {lacking:?}\n{object:#}");
}

fn condition(object: &Value, type_: &str) -> Value {
    let all = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|one| one["type"] == type_).unwrap_or(Value::Null)
}

fn is_ready(object: &Value) -> bool {
    condition(object, "Ready")["status"] == "True"
}

/// True, and of the object's present generation.
fn is_true(object: &Value, type_: &str) -> bool {
    let found = condition(object, type_);
    found["status"] == "True" && found["observedGeneration"] == object["metadata"]["generation"]
}

/// What it takes for a service to be what its spec says, thing by thing.
fn holds(world: &World, objects: &BTreeMap<String, Value>, service: &Value) -> BTreeMap<&'static str, bool> {
    let name = service["metadata"]["name"].as_str().unwrap_or_default();
    let get = |plural: &str, name: &str| objects.get(&path(&world.namespace, plural, name)).unwrap_or(&Value::Null);
    let spec = &service["spec"];
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let secret = |from: &Value| !get("secrets", from["name"].as_str().unwrap_or_default())["data"]["token"].is_null();
    let (wishes, named) = (!spec["databaseRef"].is_null(), spec["databaseRef"]["name"].as_str().unwrap_or_default());
    let database = get("servicedatabases", named);
    let exists = |to: &Value| !get("rerpservices", to["name"].as_str().unwrap_or_default()).is_null();
    BTreeMap::from([
        ("wanted", spec["suspend"] != true && service["metadata"]["deletionTimestamp"].is_null()),
        ("pods", pods(get("deployments", name), service)),
        ("database", !wishes || is_true(database, "DatabaseReady")),
        ("login", !wishes || text(get("secrets", &format!("{named}-binding")), "uri").is_some()),
        ("login of migrations", !wishes || text(get("secrets", &format!("{named}-migrate")), "uri").is_some()),
        ("login of the pods", !wishes || text(get("secrets", &format!("{name}-database")), "current").is_some()),
        ("secrets", each(&spec["env"]).iter().all(|one| secret(&one["valueFrom"]["secretKeyRef"]))),
        ("dependencies", each(&spec["dependencies"]).iter().all(exists)),
    ])
}

/// All pods of this very spec are available, and the Deployment is this very object's.
fn pods(deployment: &Value, service: &Value) -> bool {
    let wanted = service["spec"]["replicas"].as_i64().unwrap_or(1);
    let status = &deployment["status"];
    let counts = ["replicas", "updatedReplicas", "availableReplicas"];
    deployment["metadata"]["ownerReferences"][0]["uid"] == service["metadata"]["uid"]
        && deployment["spec"]["template"]["spec"]["containers"][0]["image"] == service["spec"]["image"]
        && deployment["spec"]["replicas"] == json!(wanted)
        && status["observedGeneration"] == deployment["metadata"]["generation"]
        && counts.iter().all(|count| status[count] == json!(wanted))
}

/// The data of a Secret under a key.
fn text<'a>(secret: &'a Value, key: &str) -> Option<&'a str> {
    secret["data"][key].as_str()
}
