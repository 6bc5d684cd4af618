//! Who reaches a service and whom it reaches, pass by pass.

use super::{World, path, spec};
use jiff::Timestamp;
use rerp_operator::context::Clock;
use serde_json::{Value, json};

/// Values of the label `key` among the peers of one direction, in order.
fn peers(world: &World, name: &str, direction: &str, key: &str) -> Vec<String> {
    let side = if direction == "ingress" { "from" } else { "to" };
    let rules = world.live("networkpolicies", name)["spec"][direction].as_array().expect("rules").clone();
    let peers = rules.iter().flat_map(|rule| rule[side].as_array().expect("peers").clone());
    peers.filter_map(|peer| peer["podSelector"]["matchLabels"][key].as_str().map(ToOwned::to_owned)).collect()
}

fn servers(world: &World) -> Vec<String> {
    peers(world, "identity", "egress", "rerp.dev/database")
}

fn at(world: &mut World, clock: fn() -> Timestamp) {
    world.context.clock = Clock::from_fn(clock);
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

#[tokio::test]
async fn the_way_is_open_before_the_pods_learn_of_a_server() {
    let world = World::with_database();
    world.database("own");
    world.settle("identity").await;
    assert_eq!(servers(&world), ["shared"]);
    world.migration("shared", "own", None);
    world.pass("identity").await;
    let writes: Vec<String> = world.api.writes().into_iter().map(|call| call.path).collect();
    let place = |kind: &str, name: &str| writes.iter().position(|at| *at == path(kind, name)).expect("written");
    assert!(place("networkpolicies", "identity") < place("secrets", "identity-database"), "{writes:?}");
    assert_eq!(servers(&world), ["own", "shared"]);
}

#[tokio::test]
async fn the_way_closes_once_the_pods_have_left() {
    let mut world = World::with_database();
    world.database("own");
    world.migration("shared", "own", Some("Observe"));
    at(&mut world, || second(0));
    world.settle("identity").await;
    assert_eq!(servers(&world), ["own", "shared"]);
    world.migration("shared", "own", Some("Completed"));
    world.settle("identity").await;
    assert_eq!(world.secret("identity-database", "next"), None);
    for clock in [(|| second(1)) as fn() -> Timestamp, || second(179)] {
        at(&mut world, clock);
        world.pass("identity").await;
        assert_eq!(world.api.writes(), [], "a pass while the pods are leaving");
        assert_eq!(servers(&world), ["own", "shared"]);
    }
    // The migration may be gone by then.
    world.api.remove(&path("databasesplitmigrations", "move"));
    at(&mut world, || second(180));
    world.settle("identity").await;
    assert_eq!(servers(&world), ["own"]);
    assert!(!world.live("networkpolicies", "identity").to_string().contains("rerp.dev/leaving"));
    world.pass("identity").await;
    assert_eq!(world.api.writes(), []);
}

#[tokio::test]
async fn a_database_inside_another_ones_server_is_reached_there() {
    let world = World::with_database();
    world.api.edit(&path("servicedatabases", "shared"), |database| {
        database["spec"]["engine"] = json!({"shared": {"databaseRef": {"name": "monolith"}, "schema": "identity"}});
        let generation = database["metadata"]["generation"].as_i64().expect("a generation") + 1;
        for condition in database["status"]["conditions"].as_array_mut().expect("conditions") {
            condition["observedGeneration"] = json!(generation);
        }
    });
    world.settle("identity").await;
    assert_eq!(servers(&world), ["monolith"]);
}

#[tokio::test]
async fn who_declares_the_dependency_is_let_in_for_as_long_as_it_does() {
    let world = World::with_database();
    world.settle("identity").await;
    let callers = |world: &World| peers(world, "identity", "ingress", "rerp.dev/service");
    assert_eq!(callers(&world), [""; 0]);
    let caller = |dependencies: Value| json!({"image": "ghcr.io/rerp/marketing:1", "dependencies": dependencies});
    world.service("marketing", &caller(json!([{"name": "identity"}])));
    world.settle("identity").await;
    assert_eq!(callers(&world), ["marketing"]);
    world.pass("marketing").await;
    assert_eq!(peers(&world, "marketing", "egress", "rerp.dev/service"), ["identity"]);
    world.pass("identity").await;
    assert_eq!(world.api.writes(), []);
    world.service("marketing", &caller(json!([])));
    world.settle("identity").await;
    assert_eq!(callers(&world), [""; 0]);
}

#[tokio::test]
async fn an_edit_by_hand_is_undone() {
    let world = World::with_database();
    world.settle("identity").await;
    let before = world.live("networkpolicies", "identity")["spec"].clone();
    world.api.edit(&path("networkpolicies", "identity"), |policy| policy["spec"]["ingress"] = json!([{}]));
    world.settle("identity").await;
    assert_eq!(world.live("networkpolicies", "identity")["spec"], before);
}

#[tokio::test]
async fn a_range_that_is_none_is_named() {
    let world = World::with_database();
    let mut broken = spec();
    broken["egress"] = json!([{"host": "api.example.com", "port": 443}, {"cidr": "10.0.0.7/8", "port": 443}]);
    world.service("identity", &broken);
    world.pass("identity").await;
    world.expect("identity", "Ready", "False", "InvalidSpec", &["spec.egress[1].cidr", "10.0.0.7/8"]);
    assert!(world.api.object(&path("deployments", "identity")).is_none());
}
