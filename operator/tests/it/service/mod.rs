//! RerpService against a scripted API server; the tests play Deployment controller, kubelet and the other two kinds.

mod authority;
mod bus;
mod certificate;
mod edge;
mod golden;
mod missing;
mod network;
mod split;
mod steady;

use crate::apiserver::{self, ApiServer, object};
use crate::core::context;
use base64::{Engine, engine::general_purpose::STANDARD};
use kube::Api;
use rerp_crds::RerpService;
use rerp_operator::context::Context;
use rerp_operator::outcome::Outcome;
use rerp_operator::service;
use serde_json::{Value, json};
use std::time::Duration;

/// One namespace with RerpServices.
struct World {
    api: ApiServer,
    context: Context,
}

fn path(kind: &str, name: &str) -> String {
    apiserver::path("rerp", kind, name)
}

fn condition(type_: &str, status: &str, generation: &Value) -> Value {
    json!({
        "type": type_, "status": status, "reason": "AsExpected", "message": "said so", "observedGeneration": generation,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

/// The spec that most tests start from.
fn spec() -> Value {
    json!({"image": "ghcr.io/rerp/identity:1", "replicas": 2, "databaseRef": {"name": "shared"},
        "migrate": {"command": ["/identity", "migrate"]}})
}

impl World {
    fn new() -> Self {
        let api = ApiServer::default();
        Self { context: context(&api), api }
    }

    /// A world with a ready database `shared` and the service `identity` in it.
    fn with_database() -> Self {
        let world = Self::new();
        world.database("shared");
        world.service("identity", &spec());
        world
    }

    fn service(&self, name: &str, spec: &Value) {
        self.api.put(&path("rerpservices", name), object("RerpService", name, spec));
    }

    /// A ServiceDatabase as its own controller leaves it.
    fn database(&self, name: &str) {
        let at = path("servicedatabases", name);
        self.api.put(&at, object("ServiceDatabase", name, &json!({"engine": {"embedded": {}}})));
        self.api.edit(&at, |object| {
            let generation = object["metadata"]["generation"].clone();
            object["status"] = json!({"conditions": [
                condition("DatabaseReady", "True", &generation), condition("Ready", "True", &generation)]});
        });
        for (secret, user) in [("binding", "app"), ("migrate", "migrate")] {
            let uri = STANDARD.encode(format!("postgresql://{user}@{name}"));
            self.api.put(&path("secrets", &format!("{name}-{secret}")), json!({"data": {"uri": uri}}));
        }
    }

    /// A migration of `identity`; without a phase it has not been looked at yet.
    fn migration(&self, source: &str, target: &str, phase: Option<&str>) {
        let spec = json!({"serviceRef": {"name": "identity"}, "source": {"databaseRef": {"name": source}},
            "target": {"databaseRef": {"name": target}}});
        let mut migration = object("DatabaseSplitMigration", "move", &spec);
        if let Some(phase) = phase {
            migration["status"] = json!({"phase": phase});
        }
        self.api.put(&path("databasesplitmigrations", "move"), migration);
    }

    /// One pass over a service as it is stored now.
    async fn pass(&self, name: &str) -> Outcome {
        self.visit(name).await.0
    }

    /// One pass, and when the next one is due.
    async fn visit(&self, name: &str) -> (Outcome, Duration) {
        let api = Api::<RerpService>::namespaced(self.api.client(), "rerp");
        let object = api.get(name).await.expect("the object");
        self.api.calls();
        let outcome = service::reconcile(&object, &self.context).await;
        let again = self.context.again(object.metadata.uid.as_deref().unwrap_or_default(), &outcome);
        (outcome, again)
    }

    /// What the Deployment controller and the kubelet would do.
    fn start_pods(&self, name: &str) {
        self.api.edit(&path("deployments", name), |deployment| {
            let (generation, wanted) = (deployment["metadata"]["generation"].clone(), &deployment["spec"]["replicas"]);
            deployment["status"] = json!({"observedGeneration": generation, "replicas": wanted,
                "updatedReplicas": wanted, "readyReplicas": wanted, "availableReplicas": wanted});
        });
    }

    /// Passes until the service is Ready.
    async fn settle(&self, name: &str) {
        self.pass(name).await;
        self.start_pods(name);
        let outcome = self.pass(name).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }

    /// A pod of a service whose only container waits.
    fn waiting_pod(&self, service: &str, reason: &str) {
        let labels = json!({"rerp.dev/service": service, "app.kubernetes.io/component": "service"});
        let status = json!({"containerStatuses": [{"name": service, "image": "ghcr.io/rerp/identity:1", "imageID": "",
            "ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": "not found"}}}]});
        let pod = json!({"metadata": {"name": "pod-1", "namespace": "rerp", "labels": labels}, "status": status});
        self.api.put(&path("pods", "pod-1"), pod);
    }

    fn live(&self, kind: &str, name: &str) -> Value {
        self.api.object(&path(kind, name)).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    fn secret(&self, name: &str, key: &str) -> Option<String> {
        let secret = self.live("secrets", name);
        let bytes = STANDARD.decode(secret["data"][key].as_str()?).expect("base64");
        Some(String::from_utf8(bytes).expect("text"))
    }

    /// Status, reason and message of a condition.
    fn says(&self, name: &str, type_: &str) -> (String, String, String) {
        let object = self.live("rerpservices", name);
        let conditions = object["status"]["conditions"].as_array().expect("conditions").clone();
        let found = conditions.iter().find(|c| c["type"] == type_).unwrap_or_else(|| panic!("no {type_}")).clone();
        let text = |key: &str| found[key].as_str().expect("text").to_owned();
        (text("status"), text("reason"), text("message"))
    }

    /// Asserts status and reason of a condition, and that its message names things.
    fn expect(&self, name: &str, type_: &str, status: &str, reason: &str, words: &[&str]) {
        let said = self.says(name, type_);
        assert_eq!((said.0.as_str(), said.1.as_str()), (status, reason), "{name} {type_}: {}", said.2);
        for word in words {
            assert!(said.2.contains(word), "{name} {type_} does not say {word}: {}", said.2);
        }
    }
}
