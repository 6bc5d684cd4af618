//! The way of a split worker to both servers, from a scripted API server and a real PostgreSQL: open before the worker is made,
//! closed when the status says that the migration is over.

use crate::apiserver::{self, ApiServer, object};
use crate::core::context;
use crate::server;
use base64::{Engine, engine::general_purpose::STANDARD};
use kube::Api;
use rerp_crds::DatabaseSplitMigration;
use rerp_operator::context::Context;
use rerp_operator::postgres::exec::Connector;
use rerp_operator::split;
use rerp_split::spec::Spec;
use serde_json::json;

const WORKER: &str = "move-split-worker";

/// What a worker has to do is nothing that its pod's labels follow from.
pub(super) fn work() -> Spec {
    let side = json!({"schema": "app", "roles": {"owner": "app_owner"}});
    let spec = json!({"migration": "m", "source": side, "target": side});
    Spec::parse(&spec.to_string()).expect("a spec")
}

fn path(kind: &str, name: &str) -> String {
    apiserver::path("rerp", kind, name)
}

/// A database as its own controller leaves it: an admin Secret, a status. `inside` names another one's server.
async fn database(api: &ApiServer, name: &str, inside: Option<&str>) {
    let engine = match inside {
        None => json!({"embedded": {}}),
        Some(server) => json!({"shared": {"databaseRef": {"name": server}, "schema": "identity"}}),
    };
    let mut database = object("ServiceDatabase", name, &json!({"engine": engine, "schemas": ["identity"]}));
    database["status"] = json!({
        "conditions": [{"type": "Ready", "status": "True", "reason": "AsExpected", "message": "", "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        "server": {"host": "h", "port": 5432, "database": inside.unwrap_or(name)},
    });
    api.put(&path("servicedatabases", name), database);
    if inside.is_none() {
        let key = |text: &str| STANDARD.encode(text);
        let data = json!({"host": key("h"), "port": key("5432"), "username": key("postgres"), "password": key("x"),
            "ca.crt": key(server::roots())});
        api.put(&path("secrets", &format!("{name}-admin")), json!({"data": data}));
        let admin = server::shared().admin("postgres").await;
        admin.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await.expect("a database");
    }
}

async fn pass(api: &ApiServer, context: &Context) -> Vec<String> {
    let objects = Api::<DatabaseSplitMigration>::namespaced(api.client(), "rerp");
    let migration = objects.get("move").await.expect("the object");
    api.calls();
    split::reconcile(&migration, context).await;
    api.writes().into_iter().map(|call| call.path).collect()
}

#[tokio::test]
async fn the_way_is_open_before_the_worker_is_made_and_closed_after_it_is_gone() {
    let api = ApiServer::default();
    let mut context = context(&api);
    context.postgres = Connector::pinned(server::ADDRESS, server::shared().port, server::NAME);
    api.put(server::AUTHORITY, server::authority());
    database(&api, "way-monolith", None).await;
    database(&api, "way-own", None).await;
    database(&api, "way-shared", Some("way-monolith")).await;
    api.put(
        &path("rerpservices", "identity"),
        object(
            "RerpService",
            "identity",
            &json!({
        "image": "ghcr.io/rerp/identity:1", "databaseRef": {"name": "way-shared"}}),
        ),
    );
    let mut migration = object(
        "DatabaseSplitMigration",
        "move",
        &json!({"serviceRef": {"name": "identity"},
        "source": {"databaseRef": {"name": "way-shared"}}, "target": {"databaseRef": {"name": "way-own"}}}),
    );
    migration["metadata"]["finalizers"] = json!(["rerp.dev/split"]);
    api.put(&path("databasesplitmigrations", "move"), migration);

    let writes = pass(&api, &context).await;
    let place =
        |kind: &str| writes.iter().position(|at| *at == path(kind, WORKER)).unwrap_or_else(|| panic!("{writes:?}"));
    assert!(place("networkpolicies") < place("deployments"), "{writes:?}");
    let policy = api.object(&path("networkpolicies", WORKER)).expect("a policy");
    assert!(policy["spec"]["ingress"].as_array().is_some_and(Vec::is_empty), "{policy}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_yaml_snapshot!("split_worker_policy", policy["spec"]));
    assert_eq!(pass(&api, &context).await, [""; 0]);

    // The worker is done, and the status says so.
    api.edit(&path("databasesplitmigrations", "move"), |object| object["status"]["phase"] = json!("Completed"));
    pass(&api, &context).await;
    let left: Vec<String> = api.paths().into_iter().filter(|at| at.ends_with(WORKER)).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(pass(&api, &context).await, [""; 0]);
}
