//! The event bus of a namespace: what it is told, what its pod has, and what the services that use it are told.

use super::{World, path};
use rerp_operator::outcome::Outcome;
use serde_json::{Value, json};

const VERIFIED: &str = "identity.user.verified.v1";

/// Who announces, who reads, who does neither, and the bus if there is one.
fn world(with_bus: bool) -> World {
    let world = World::new();
    let service = |name: &str, events: Value| {
        world.service(name, &json!({"image": "ghcr.io/rerp/x:1", "events": events}));
    };
    service("identity", json!({"publishes": [VERIFIED]}));
    service("billing", json!({"consumes": [VERIFIED]}));
    service("marketing", Value::Null);
    if with_bus {
        bus(&world);
    }
    world
}

fn bus(world: &World) {
    let volume =
        json!({"name": "store", "mountPath": "/var/lib/rerp/bus", "persistentVolumeClaim": {"name": "bus-store"}});
    world.service("bus", &json!({"image": "ghcr.io/rerp/bus:1", "volumes": [volume]}));
}

/// The file as the bus's pods see it.
fn file(world: &World) -> Value {
    let text = world.live("configmaps", "bus-events")["data"]["events.json"].as_str().expect("a file").to_owned();
    serde_json::from_str(&text).expect("JSON")
}

fn pod(world: &World, name: &str) -> Value {
    world.live("deployments", name)["spec"]["template"]["spec"].clone()
}

/// Values of the environment variables that have to do with the bus.
fn told(world: &World, name: &str) -> Vec<String> {
    let env = pod(world, name)["containers"][0]["env"].as_array().expect("variables").clone();
    let bus = env.iter().filter(|one| one["name"].as_str().is_some_and(|name| name.starts_with("RERP_BUS")));
    bus.map(|one| one["value"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Names of services at the other end of the bus's port.
fn at_the_port(world: &World, name: &str, direction: &str, side: &str) -> Vec<String> {
    let rules = world.live("networkpolicies", name)["spec"][direction].as_array().expect("rules").clone();
    let rules = rules.into_iter().filter(|rule| rule["ports"][0]["port"] == 4222);
    let peers = rules.flat_map(|rule| rule[side].as_array().expect("peers").clone());
    peers.filter_map(|peer| Some(peer["podSelector"]["matchLabels"]["rerp.dev/service"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn the_bus_is_told_of_everybody_and_has_what_it_needs() {
    let world = world(true);
    world.settle("bus").await;
    let told = file(&world);
    let users: Vec<&str> =
        told["users"].as_array().expect("users").iter().filter_map(|one| one["identity"].as_str()).collect();
    assert_eq!(users, ["spiffe://rerp.local/ns/rerp/sa/billing", "spiffe://rerp.local/ns/rerp/sa/identity"]);
    assert_eq!(told["consumers"], json!([{"name": "billing", "filters": ["rerp.identity.user.verified.*"]}]));
    assert_eq!(at_the_port(&world, "bus", "ingress", "from"), ["billing", "identity"]);
    let ports = world.live("services", "bus")["spec"]["ports"].as_array().expect("ports").clone();
    assert!(ports.iter().any(|port| port["port"] == 4222 && port["targetPort"] == "bus"), "{ports:?}");
    let (deployment, pod) = (world.live("deployments", "bus"), pod(&world, "bus"));
    assert_eq!(deployment["spec"]["strategy"], json!({"type": "Recreate"}));
    let mounts = pod["containers"][0]["volumeMounts"].as_array().expect("mounts").clone();
    for at in ["/etc/rerp/bus", "/etc/rerp/tls", "/var/lib/rerp/bus"] {
        assert!(mounts.iter().any(|mount| mount["mountPath"] == at), "{at}: {mounts:?}");
    }
    let volumes = pod["volumes"].as_array().expect("volumes").clone();
    assert!(volumes.iter().any(|one| one["configMap"]["name"] == "bus-events"), "{volumes:?}");
    assert!(volumes.iter().any(|one| one["persistentVolumeClaim"]["claimName"] == "bus-store"), "{volumes:?}");
    world.pass("bus").await;
    assert_eq!(world.api.writes(), []);
}

#[tokio::test]
async fn who_has_events_is_told_where_they_go_and_nobody_else() {
    let world = world(true);
    for name in ["identity", "billing", "marketing"] {
        world.settle(name).await;
    }
    assert_eq!(told(&world, "identity"), ["tls://bus.rerp.svc:4222", "events", "identity"]);
    assert_eq!(told(&world, "billing"), ["tls://bus.rerp.svc:4222", "events", "billing"]);
    assert_eq!(told(&world, "marketing"), [""; 0]);
    for (name, leads) in [("identity", vec!["bus"]), ("billing", vec!["bus"]), ("marketing", vec![])] {
        assert_eq!(at_the_port(&world, name, "egress", "to"), leads, "{name}");
        assert_eq!(at_the_port(&world, name, "ingress", "from"), [""; 0], "{name}");
    }
    let (_, _, message) = world.says("identity", "Ready");
    assert!(!message.contains("wait"), "{message}");
}

#[tokio::test]
async fn without_a_bus_events_wait_and_services_work() {
    let world = world(false);
    world.settle("identity").await;
    world.expect("identity", "Ready", "True", "AsExpected", &["its events wait", "no RerpService bus"]);
    assert_eq!(told(&world, "identity"), [""; 0]);
    assert_eq!(at_the_port(&world, "identity", "egress", "to"), [""; 0]);
    world.settle("marketing").await;
    let (_, _, message) = world.says("marketing", "Ready");
    assert!(!message.contains("wait"), "{message}");
    bus(&world);
    world.settle("identity").await;
    assert_eq!(told(&world, "identity").len(), 3);
}

#[tokio::test]
async fn the_bus_hears_what_changes_and_keeps_what_it_can_not_know() {
    let world = world(true);
    world.settle("bus").await;
    assert_eq!(file(&world)["users"].as_array().map(Vec::len), Some(2));
    world.api.edit(&path("rerpservices", "billing"), |object| object["spec"]["events"] = json!({"consumes": []}));
    world.pass("bus").await;
    assert_eq!(file(&world)["users"].as_array().map(Vec::len), Some(1));
    assert_eq!(file(&world)["consumers"], json!([]));
    assert_eq!(at_the_port(&world, "bus", "ingress", "from"), ["identity"]);
    // A service that can't be read may announce anything: nothing is taken from anybody until it can.
    let known = file(&world);
    world.api.edit(&path("rerpservices", "identity"), |object| object["spec"]["replicas"] = json!("many"));
    assert!(matches!(world.pass("bus").await, Outcome::Failed { .. }));
    assert_eq!(file(&world), known);
}

#[tokio::test]
async fn of_two_that_announce_the_same_the_bus_takes_the_first() {
    let world = world(true);
    world.settle("identity").await;
    world.service("account", &json!({"image": "ghcr.io/rerp/x:1", "events": {"publishes": [VERIFIED]}}));
    world.pass("account").await;
    world.expect("account", "Ready", "False", "EventPublishedElsewhere", &["RerpService identity"]);
    world.settle("bus").await;
    let announce: Vec<String> = file(&world)["users"]
        .as_array()
        .expect("users")
        .iter()
        .filter(|one| one["publish"].to_string().contains(VERIFIED))
        .map(|one| one["identity"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(announce, ["spiffe://rerp.local/ns/rerp/sa/identity"]);
}

#[tokio::test]
async fn a_way_to_the_bus_is_no_dependency() {
    let world = world(true);
    world.service("fte", &json!({"image": "ghcr.io/rerp/x:1", "dependencies": [{"name": "bus"}]}));
    world.pass("fte").await;
    world.expect("fte", "Ready", "False", "InvalidSpec", &["spec.events alone leads to"]);
    // A bus may call a service that has events.
    world
        .api
        .edit(&path("rerpservices", "bus"), |object| object["spec"]["dependencies"] = json!([{"name": "identity"}]));
    world.service("identity", &json!({"image": "ghcr.io/rerp/x:1", "events": {"publishes": [VERIFIED]}}));
    world.settle("identity").await;
    world.settle("bus").await;
}
