//! What may happen in a namespace, at random. In: the API server. Out: one transition at a time.

use crate::apiserver::ApiServer;
use crate::apiserver::path;
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Service `a` may call `b`; each has a database that it may use.
pub(super) const SERVICES: [&str; 2] = ["a", "b"];

/// Decides what happens next.
pub(super) struct Fate {
    pub(super) rng: StdRng,
    /// Whether anything may happen in the middle of a pass.
    pub(super) active: bool,
    /// Transitions so far.
    pub(super) strikes: usize,
    namespace: String,
}

impl Fate {
    pub(super) fn new(seed: u64, namespace: &str) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), active: true, strikes: 0, namespace: namespace.to_owned() }
    }

    /// One transition.
    pub(super) fn strike(&mut self, api: &ApiServer) {
        self.strikes += 1;
        let name = SERVICES[self.rng.random_range(0..SERVICES.len())];
        let at = self.path("rerpservices", name);
        if api.object(&at).is_none() {
            return self.create(api, name);
        }
        match self.rng.random_range(0..16) {
            0..=4 => self.mend(api, name),
            5 | 6 => self.edit_spec(api, name),
            7 | 8 => self.disturb_pods(api, name),
            9 => self.toggle_secret(api, "vendor", "token"),
            10 => self.toggle_secret(api, &format!("{name}-data-binding"), "uri"),
            11 | 12 => self.disturb_database(api, name),
            13 => self.remove_a_child(api, name),
            14 => self.remove(api, name),
            _ => self.let_go(api, name),
        }
    }

    fn path(&self, plural: &str, name: &str) -> String {
        path(&self.namespace, plural, name)
    }

    fn one_of(&mut self, choices: &[Value]) -> Value {
        choices[self.rng.random_range(0..choices.len())].clone()
    }

    fn create(&mut self, api: &ApiServer, name: &str) {
        let metadata = json!({"name": name, "namespace": self.namespace, "creationTimestamp": "2026-01-01T00:00:00Z"});
        let spec = json!({"image": "x:1", "databaseRef": {"name": format!("{name}-data")}});
        let object =
            json!({"apiVersion": "rerp.dev/v1alpha1", "kind": "RerpService", "metadata": metadata, "spec": spec});
        api.put(&self.path("rerpservices", name), object);
    }

    /// Everything around a service becomes as it should be.
    fn mend(&mut self, api: &ApiServer, name: &str) {
        self.secret(api, "vendor", "token");
        for ending in ["binding", "migrate"] {
            self.secret(api, &format!("{name}-data-{ending}"), "uri");
        }
        self.database_says(api, name, "True", 0);
        self.pods_say(api, name, 0, 0);
    }

    fn edit_spec(&mut self, api: &ApiServer, name: &str) {
        let variable = json!([{"name": "T", "valueFrom": {"secretKeyRef": {"name": "vendor", "key": "token"}}}]);
        let (key, value) = match self.rng.random_range(0..6) {
            0 => ("image", self.one_of(&[json!("x:1"), json!("x:2"), json!("x:3")])),
            1 => ("replicas", self.one_of(&[json!(0), json!(1), json!(2), json!(3)])),
            2 => ("env", self.one_of(&[json!([]), variable])),
            3 if name == "a" => ("dependencies", self.one_of(&[json!([]), json!([{"name": "b"}])])),
            4 => ("databaseRef", self.one_of(&[Value::Null, json!({"name": format!("{name}-data")})])),
            _ => ("suspend", self.one_of(&[json!(true), json!(false), json!(false)])),
        };
        api.edit(&self.path("rerpservices", name), |object| object["spec"][key] = value);
    }

    fn disturb_pods(&mut self, api: &ApiServer, name: &str) {
        let (missing, unseen) = (self.rng.random_range(0..2), self.rng.random_range(0..2));
        self.pods_say(api, name, missing, unseen);
    }

    /// `missing` pods aren't available; the Deployment's newest generation is `unseen`.
    fn pods_say(&mut self, api: &ApiServer, name: &str, missing: i64, unseen: i64) {
        let at = self.path("deployments", name);
        if api.object(&at).is_none() {
            return;
        }
        api.edit(&at, |live| {
            let generation = live["metadata"]["generation"].as_i64().unwrap_or_default() - unseen;
            let wanted = live["spec"]["replicas"].as_i64().unwrap_or(1);
            live["status"] = json!({"observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
                "readyReplicas": wanted - missing, "availableReplicas": wanted - missing});
        });
    }

    fn disturb_database(&mut self, api: &ApiServer, name: &str) {
        let at = self.path("servicedatabases", &format!("{name}-data"));
        match self.rng.random_range(0..4) {
            0 if api.object(&at).is_some() => drop(api.remove(&at)),
            1 => self.database_says(api, name, "True", 1),
            2 => self.database_says(api, name, "False", 0),
            _ => self.database_says(api, name, "Unknown", 0),
        }
    }

    /// What a ServiceDatabase's room stores; `unseen` as for pods.
    fn database_says(&mut self, api: &ApiServer, service: &str, ready: &str, unseen: i64) {
        let name = format!("{service}-data");
        let at = self.path("servicedatabases", &name);
        if api.object(&at).is_none() {
            let metadata = json!({"name": name, "namespace": self.namespace});
            let spec = json!({"engine": {"embedded": {}}});
            api.put(&at, json!({"apiVersion": "rerp.dev/v1alpha1", "kind": "ServiceDatabase", "metadata": metadata, "spec": spec}));
        }
        api.edit(&at, |object| {
            let generation = object["metadata"]["generation"].as_i64().unwrap_or_default() - unseen;
            let said = ["DatabaseReady", "Ready"].map(|type_| {
                json!({
                    "type": type_, "status": ready, "reason": "AsExpected", "message": "", "observedGeneration": generation,
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                })
            });
            object["status"] = json!({"conditions": said});
        });
    }

    fn secret(&mut self, api: &ApiServer, name: &str, key: &str) {
        let at = self.path("secrets", name);
        if api.object(&at).is_none() {
            let value = STANDARD.encode(format!("{name} {}", self.rng.random_range(0..1000)));
            api.put(&at, json!({"apiVersion": "v1", "kind": "Secret", "data": {key: value}}));
        }
    }

    fn toggle_secret(&mut self, api: &ApiServer, name: &str, key: &str) {
        if api.remove(&self.path("secrets", name)).is_none() {
            self.secret(api, name, key);
        }
    }

    fn remove_a_child(&mut self, api: &ApiServer, name: &str) {
        let owned = |path: &String| {
            let owners = api.object(path).map(|object| object["metadata"]["ownerReferences"].clone());
            owners.is_some_and(|owners| owners[0]["name"] == name)
        };
        let children: Vec<String> = api.paths().into_iter().filter(owned).collect();
        if !children.is_empty() {
            api.remove(&children[self.rng.random_range(0..children.len())]);
        }
    }

    /// Gone at once and made again, or going for a while.
    fn remove(&mut self, api: &ApiServer, name: &str) {
        let at = self.path("rerpservices", name);
        if self.rng.random_ratio(1, 2) {
            api.edit(&at, |object| object["metadata"]["finalizers"] = json!(["foregroundDeletion"]));
            return api.delete(&at);
        }
        api.remove(&at);
        if self.rng.random_ratio(1, 2) {
            self.create(api, name);
        }
        api.collect_garbage();
    }

    fn let_go(&mut self, api: &ApiServer, name: &str) {
        api.edit(&self.path("rerpservices", name), |object| object["metadata"]["finalizers"] = json!([]));
        api.collect_garbage();
    }
}
