//! Stories of DatabaseSplitMigrations, with the journal in a real PostgreSQL. The test plays the worker: it writes into the
//! journal what a worker would, and only if there is one.

use super::Step::{self, Do, Given, Sql};
use super::{CRASHES, everywhere};
use crate::harness::{BEGINNING, Room, World};
use crate::server;
use futures::FutureExt;
use futures::future::BoxFuture;
use rerp_crds::names::migration_id;
use rerp_split::phase::Phase;
use rerp_split::status::Status;
use serde_json::{Value, json};

async fn told(steps: &[Step]) {
    everywhere(&[Room::Services, Room::Splits], CRASHES, steps).await;
}

/// A service `identity` in `shared`, a database `own`, both on the shared server, and a migration that may go on to the end.
pub(super) fn begin<'a>(world: &'a World, story: &'static str) -> BoxFuture<'a, ()> {
    async move {
        for name in ["shared", "own"] {
            let database = format!("crash_{story}_{name}");
            let admin = server::shared().admin("postgres").await;
            let exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
            if !admin.query_one(exists, &[&database]).await.expect("an answer").get::<_, bool>(0) {
                admin.batch_execute(&format!("CREATE DATABASE {database}")).await.expect("a database");
            }
            world.ready_database(name);
            let server = json!({"host": format!("{name}-postgres"), "port": 5432, "database": database});
            world.api.edit(&world.path("servicedatabases", name), |object| object["status"]["server"] = server);
            let host = format!("{name}-postgres");
            let password = format!("superuser-of-{name}");
            let login = [("host", host.as_str()), ("port", "5432"), ("username", "postgres"), ("password", &password)];
            let keys = [&login[..], &[("ca.crt", server::roots())]].concat();
            world.secret(&format!("{name}-admin"), &keys);
        }
        let service = json!({"image": "ghcr.io/rerp/identity:1", "databaseRef": {"name": "shared"}});
        world.create(Room::Services, "identity", &service);
        world.create(Room::Splits, "move", &spec());
    }
    .boxed()
}

fn spec() -> Value {
    let place = |name: &str| json!({"databaseRef": {"name": name}});
    json!({"serviceRef": {"name": "identity"}, "source": place("shared"), "target": place("own"), "advanceTo": "Completed"})
}

/// What a worker at this phase writes.
fn worker<'a>(world: &'a World, story: &'static str, phase: Phase) -> BoxFuture<'a, ()> {
    reports(world, story, Status { phase, ..Status::default() })
}

/// The same, and more.
pub(super) fn reports<'a>(world: &'a World, story: &'static str, status: Status) -> BoxFuture<'a, ()> {
    async move {
        let phase = status.phase;
        assert!(has_worker(world), "nobody is there to be at {phase}");
        let admin = server::shared().admin(&format!("crash_{story}_shared")).await;
        let upsert = "INSERT INTO rerp_split.migration (migration, phase, status, heartbeat)
            VALUES ($1, $2, $3, to_timestamp($4)) ON CONFLICT (migration)
            DO UPDATE SET phase = excluded.phase, status = excluded.status, heartbeat = excluded.heartbeat";
        let status = serde_json::to_value(status).expect("JSON");
        let now = BEGINNING as f64;
        admin.execute(upsert, &[&id(world), &phase.as_str(), &status, &now]).await.expect("a report");
    }
    .boxed()
}

pub(super) fn id(world: &World) -> String {
    let migration = world.live("databasesplitmigrations", "move").expect("the migration");
    migration_id(migration["metadata"]["uid"].as_str().expect("a UID"))
}

fn has_worker(world: &World) -> bool {
    world.live("deployments", "move-split-worker").is_some()
}

pub(super) fn gone(world: &World) {
    assert!(
        world.live("databasesplitmigrations", "move").is_none(),
        "{:?}",
        world.live("databasesplitmigrations", "move")
    );
    assert!(!has_worker(world), "a worker is left");
}

fn data_in(world: &World, database: &str) {
    let service = world.live("rerpservices", "identity").expect("the service");
    assert_eq!(service["status"]["resolved"]["databaseRef"]["name"], database);
}

#[tokio::test]
async fn a_migration_is_created_and_its_worker_wanted() {
    told(&[
        Sql(|w| begin(w, "created")),
        Do(|w| w.expect(Room::Splits, "move", "Unknown", "WorkerUnavailable")),
        Sql(|w| worker(w, "created", Phase::Copy)),
        Do(|w| w.expect(Room::Splits, "move", "Unknown", "Progressing")),
    ])
    .await;
}

#[tokio::test]
async fn a_migration_completes() {
    told(&[
        Given(|w| begin(w, "completed")),
        Sql(|w| worker(w, "completed", Phase::ReadyForCutover)),
        Sql(|w| worker(w, "completed", Phase::Completed)),
        Do(|w| w.expect(Room::Splits, "move", "True", "AsExpected")),
        Do(|w| assert!(!has_worker(w))),
        Do(|w| data_in(w, "own")),
    ])
    .await;
}

#[tokio::test]
async fn a_migration_is_rolled_back_and_then_deleted() {
    told(&[
        Given(|w| begin(w, "back")),
        Sql(|w| worker(w, "back", Phase::Observe)),
        Do(|w| data_in(w, "own")),
        Sql(|w| worker(w, "back", Phase::RolledBack)),
        Do(|w| w.expect(Room::Splits, "move", "Unknown", "RolledBack")),
        Do(|w| data_in(w, "shared")),
        Do(|w| w.delete("databasesplitmigrations", "move")),
        Sql(|w| worker(w, "back", Phase::Aborted)),
        Do(gone),
        Do(|w| data_in(w, "shared")),
    ])
    .await;
}

#[tokio::test]
async fn a_migration_is_deleted_before_its_worker_has_begun() {
    told(&[
        Given(|w| begin(w, "unbegun")),
        Do(|w| w.delete("databasesplitmigrations", "move")),
        Do(|w| w.expect(Room::Splits, "move", "Unknown", "Deleting")),
        Sql(|w| worker(w, "unbegun", Phase::Aborted)),
        Do(gone),
        Do(|w| data_in(w, "shared")),
    ])
    .await;
}

#[tokio::test]
async fn a_migration_is_deleted_under_way() {
    told(&[
        Given(|w| begin(w, "aborted")),
        Sql(|w| worker(w, "aborted", Phase::Copy)),
        Do(|w| w.delete("databasesplitmigrations", "move")),
        Sql(|w| worker(w, "aborted", Phase::Aborting)),
        Sql(|w| worker(w, "aborted", Phase::Aborted)),
        Do(gone),
        Do(|w| data_in(w, "shared")),
    ])
    .await;
}

#[tokio::test]
async fn a_migration_is_deleted_when_it_is_done() {
    told(&[
        Given(|w| begin(w, "deleted")),
        Sql(|w| worker(w, "deleted", Phase::Completed)),
        Do(|w| w.delete("databasesplitmigrations", "move")),
        Do(gone),
        Do(|w| data_in(w, "own")),
    ])
    .await;
}

#[tokio::test]
async fn a_migration_waits_for_another_and_for_its_service() {
    told(&[
        Given(|w| begin(w, "waiting")),
        Do(|w| w.delete("rerpservices", "identity")),
        Do(|w| {
            let mut later = spec();
            later["dependsOn"] = json!([{"name": "move"}]);
            w.create(Room::Splits, "next", &later);
        }),
        Do(|w| w.expect(Room::Splits, "move", "False", "ServiceMissing")),
        Do(|w| w.expect(Room::Splits, "next", "False", "MigrationConflict")),
        Do(|w| {
            w.create(
                Room::Services,
                "identity",
                &json!({"image": "ghcr.io/rerp/identity:1", "databaseRef": {"name": "shared"}}),
            )
        }),
        Sql(|w| worker(w, "waiting", Phase::Preflight)),
        Do(|w| w.expect(Room::Splits, "move", "Unknown", "Progressing")),
    ])
    .await;
}
