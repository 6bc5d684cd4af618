//! What is missing or wrong is named in the Ready condition.

use super::{World, path, spec};
use serde_json::json;

#[tokio::test]
async fn a_missing_database_is_named() {
    let world = World::new();
    world.service("identity", &spec());
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "DatabaseMissing", &["ServiceDatabase shared", "create it"]);
    world.expect("identity", "Stalled", "True", "DatabaseMissing", &[]);
    world.expect("identity", "DatabaseReady", "False", "DatabaseMissing", &[]);
    assert!(world.api.object(&path("deployments", "identity")).is_none());
    world.database("shared");
    world.settle("identity").await;
}

#[tokio::test]
async fn a_database_without_logins_yet_is_waited_for() {
    let world = World::with_database();
    world.api.remove(&path("secrets", "shared-binding"));
    world.pass("identity").await;
    world.expect("identity", "Ready", "Unknown", "DatabaseNotReady", &["Secret shared-binding"]);
}

#[tokio::test]
async fn a_database_that_is_away_for_a_moment_stops_no_rollout() {
    let world = World::with_database();
    world.settle("identity").await;
    world.api.edit(&path("servicedatabases", "shared"), |database| {
        database["status"]["conditions"][0]["status"] = json!("Unknown");
    });
    world.api.edit(&path("rerpservices", "identity"), |object| object["spec"]["replicas"] = json!(3));
    world.pass("identity").await;
    assert_eq!(world.live("deployments", "identity")["spec"]["replicas"], 3);
    world.start_pods("identity");
    world.pass("identity").await;
    world.expect("identity", "Ready", "Unknown", "DatabaseNotReady", &["ServiceDatabase shared"]);
}

#[tokio::test]
async fn an_image_that_cant_be_pulled_is_named() {
    let world = World::with_database();
    world.waiting_pod("identity", "ImagePullBackOff");
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "ImagePullFailed", &["ghcr.io/rerp/identity:1", "spec.image"]);
    world.expect("identity", "WorkloadAvailable", "False", "ImagePullFailed", &[]);
    world.api.remove(&path("pods", "pod-1"));
    world.settle("identity").await;
}

#[tokio::test]
async fn a_missing_secret_of_the_users_is_named() {
    let world = World::with_database();
    let from = json!({"secretKeyRef": {"name": "vendor", "key": "token"}});
    world.api.edit(&path("rerpservices", "identity"), |object| {
        object["spec"]["env"] = json!([{"name": "TOKEN", "valueFrom": from}]);
    });
    world.waiting_pod("identity", "CreateContainerConfigError");
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "ConfigMissing", &["Secret vendor", "key token", "spec.env TOKEN"]);
    world.api.put(&path("secrets", "vendor"), json!({"data": {"token": "eA=="}}));
    world.api.remove(&path("pods", "pod-1"));
    world.settle("identity").await;
}

#[tokio::test]
async fn a_missing_dependency_is_named_and_the_rest_is_applied() {
    let world = World::with_database();
    world.api.edit(&path("rerpservices", "identity"), |object| {
        object["spec"]["dependencies"] = json!([{"name": "account"}]);
    });
    world.pass("identity").await;
    world.start_pods("identity");
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "DependencyMissing", &["RerpService account"]);
    world.expect("identity", "WorkloadAvailable", "True", "AsExpected", &[]);
    // It exists, and that it isn't ready yet is no reason to call identity unready.
    world.service("account", &json!({"image": "ghcr.io/rerp/account:1"}));
    world.settle("identity").await;
    world.expect("identity", "DependenciesReady", "Unknown", "DependencyNotReady", &["account"]);
}

#[tokio::test]
async fn a_circle_of_dependencies_is_named() {
    let world = World::new();
    for (name, to) in [("a", "b"), ("b", "c"), ("c", "a")] {
        world.service(name, &json!({"image": "ghcr.io/rerp/x:1", "dependencies": [{"name": to}]}));
    }
    world.pass("b").await;
    world.expect("b", "Ready", "False", "DependencyCycle", &["b -> c -> a -> b"]);
    assert!(world.api.object(&path("deployments", "b")).is_none());
}

#[tokio::test]
async fn a_second_service_of_one_database_is_refused_naming_the_first() {
    let world = World::with_database();
    world.settle("identity").await;
    // Older by name and date, and yet a newcomer here.
    world.service("account", &spec());
    world.pass("account").await;
    world.expect("account", "Ready", "False", "DatabaseInUse", &["ServiceDatabase shared", "RerpService identity"]);
    assert!(world.api.object(&path("deployments", "account")).is_none());
    world.settle("identity").await;
}

#[tokio::test]
async fn of_two_newcomers_one_is_refused() {
    let world = World::with_database();
    world.service("account", &spec());
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "DatabaseInUse", &["RerpService account"]);
    world.settle("account").await;
}
