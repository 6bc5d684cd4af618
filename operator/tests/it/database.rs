//! ServiceDatabase from end to end: a scripted API server, a real PostgreSQL, no kubelet (the test
//! plays it). Each test uses a name of its own, hence roles, schemas and databases of its own.
//!
//! Long because it is a list: one story per test.

mod certificate;

use crate::apiserver::{self, ApiServer};
use crate::core::context;
use crate::server::{self, Server};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use kube::Api;
use rerp_crds::{Reason, ServiceDatabase};
use rerp_operator::context::{Clock, Context};
use rerp_operator::database;
use rerp_operator::outcome::Outcome;
use rerp_operator::postgres::exec::Connector;
use serde_json::{Value, json};

/// One namespace with ServiceDatabases, on one server.
struct World {
    api: ApiServer,
    context: Context,
    postgres: &'static Server,
}

fn path(kind: &str, name: &str) -> String {
    apiserver::path("rerp", kind, name)
}

impl World {
    fn new() -> Self {
        let (api, postgres) = (ApiServer::default(), server::shared());
        let mut context = context(&api);
        context.postgres = Connector::pinned(server::ADDRESS, postgres.port, server::NAME);
        api.put(server::AUTHORITY, server::authority());
        Self { api, context, postgres }
    }

    fn create(&self, name: &str, spec: Value) {
        let object = json!({
            "apiVersion": "rerp.dev/v1alpha1", "kind": "ServiceDatabase",
            "metadata": {"name": name, "namespace": "rerp"}, "spec": spec,
        });
        self.api.put(&path("servicedatabases", name), object);
    }

    /// One pass over an object as it is stored now.
    async fn pass(&self, name: &str) -> Outcome {
        let api = Api::<ServiceDatabase>::namespaced(self.api.client(), "rerp");
        let object = api.get(name).await.expect("the object");
        self.api.calls();
        database::reconcile(&object, &self.context).await
    }

    /// What the StatefulSet controller and the kubelet would do.
    fn start_server(&self, name: &str) {
        self.api.edit(&path("statefulsets", &format!("{name}-postgres")), |set| {
            let generation = set["metadata"]["generation"].clone();
            set["status"] =
                json!({"replicas": 1, "observedGeneration": generation, "readyReplicas": 1, "updatedReplicas": 1});
        });
    }

    /// A Ready embedded database.
    async fn embedded(&self, name: &str, spec: Value) {
        self.create(name, spec);
        let outcome = self.pass(name).await;
        assert_eq!(outcome.reason(), Reason::ServerStarting, "{}", outcome.message());
        self.start_server(name);
        self.done(name).await;
    }

    async fn done(&self, name: &str) {
        let outcome = self.pass(name).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }

    fn secret(&self, name: &str, key: &str) -> String {
        let secret = self.api.object(&path("secrets", name)).unwrap_or_else(|| panic!("no Secret {name}"));
        let bytes = STANDARD.decode(secret["data"][key].as_str().expect("a key")).expect("base64");
        String::from_utf8(bytes).expect("text")
    }

    /// A session with the login that a Secret publishes.
    async fn login(&self, secret: &str) -> tokio_postgres::Client {
        let key = |key| self.secret(secret, key);
        let client = self.postgres.connect(&key("username"), &key("password"), &key("database")).await;
        client.unwrap_or_else(|error| panic!("{secret}: {error}"))
    }

    fn ready(&self, name: &str) -> (String, String, String) {
        let object = self.api.object(&path("servicedatabases", name)).expect("the object");
        let conditions = object["status"]["conditions"].as_array().expect("conditions").clone();
        let ready = conditions.iter().find(|c| c["type"] == "Ready").expect("Ready").clone();
        let text = |key: &str| ready[key].as_str().expect("text").to_owned();
        (text("status"), text("reason"), text("message"))
    }
}

fn embedded() -> Value {
    json!({"engine": {"embedded": {}}})
}

fn shared(server: &str, schema: &str) -> Value {
    json!({"engine": {"shared": {"databaseRef": {"name": server}, "schema": schema}}})
}

#[tokio::test]
async fn a_settled_database_is_left_in_silence() {
    let world = World::new();
    world.embedded("silent", embedded()).await;
    assert_eq!(world.ready("silent").0, "True");
    let before: Vec<_> = world.api.paths().into_iter().map(|path| world.api.object(&path)).collect();
    for _ in 0..2 {
        world.done("silent").await;
        assert_eq!(world.api.writes(), []);
    }
    let after: Vec<_> = world.api.paths().into_iter().map(|path| world.api.object(&path)).collect();
    assert_eq!(before, after);
    let reasons: Vec<String> = world.api.events().into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons.len(), 2, "one event a transition: {reasons:?}");
}

#[tokio::test]
async fn logins_have_the_rights_of_their_role_and_no_more() {
    let world = World::new();
    world.embedded("rights", json!({"engine": {"embedded": {}}, "extensions": ["pg_trgm"]})).await;
    let migrate = world.login("rights-migrate").await;
    migrate
        .batch_execute("CREATE TABLE item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)")
        .await
        .expect("migrations create tables");
    let owner: String = migrate
        .query_one("SELECT tableowner::text FROM pg_tables WHERE tablename = 'item' AND schemaname = 'rights'", &[])
        .await
        .expect("the table is in the schema")
        .get(0);
    assert!(owner.ends_with("_rights_owner"), "{owner}");
    let app = world.login("rights-binding").await;
    app.batch_execute("INSERT INTO item (name) VALUES ('a'); UPDATE item SET name = 'b'; SELECT similarity('a', 'b')")
        .await
        .expect("the service reads and writes, and sees extensions");
    for forbidden in ["CREATE TABLE mine (id int)", "DROP TABLE item", "TRUNCATE item", "SET ROLE postgres"] {
        let error = app.batch_execute(forbidden).await.expect_err(forbidden);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn rights_that_a_fence_took_away_stay_away() {
    let world = World::new();
    world.embedded("fenced", embedded()).await;
    let migrate = world.login("fenced-migrate").await;
    migrate.batch_execute("CREATE TABLE item (id int)").await.expect("a table");
    let admin = world.postgres.admin("fenced").await;
    let groups: Vec<String> = admin
        .query("SELECT rolname::text FROM pg_roles WHERE rolname ~ '_fenced_(app|read)$'", &[])
        .await
        .expect("roles")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(groups.len(), 2);
    admin.batch_execute(&format!("REVOKE ALL ON fenced.item FROM {}", groups.join(", "))).await.expect("the fence");
    world.done("fenced").await;
    let error = world.login("fenced-binding").await.batch_execute("SELECT FROM item").await.expect_err("closed");
    assert_eq!(error.code().map(|code| code.code()), Some("42501"));
}

#[tokio::test]
async fn retained_data_is_adopted_by_an_object_of_the_same_name() {
    let world = World::new();
    world.embedded("kept", embedded()).await;
    let old = world.secret("kept-binding", "password");
    let migrate = world.login("kept-migrate").await;
    migrate.batch_execute("CREATE TABLE item AS SELECT generate_series(1, 100) AS id").await.expect("data");
    for path in world.api.paths().iter().filter(|path| *path != server::AUTHORITY) {
        world.api.remove(path);
    }
    world.embedded("kept", embedded()).await;
    assert_ne!(world.secret("kept-binding", "password"), old);
    let rows = world.login("kept-binding").await.query_one("SELECT count(*) FROM item", &[]).await.expect("rows");
    assert_eq!(rows.get::<_, i64>(0), 100);
}

#[tokio::test]
async fn a_shared_database_lives_in_the_servers_database() {
    let world = World::new();
    world.create("crm", shared("mono", "crm"));
    assert_eq!(world.pass("crm").await.reason(), Reason::ServerMissing);
    assert!(world.ready("crm").2.contains("ServiceDatabase rerp/mono"));
    world.embedded("mono", embedded()).await;
    world.done("crm").await;
    assert_eq!(world.secret("crm-binding", "database"), "mono");
    assert_eq!(world.secret("crm-binding", "host"), "mono-postgres.rerp.svc");
    let verified = ":5432/mono?sslmode=verify-full&sslrootcert=/etc/rerp/tls/ca.crt&options=-csearch_path%3Dcrm";
    assert!(world.secret("crm-binding", "uri").ends_with(verified));
    assert_eq!(world.secret("crm-binding", "ca.crt"), world.secret("mono-postgres-tls", "ca.crt"));
    let path: String = world.login("crm-binding").await.query_one("SHOW search_path", &[]).await.expect("path").get(0);
    assert_eq!(path, "crm");

    world.create("rival", shared("mono", "crm"));
    let outcome = world.pass("rival").await;
    assert_eq!(outcome.reason(), Reason::OwnershipConflict);
    assert!(
        outcome.message().contains("schema crm") && outcome.message().contains("rerp:rerp/crm"),
        "{}",
        outcome.message()
    );
    assert_eq!(world.ready("rival").0, "False");
}

#[tokio::test]
async fn a_rotation_breaks_no_connection() {
    let mut world = World::new();
    world.context.clock = Clock::from_fn(|| Timestamp::from_second(1_800_000_000).expect("in range"));
    world.embedded("turning", json!({"engine": {"embedded": {}}, "credentials": {"rotateEvery": "1h"}})).await;
    let before = (world.secret("turning-binding", "username"), world.secret("turning-binding", "password"));
    let open = world.login("turning-binding").await;
    world.context.clock = Clock::from_fn(|| Timestamp::from_second(1_800_003_600).expect("in range"));
    world.done("turning").await;
    assert!(before.0.ends_with("_app_a") && world.secret("turning-binding", "username").ends_with("_app_b"));
    world.login("turning-binding").await;
    world.login("turning-migrate").await;
    open.batch_execute("SELECT 1").await.expect("open connections live on");
    world.postgres.connect(&before.0, &before.1, "turning").await.expect("the old login works until the next rotation");
    world.done("turning").await;
    assert_eq!(world.api.writes(), []);
}

#[tokio::test]
async fn a_failure_at_any_call_is_reported_and_overcome() {
    for n in 0.. {
        let world = World::new();
        world.create("shaken", embedded());
        world.api.calls();
        let object = Api::<ServiceDatabase>::namespaced(world.api.client(), "rerp").get("shaken").await.expect("there");
        world.api.fail_at(n);
        let outcome = database::reconcile(&object, &world.context).await;
        if !world.api.failed() {
            assert!(n > 10, "only {n} calls were shaken");
            break;
        }
        // Only the event is best effort; everything else that fails makes the pass a failure.
        let event_failed = world.api.events().is_empty() && matches!(outcome, Outcome::Waiting { .. });
        assert!(matches!(outcome, Outcome::Failed { .. }) || event_failed, "{n}: {outcome:?}");
        world.pass("shaken").await;
        world.start_server("shaken");
        world.done("shaken").await;
        world.login("shaken-binding").await;
    }
}

#[tokio::test]
async fn trouble_is_named_in_the_ready_condition() {
    let world = World::new();
    world.create("pulling", embedded());
    world.pass("pulling").await;
    let set = world.api.object(&path("statefulsets", "pulling-postgres")).expect("a StatefulSet");
    let waiting = json!({"waiting": {"reason": "ErrImagePull", "message": "no such host"}});
    world.api.put(&path("pods", "pulling-postgres-0"), json!({
        "metadata": {"name": "pulling-postgres-0", "namespace": "rerp", "labels": set["spec"]["template"]["metadata"]["labels"]},
        "status": {"containerStatuses": [{
            "name": "postgres", "image": "ghcr.io/rerp/postgres:dev", "imageID": "", "ready": false, "restartCount": 0, "state": waiting,
        }]},
    }));
    world.pass("pulling").await;
    let (status, reason, message) = world.ready("pulling");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ImagePullFailed"));
    assert!(message.contains("rerp/pulling-postgres-0") && message.contains("ghcr.io/rerp/postgres:dev"), "{message}");

    world.create("taken", embedded());
    world.api.put(&path("secrets", "taken-admin"), json!({"metadata": {"name": "taken-admin"}, "data": {}}));
    let outcome = world.pass("taken").await;
    assert_eq!(outcome.reason(), Reason::NameTaken);
    assert!(world.ready("taken").2.contains("Secret rerp/taken-admin"));

    world.embedded("extended", embedded()).await;
    world.api.edit(&path("servicedatabases", "extended"), |object| {
        object["spec"]["extensions"] = json!(["no_such_extension"])
    });
    let outcome = world.pass("extended").await;
    assert_eq!(outcome.reason(), Reason::ExtensionUnavailable);
    assert!(outcome.message().contains("no_such_extension"));
}

#[tokio::test]
async fn drift_in_the_database_is_undone() {
    let world = World::new();
    world.embedded("drifted", embedded()).await;
    let admin = world.postgres.admin("drifted").await;
    let login = world.secret("drifted-binding", "username");
    admin
        .batch_execute(&format!(
            "ALTER ROLE {login} SUPERUSER PASSWORD 'guessed'; ALTER ROLE {login} RESET search_path"
        ))
        .await
        .expect("somebody meddles");
    world.done("drifted").await;
    let row = admin.query_one("SELECT rolsuper FROM pg_roles WHERE rolname = $1", &[&login]).await.expect("the role");
    assert!(!row.get::<_, bool>(0));
    world.login("drifted-binding").await;
    assert!(world.postgres.connect(&login, "guessed", "drifted").await.is_err());
}

#[tokio::test]
async fn nothing_is_made_for_an_object_that_is_going() {
    let world = World::new();
    world.create("going", embedded());
    world.api.edit(&path("servicedatabases", "going"), |object| {
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object["metadata"]["finalizers"] = json!(["foregroundDeletion"]);
    });
    assert_eq!(world.pass("going").await.reason(), Reason::Deleting);
    let mut left = world.api.paths();
    left.retain(|path| path != server::AUTHORITY);
    assert_eq!(left, [path("servicedatabases", "going")]);
}
