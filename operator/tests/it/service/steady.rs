//! The ordinary life of a service: it becomes Ready, stays in silence, survives a fault at every call.

use super::{World, path, spec};
use rerp_crds::Reason;
use serde_json::json;

#[tokio::test]
async fn a_service_is_ready_when_all_pods_are() {
    let world = World::with_database();
    let outcome = world.pass("identity").await;
    assert_eq!(outcome.reason(), Reason::RolloutProgressing, "{}", outcome.message());
    world.expect("identity", "Ready", "Unknown", "RolloutProgressing", &["available: 0"]);
    world.settle("identity").await;
    world.expect(
        "identity",
        "Ready",
        "True",
        "AsExpected",
        &["2 pods of ghcr.io/rerp/identity:1", "identity.rerp.svc"],
    );
    world.expect("identity", "WorkloadAvailable", "True", "AsExpected", &["2 pods available"]);
    world.expect("identity", "DatabaseReady", "True", "AsExpected", &["shared"]);
    world.expect("identity", "DependenciesReady", "True", "NotNeeded", &[]);
    let status = world.live("rerpservices", "identity")["status"].clone();
    assert_eq!(status["replicas"], 2);
    assert_eq!(status["selector"], "app.kubernetes.io/component=service,rerp.dev/service=identity");
    assert_eq!(status["resolved"]["databaseRef"]["name"], "shared");
}

#[tokio::test]
async fn ready_is_not_claimed_for_a_template_that_was_not_rolled_out() {
    let world = World::with_database();
    world.settle("identity").await;
    world
        .api
        .edit(&path("rerpservices", "identity"), |object| object["spec"]["image"] = json!("ghcr.io/rerp/identity:2"));
    world.pass("identity").await;
    world.expect("identity", "Ready", "Unknown", "RolloutProgressing", &[]);
}

#[tokio::test]
async fn a_settled_service_is_left_in_silence() {
    let world = World::with_database();
    world.settle("identity").await;
    for _ in 0..2 {
        world.pass("identity").await;
        assert_eq!(world.api.writes(), []);
    }
}

#[tokio::test]
async fn a_fault_at_any_call_is_survived() {
    let counting = World::with_database();
    counting.pass("identity").await;
    let calls = counting.api.calls().len();
    assert!(calls >= 15, "only {calls} calls");
    for call in 0..calls {
        let world = World::with_database();
        world.api.fail_at(call + 1);
        world.pass("identity").await;
        assert!(world.api.failed(), "call {call} was never made");
        world.settle("identity").await;
        assert_eq!(world.secret("identity-database", "current").as_deref(), Some("postgresql://app@shared"));
    }
}

#[tokio::test]
async fn one_pod_has_no_budget_and_no_database_no_logins() {
    let world = World::with_database();
    world.settle("identity").await;
    assert!(world.api.object(&path("poddisruptionbudgets", "identity")).is_some());
    let mut alone = spec();
    alone["replicas"] = json!(1);
    alone["databaseRef"] = json!(null);
    alone["migrate"] = json!(null);
    world.api.edit(&path("rerpservices", "identity"), |object| object["spec"] = alone);
    world.settle("identity").await;
    assert!(world.api.object(&path("poddisruptionbudgets", "identity")).is_none());
    assert!(world.api.object(&path("secrets", "identity-database")).is_none());
    assert!(world.api.object(&path("secrets", "shared-binding")).is_some(), "the database's Secret is not ours");
}

#[tokio::test]
async fn a_suspended_service_is_left_as_it_is() {
    let world = World::with_database();
    world.settle("identity").await;
    world.api.edit(&path("rerpservices", "identity"), |object| {
        object["spec"]["suspend"] = json!(true);
        object["spec"]["replicas"] = json!(5);
    });
    world.pass("identity").await;
    world.expect("identity", "Ready", "Unknown", "Suspended", &["spec.suspend"]);
    assert_eq!(world.live("deployments", "identity")["spec"]["replicas"], 2);
}
