//! Stories of ServiceDatabases, on a real PostgreSQL that all worlds share: schemas carry the world's name, databases the
//! story's. A failed call that the process survives is not told here: it takes the same way as in the other stories.

use super::Step::{self, Do, Given, Sql};
use super::{CRASHES, everywhere};
use crate::harness::{Room, World};
use crate::server;
use futures::FutureExt;
use futures::future::BoxFuture;
use rerp_crds::names::role_marker;
use serde_json::{Value, json};

async fn told(steps: &[Step]) {
    everywhere(&[Room::Databases], CRASHES, steps).await;
}

/// A server with `database`, and in it a schema of the world's own.
fn embedded(world: &World, database: &str) -> Value {
    json!({"engine": {"embedded": {}}, "databaseName": database, "schemas": [world.namespace]})
}

/// `identity` on a server of its own, with more in its spec.
fn given<'a>(world: &'a World, database: &str, more: Value) -> BoxFuture<'a, ()> {
    let mut spec = embedded(world, database);
    spec.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    create(world, &spec);
    std::future::ready(()).boxed()
}

fn create(world: &World, spec: &Value) {
    world.create(Room::Databases, "identity", spec);
}

fn ready(world: &World) {
    world.expect(Room::Databases, "identity", "True", "AsExpected");
}

/// Runs SQL as superuser with the name of a role of `identity` in the place of `$role`.
async fn with_role(world: &World, database: &str, ending: &str, sql: &str) {
    let admin = server::shared().admin(database).await;
    let marker = role_marker(rerp_crds::names::Id { namespace: &world.namespace, name: "identity" });
    let find =
        "SELECT rolname::text FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = $1 AND rolname LIKE '%' || $2";
    let role: String = admin.query_one(find, &[&marker, &ending]).await.expect("one role").get(0);
    admin.batch_execute(&sql.replace("$role", &role)).await.expect("somebody meddles");
}

#[tokio::test]
async fn a_server_of_its_own() {
    told(&[
        Do(|w| create(w, &json!({"engine": {"embedded": {}}, "databaseName": w.namespace, "schemas": ["identity"]}))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn parameters_are_changed() {
    told(&[
        Given(|w| given(w, "crash_parameters", json!({}))),
        Do(|w| {
            w.edit(Room::Databases, "identity", |spec| {
                spec["engine"]["embedded"]["parameters"] = json!({"work_mem": "8MB"})
            })
        }),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_schema_in_somebody_elses_database() {
    told(&[
        Do(|w| {
            let schema = format!("{}_crm", w.namespace);
            create(w, &json!({"engine": {"shared": {"databaseRef": {"name": "mono"}, "schema": schema}}}));
        }),
        Do(|w| w.expect(Room::Databases, "identity", "Unknown", "ServerMissing")),
        Do(|w| w.create(Room::Databases, "mono", &embedded(w, "crash_shared"))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn roles_are_dropped_and_changed_behind_our_back() {
    told(&[
        Given(|w| given(w, "crash_roles", json!({}))),
        Sql(|w| with_role(w, "crash_roles", "_app_b", "DROP ROLE $role").boxed()),
        Sql(|w| with_role(w, "crash_roles", "_app_a", "ALTER ROLE $role SUPERUSER PASSWORD 'guessed'").boxed()),
        Do(|w| w.api.remove(&w.path("services", "identity-postgres")).map(drop).expect("an address")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn secrets_with_logins_are_removed() {
    told(&[
        Given(|w| given(w, "crash_secrets", json!({}))),
        Do(|w| w.delete("secrets", "identity-binding")),
        Do(|w| w.delete("secrets", "identity-migrate")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn passwords_are_due() {
    told(&[
        Given(|w| given(w, "crash_rotation", json!({"credentials": {"rotateEvery": "1h"}}))),
        Do(|_| World::wait(3600)),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn data_is_retained_and_adopted_again() {
    told(&[
        Given(|w| given(w, "crash_retained", json!({}))),
        Do(|w| w.delete("servicedatabases", "identity")),
        Do(|w| assert_eq!(w.left(), [w.path("persistentvolumeclaims", "data-identity-postgres-0")])),
        Do(|w| create(w, &embedded(w, "crash_retained"))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_database_is_deleted_with_its_data() {
    told(&[
        Sql(|w| given(w, "crash_deleted", json!({"deletionPolicy": "Delete"}))),
        Do(|w| w.delete("servicedatabases", "identity")),
        Do(|w| assert_eq!(w.left(), [] as [String; 0])),
    ])
    .await;
}

#[tokio::test]
async fn a_secret_of_the_needed_name_is_somebody_elses() {
    told(&[
        Do(|w| {
            w.secret("identity-admin", &[("theirs", "1")]);
            create(w, &embedded(w, "crash_taken"));
        }),
        Do(|w| w.expect(Room::Databases, "identity", "False", "NameTaken")),
        Do(|w| w.delete("secrets", "identity-admin")),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn an_extension_that_is_not_there_is_given_up() {
    told(&[
        Do(|w| {
            let mut spec = embedded(w, "crash_extension");
            spec["extensions"] = json!(["no_such_extension"]);
            create(w, &spec);
        }),
        Do(|w| w.expect(Room::Databases, "identity", "False", "ExtensionUnavailable")),
        Do(|w| w.edit(Room::Databases, "identity", |spec| spec["extensions"] = json!([]))),
        Do(ready),
    ])
    .await;
}

#[tokio::test]
async fn a_service_follows_the_passwords_of_its_database() {
    let steps = [
        Given(|w| given(w, "crash_followed", json!({"credentials": {"rotateEvery": "1h"}}))),
        Do(|w| {
            w.create(
                Room::Services,
                "identity",
                &json!({"image": "ghcr.io/rerp/identity:1", "databaseRef": {"name": "identity"}}),
            );
        }),
        Do(|_| World::wait(3600)),
        Do(|w| w.expect(Room::Services, "identity", "True", "AsExpected")),
    ];
    everywhere(&[Room::Databases, Room::Services], CRASHES, &steps).await;
}
