//! Stories of RerpServices. ServiceDatabases and migrations are the test's to play.
//!
//! Long because it is a list: one story per test.

use super::Step::{self, Do};
use super::{ALL, everywhere};
use crate::harness::environment::NO_SUCH_TAG;
use crate::harness::{Room, World};
use serde_json::{Value, json};

const IMAGE: &str = "ghcr.io/rerp/identity:1";

async fn told(steps: &[Step]) {
    everywhere(&[Room::Services], ALL, steps).await;
}

fn plain() -> Value {
    json!({"image": IMAGE})
}

fn in_shared() -> Value {
    json!({"image": IMAGE, "replicas": 2, "databaseRef": {"name": "shared"}, "migrate": {"command": ["/identity", "migrate"]}})
}

fn identity(world: &World, spec: &Value) {
    world.create(Room::Services, "identity", spec);
}

fn edit(world: &World, key: &str, value: Value) {
    world.edit(Room::Services, "identity", |spec| spec[key] = value);
}

fn ready(world: &World) {
    world.expect(Room::Services, "identity", "True", "AsExpected");
}

/// A migration of `identity` from `shared` to `own`, as its own room would leave it.
fn migration(world: &World, phase: &str) {
    let place = |name: &str| json!({"databaseRef": {"name": name}});
    if world.live("databasesplitmigrations", "move").is_none() {
        let spec = json!({"serviceRef": {"name": "identity"}, "source": place("shared"), "target": place("own")});
        world.create(Room::Splits, "move", &spec);
    }
    world.api.edit(&world.path("databasesplitmigrations", "move"), |object| object["status"]["phase"] = json!(phase));
}

fn begin_split(world: &World) {
    world.ready_database("shared");
    world.ready_database("own");
    identity(world, &in_shared());
}

/// What the pods read: `current` and `next`.
fn logins(world: &World) -> [Option<String>; 2] {
    let secret = world.live("secrets", "identity-database").expect("the logins");
    ["current", "next"].map(|key| secret["data"].get(key).map(crate::harness::environment::decoded))
}

#[tokio::test]
async fn a_service_without_a_database() {
    told(&[Do(|w| identity(w, &plain())), Do(ready)]).await;
}

#[tokio::test]
async fn a_service_with_a_database() {
    told(&[Do(|w| w.ready_database("shared")), Do(|w| identity(w, &in_shared())), Do(ready)]).await;
}

#[tokio::test]
async fn a_database_that_comes_late() {
    told(&[
        Do(|w| identity(w, &in_shared())),
        Do(|w| w.expect(Room::Services, "identity", "False", "DatabaseMissing")),
        Do(|w| w.ready_database("shared")),
        Do(ready),
        Do(|w| w.database_says("shared", "Unknown")),
        Do(|w| w.expect(Room::Services, "identity", "Unknown", "DatabaseNotReady")),
        Do(|w| w.database_says("shared", "True")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn secrets_of_the_users_come_and_go() {
    told(&[
        Do(|w| {
            let from = json!({"secretKeyRef": {"name": "vendor", "key": "token"}});
            let env = json!([{"name": "TOKEN", "valueFrom": from}, {"name": "LEVEL", "value": "1"}]);
            identity(w, &json!({"image": IMAGE, "env": env, "envFrom": [{"secretRef": {"name": "more"}}]}));
        }),
        Do(|w| w.expect(Room::Services, "identity", "False", "ConfigMissing")),
        Do(|w| w.secret("vendor", &[("token", "x")])),
        Do(|w| w.secret("more", &[("a", "1")])),
        Do(ready),
        Do(|w| w.delete("secrets", "vendor")),
        Do(|w| w.expect(Room::Services, "identity", "False", "ConfigMissing")),
        Do(|w| edit(w, "env", json!([]))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn one_pod_becomes_three_and_one_again() {
    told(&[
        Do(|w| identity(w, &plain())),
        Do(|w| edit(w, "replicas", json!(3))),
        Do(ready),
        Do(|w| assert!(w.live("poddisruptionbudgets", "identity").is_some())),
        Do(|w| edit(w, "replicas", json!(1))),
        Do(ready),
        Do(|w| assert!(w.live("poddisruptionbudgets", "identity").is_none())),
    ])
    .await;
}

#[tokio::test]
async fn an_image_is_replaced_by_one_that_cant_be_pulled_and_by_one_that_can() {
    told(&[
        Do(|w| identity(w, &plain())),
        Do(|w| edit(w, "image", json!(format!("ghcr.io/rerp/identity{NO_SUCH_TAG}")))),
        Do(|w| w.expect(Room::Services, "identity", "False", "ImagePullFailed")),
        Do(|w| edit(w, "image", json!("ghcr.io/rerp/identity:2"))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_dependency_is_missing_comes_and_becomes_ready() {
    told(&[
        Do(|w| identity(w, &json!({"image": IMAGE, "dependencies": [{"name": "account"}]}))),
        Do(|w| w.expect(Room::Services, "identity", "False", "DependencyMissing")),
        Do(|w| w.create(Room::Services, "account", &json!({"image": format!("ghcr.io/rerp/account{NO_SUCH_TAG}")}))),
        Do(|w| assert_eq!(w.condition(Room::Services, "identity", "DependenciesReady")["status"], "Unknown")),
        Do(|w| w.edit(Room::Services, "account", |spec| spec["image"] = json!("ghcr.io/rerp/account:1"))),
        Do(|w| assert_eq!(w.condition(Room::Services, "identity", "DependenciesReady")["status"], "True")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_circle_of_dependencies_is_opened() {
    told(&[
        Do(|w| identity(w, &json!({"image": IMAGE, "dependencies": [{"name": "account"}]}))),
        Do(|w| w.create(Room::Services, "account", &json!({"image": IMAGE, "dependencies": [{"name": "identity"}]}))),
        Do(|w| w.expect(Room::Services, "identity", "False", "DependencyCycle")),
        Do(|w| w.edit(Room::Services, "account", |spec| spec["dependencies"] = json!([]))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_suspended_service_is_edited_and_resumed() {
    told(&[
        Do(|w| identity(w, &plain())),
        Do(|w| edit(w, "suspend", json!(true))),
        Do(|w| edit(w, "replicas", json!(2))),
        Do(|w| w.expect(Room::Services, "identity", "Unknown", "Suspended")),
        Do(|w| edit(w, "suspend", json!(false))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_service_is_deleted_and_made_again() {
    told(&[
        Do(|w| w.ready_database("shared")),
        Do(|w| identity(w, &in_shared())),
        Do(|w| w.delete("rerpservices", "identity")),
        Do(|w| assert!(!w.api.paths().iter().any(|path| path.contains("/identity")), "{:?}", w.api.paths())),
        Do(|w| identity(w, &in_shared())),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_deletion_in_the_foreground_makes_nothing_anew() {
    told(&[
        Do(|w| {
            w.ready_database("shared");
            identity(w, &in_shared());
        }),
        Do(|w| {
            let at = w.path("rerpservices", "identity");
            w.api.edit(&at, |object| object["metadata"]["finalizers"] = json!(["foregroundDeletion"]));
            w.api.delete(&at);
            w.api.remove(&w.path("deployments", "identity"));
        }),
        Do(|w| assert!(w.live("deployments", "identity").is_none())),
        Do(|w| w.api.edit(&w.path("rerpservices", "identity"), |object| object["metadata"]["finalizers"] = json!([]))),
        Do(|w| assert!(!w.api.paths().iter().any(|path| path.contains("/identity")), "{:?}", w.api.paths())),
    ])
    .await;
}

#[tokio::test]
async fn a_database_is_no_longer_wanted() {
    told(&[
        Do(|w| w.ready_database("shared")),
        Do(|w| identity(w, &in_shared())),
        Do(|w| identity(w, &plain())),
        Do(ready),
        Do(|w| assert!(w.live("secrets", "identity-database").is_none())),
    ])
    .await;
}

#[tokio::test]
async fn a_split_begins_and_is_taken_back() {
    told(&[
        Do(begin_split),
        Do(|w| migration(w, "Copy")),
        Do(|w| {
            assert_eq!(logins(w), [Some("postgresql://app@shared".to_owned()), Some("postgresql://app@own".to_owned())])
        }),
        Do(|w| migration(w, "Aborted")),
        Do(|w| assert_eq!(logins(w), [Some("postgresql://app@shared".to_owned()), None])),
        Do(|w| w.delete("databasesplitmigrations", "move")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_split_ends_and_the_record_outlives_it() {
    told(&[
        Do(begin_split),
        Do(|w| migration(w, "ReadyForCutover")),
        Do(|w| migration(w, "Observe")),
        Do(|w| migration(w, "Completed")),
        Do(|w| assert_eq!(logins(w), [Some("postgresql://app@own".to_owned()), None])),
        Do(|w| w.delete("databasesplitmigrations", "move")),
        Do(|w| assert_eq!(logins(w), [Some("postgresql://app@own".to_owned()), None])),
        Do(|w| edit(w, "databaseRef", json!({"name": "own"}))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn an_edit_ahead_of_its_migration() {
    told(&[
        Do(begin_split),
        Do(|w| edit(w, "databaseRef", json!({"name": "own"}))),
        Do(|w| w.expect(Room::Services, "identity", "False", "DatabaseMoveNeedsMigration")),
        Do(|w| migration(w, "Copy")),
        Do(|w| migration(w, "Completed")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_database_changes_hands() {
    told(&[
        Do(|w| w.ready_database("shared")),
        Do(|w| identity(w, &in_shared())),
        Do(|w| w.create(Room::Services, "second", &in_shared())),
        Do(|w| w.expect(Room::Services, "second", "False", "DatabaseInUse")),
        Do(|w| w.delete("rerpservices", "identity")),
        Do(|w| w.expect(Room::Services, "second", "True", "AsExpected")),
    ])
    .await;
}

#[tokio::test]
async fn two_newcomers_want_one_database() {
    told(&[
        Do(|w| {
            w.ready_database("shared");
            w.create(Room::Services, "account", &in_shared());
            identity(w, &in_shared());
        }),
        Do(|w| w.expect(Room::Services, "account", "True", "AsExpected")),
        Do(|w| w.expect(Room::Services, "identity", "False", "DatabaseInUse")),
    ])
    .await;
}

#[tokio::test]
async fn a_name_is_taken_and_given_back() {
    told(&[
        Do(|w| {
            w.api.put(
                &w.path("services", "identity"),
                json!({"metadata": {"labels": {"theirs": "1"}}, "spec": {"ports": []}}),
            );
            identity(w, &plain());
        }),
        Do(|w| w.expect(Room::Services, "identity", "False", "NameTaken")),
        Do(|w| w.delete("services", "identity")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn an_object_that_does_not_decode_is_corrected() {
    told(&[
        Do(|w| identity(w, &plain())),
        Do(|w| edit(w, "replicas", json!("many"))),
        Do(|w| w.expect(Room::Services, "identity", "False", "InvalidSpec")),
        Do(|w| edit(w, "replicas", json!(2))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn somebody_edits_and_removes_children() {
    told(&[
        Do(|w| w.ready_database("shared")),
        Do(|w| identity(w, &in_shared())),
        Do(|w| {
            w.api.edit(&w.path("deployments", "identity"), |live| live["spec"]["replicas"] = json!(9));
            w.api.remove(&w.path("services", "identity"));
            w.api.edit(&w.path("secrets", "identity-database"), |live| live["data"]["current"] = json!("eA=="));
        }),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_way_in_from_outside_comes_changes_and_goes() {
    told(&[
        Do(|w| {
            let exposure = json!({"public": {"host": "app.example.com"}});
            identity(w, &json!({"image": IMAGE, "mtls": {"mode": "Off"}, "exposure": exposure}));
        }),
        Do(ready),
        Do(|w| assert!(w.live("ingresses", "identity").is_some())),
        Do(|w| {
            let parent = json!({"name": "edge"});
            edit(w, "exposure", json!({"public": {"host": "app.example.com", "via": "Gateway", "gateway": parent}}));
        }),
        Do(|w| assert!(w.live("ingresses", "identity").is_none() && w.live("httproutes", "identity").is_some())),
        Do(|w| edit(w, "exposure", Value::Null)),
        Do(|w| assert!(w.live("httproutes", "identity").is_none())),
        Do(ready),
    ])
    .await;
}

/// Something of somebody else's in the namespace.
fn theirs(world: &World, kind: &str, name: &str, spec: &Value) {
    let path = world.path(kind, name);
    let namespace = path.split('/').skip_while(|word| *word != "namespaces").nth(1).expect("a namespace").to_owned();
    world.api.put(&path, json!({"metadata": {"name": name, "namespace": namespace}, "spec": spec}));
}

#[tokio::test]
async fn a_gateway_hears_what_it_is_to_serve_and_says_what_it_does() {
    told(&[
        Do(|w| w.create(Room::Services, "gateway", &json!({"image": IMAGE, "mtls": {"mode": "Off"}}))),
        Do(|w| {
            let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
            let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
            let rules = json!([{"host": "app.example.com", "http": {"paths": [path]}}]);
            theirs(w, "ingresses", "app", &json!({"ingressClassName": "rerp", "rules": rules}));
        }),
        Do(|w| {
            let listeners = json!([{"name": "web", "protocol": "HTTP", "port": 80}]);
            theirs(w, "gateways", "edge", &json!({"gatewayClassName": "rerp", "listeners": listeners}));
            let rules = json!([{"backendRefs": [{"name": "web", "port": 80}]}]);
            theirs(w, "httproutes", "app", &json!({"parentRefs": [{"name": "edge"}], "rules": rules}));
        }),
        Do(|w| theirs(w, "services", "web", &json!({"selector": {"app": "web"}, "ports": [{"port": 80}]}))),
        Do(|w| {
            let said = w.live("ingresses", "app").expect("it")["status"]["loadBalancer"]["ingress"][0].clone();
            assert!(said["ports"].is_null() && said["hostname"].is_string(), "{said}");
        }),
        Do(|w| w.expect(Room::Services, "gateway", "True", "AsExpected")),
    ])
    .await;
}
