//! A split changes two Secrets and never the pods.

use super::{World, path};
use serde_json::json;

fn logins(world: &World) -> [Option<String>; 4] {
    [
        ("identity-database", "current"),
        ("identity-database", "next"),
        ("identity-migration", "current"),
        ("identity-migration", "next"),
    ]
    .map(|(secret, key)| world.secret(secret, key))
}

fn uris(names: [Option<&str>; 4]) -> [Option<String>; 4] {
    names.map(|name| name.map(|name| format!("postgresql://{name}")))
}

const BEFORE: [Option<&str>; 4] = [Some("app@shared"), None, Some("migrate@shared"), None];
const DURING: [Option<&str>; 4] = [Some("app@shared"), Some("app@own"), Some("migrate@shared"), Some("migrate@own")];
const AFTER: [Option<&str>; 4] = [Some("app@own"), None, Some("migrate@own"), None];

/// A settled service `identity` in `shared`, and a database `own`.
async fn settled() -> World {
    let world = World::with_database();
    world.database("own");
    world.settle("identity").await;
    world
}

#[tokio::test]
async fn pods_get_next_with_the_migration_and_the_target_at_its_end() {
    let world = settled().await;
    assert_eq!(logins(&world), uris(BEFORE));
    let deployment = world.live("deployments", "identity");
    for phase in [
        None,
        Some("Preflight"),
        Some("Copy"),
        Some("ReadyForCutover"),
        Some("Cutover"),
        Some("Observe"),
        Some("Finalize"),
    ] {
        world.migration("shared", "own", phase);
        world.settle("identity").await;
        assert_eq!(logins(&world), uris(DURING), "{phase:?}");
        world.expect("identity", "DatabaseReady", "True", "DatabaseMoving", &["move", "shared", "own"]);
    }
    world.migration("shared", "own", Some("Completed"));
    world.settle("identity").await;
    assert_eq!(logins(&world), uris(AFTER));
    world.expect("identity", "Ready", "True", "AsExpected", &["databaseRef still names shared"]);
    world.expect("identity", "DatabaseReady", "True", "DatabaseMoved", &["own"]);
    let after = world.live("deployments", "identity");
    assert_eq!(after["metadata"]["generation"], deployment["metadata"]["generation"], "the pods were replaced");
    assert_eq!(after["spec"], deployment["spec"]);
}

#[tokio::test]
async fn the_move_outlives_the_migration_and_the_status() {
    let world = settled().await;
    world.migration("shared", "own", Some("Completed"));
    world.settle("identity").await;
    world.api.remove(&path("databasesplitmigrations", "move"));
    world.api.edit(&path("rerpservices", "identity"), |object| object["status"] = json!(null));
    world.settle("identity").await;
    assert_eq!(logins(&world), uris(AFTER));
    world.expect("identity", "DatabaseReady", "True", "DatabaseMoved", &["own"]);
    world.api.edit(&path("rerpservices", "identity"), |object| object["spec"]["databaseRef"]["name"] = json!("own"));
    world.settle("identity").await;
    world.expect("identity", "DatabaseReady", "True", "AsExpected", &["own"]);
}

#[tokio::test]
async fn an_aborted_migration_takes_next_away() {
    let world = settled().await;
    world.migration("shared", "own", Some("Copy"));
    world.settle("identity").await;
    world.migration("shared", "own", Some("Aborted"));
    world.settle("identity").await;
    assert_eq!(logins(&world), uris(BEFORE));
}

#[tokio::test]
async fn a_new_reference_without_a_migration_moves_nothing() {
    let world = settled().await;
    world.api.edit(&path("rerpservices", "identity"), |object| object["spec"]["databaseRef"]["name"] = json!("own"));
    world.pass("identity").await;
    world.expect(
        "identity",
        "Ready",
        "False",
        "DatabaseMoveNeedsMigration",
        &["shared", "own", "DatabaseSplitMigration"],
    );
    world.expect("identity", "Stalled", "True", "DatabaseMoveNeedsMigration", &[]);
    assert_eq!(logins(&world), uris(BEFORE));
    // With a migration the reference is simply early.
    world.migration("shared", "own", Some("Copy"));
    world.settle("identity").await;
    assert_eq!(logins(&world), uris(DURING));
    world.migration("shared", "own", Some("Completed"));
    world.settle("identity").await;
    assert_eq!(logins(&world), uris(AFTER));
}

#[tokio::test]
async fn a_target_that_belongs_to_another_service_gives_no_next() {
    let world = settled().await;
    world.service("account", &json!({"image": "ghcr.io/rerp/account:1", "databaseRef": {"name": "own"}}));
    world.settle("account").await;
    world.migration("shared", "own", None);
    world.settle("identity").await;
    assert_eq!(logins(&world), uris(BEFORE));
}

#[tokio::test]
async fn a_rotated_password_reaches_the_pods() {
    let world = settled().await;
    world
        .api
        .edit(&path("secrets", "shared-binding"), |secret| secret["data"]["uri"] = json!("cG9zdGdyZXNxbDovL25ldw=="));
    world.settle("identity").await;
    assert_eq!(world.secret("identity-database", "current").as_deref(), Some("postgresql://new"));
}

#[tokio::test]
async fn an_event_that_another_service_announces_is_refused_and_the_split_goes_on() {
    let world = settled().await;
    let events = json!({"publishes": ["account.created.v1"]});
    world.service("account", &json!({"image": "ghcr.io/rerp/account:1", "events": events}));
    world.settle("account").await;
    world.migration("shared", "own", Some("Copy"));
    world.api.edit(&path("rerpservices", "identity"), |object| {
        object["spec"]["events"] = json!({"publishes": ["account.created.v1", "identity.user.verified.v1"]});
    });
    world.pass("identity").await;
    world.expect(
        "identity",
        "Ready",
        "False",
        "EventPublishedElsewhere",
        &["account.created.v1", "RerpService account"],
    );
    assert_eq!(logins(&world), uris(DURING));
    let told = world.live("rerpservices", "identity");
    assert_eq!(told["status"]["resolved"]["publishes"], json!(["identity.user.verified.v1"]));
    world.migration("shared", "own", Some("Completed"));
    for _ in 0..2 {
        world.pass("identity").await;
    }
    assert_eq!(logins(&world), uris(AFTER));
}
