//! The service as its callers see it: the real router, a real database, the real migrations.

use std::collections::HashSet;
use std::net::SocketAddr;

use crate::support::answer::is_problem;
use crate::support::service::{answer as full_answer, serve, split_of};
use crate::support::{Split, open, until, visitor};
use rerp_kit::config::{Env, Settings};
use rerp_kit::migrate::{MigrationError, migrate};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

/// Settings of `migrate` for the bindings in `dir`.
fn settings(dir: &std::path::Path, wait: &str) -> Settings {
    Settings::read(&mut Env::of([("RERP_MIGRATE_DIR", dir.to_str().unwrap()), ("RERP_MIGRATE_WAIT", wait)]), "identity")
}

async fn migrated() -> Split {
    split_of(&["email_addresses", "outbox_subjects", "outbox"], rerp_identity::migrations).await
}

struct Api {
    at: SocketAddr,
    http: reqwest::Client,
}

impl Api {
    async fn new(split: &Split) -> Self {
        let (db, _) = open(split.dir()).await;
        Self { at: serve(rerp_identity::router(db)).await, http: visitor() }
    }

    async fn upsert(&self, email: &str) -> (u16, Value) {
        let request = self.http.post(format!("http://{}/api/identity/email/upsert", self.at));
        answer(request.header("content-type", "application/json").body(json!({ "email": email }).to_string())).await
    }

    async fn get(&self, rest: &str) -> (u16, Value) {
        answer(self.http.get(format!("http://{}/api/identity/email{rest}", self.at))).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let (status, _, body) = full_answer(request).await;
    (status, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_one_identifier_however_it_is_written() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    let (status, first) = api.upsert("  Jörg.O'Brien+news@MÜLLER.Example ").await;
    assert_eq!((status, &first["created"]), (200, &json!(true)));
    for other in ["jörg.o'brien+news@xn--mller-kva.example", "JO\u{308}RG.O'BRIEN+NEWS@müller.example."] {
        let (status, again) = api.upsert(other).await;
        assert_eq!(
            (status, &again["created"], &again["email_address_id"]),
            (200, &json!(false), &first["email_address_id"])
        );
    }

    let id = first["email_address_id"].as_str().unwrap();
    let (status, by_id) = api.get(&format!("/{id}")).await;
    assert_eq!(
        (status, &by_id["email"], &by_id["verified"]),
        (200, &json!("jörg.o'brien+news@xn--mller-kva.example"), &json!(false))
    );
    for path in ["/j%C3%B6rg.o'brien+news@m%C3%BCller.example", "?email=J%C3%B6rg.o'brien%2Bnews%40m%C3%BCller.example"]
    {
        assert_eq!(api.get(path).await, (200, by_id.clone()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_answered_is_a_problem() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    for (rest, kind) in [
        ("/0191f7a1-3f0c-7000-8000-000000000001", catalogue::NOT_FOUND),
        ("/0191f7a13f0c70008000000000000001", catalogue::NOT_FOUND),
        ("/nobody", catalogue::NOT_FOUND),
        ("/nobody@example.com", catalogue::NOT_FOUND),
        ("?email=nobody@example.com", catalogue::NOT_FOUND),
        ("/no%20body@example.com", catalogue::INVALID_VALUE),
        ("?email=nobody", catalogue::INVALID_VALUE),
        ("", catalogue::MALFORMED_ADDRESS),
        ("?mail=a@example.com", catalogue::MALFORMED_ADDRESS),
        ("/a/b", catalogue::NO_SUCH_ROUTE),
    ] {
        let (status, document) = api.get(rest).await;
        assert!(is_problem(status, &document, kind), "{rest}: {status} {document}");
    }
    let (status, document) = api.upsert("ann@localhost").await;
    assert_eq!((status, &document["errors"][0]["pointer"]), (422, &json!("/email")));
    for body in ["{}", r#"{"email":null}"#, r#"{"email":"a@example.com","name":"x"}"#] {
        let request = api
            .http
            .post(format!("http://{}/api/identity/email/upsert", api.at))
            .header("content-type", "application/json");
        let (status, document) = answer(request.body(body)).await;
        assert_eq!((status, &document["title"]), (422, &json!(catalogue::INVALID_BODY.title)), "{body}");
    }
    assert_eq!(split.source.number("SELECT count(*) FROM svc.email_addresses").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_callers_get_one_identifier() {
    let split = migrated().await;
    let api = std::sync::Arc::new(Api::new(&split).await);
    for round in 0..20 {
        let racing = (0..64).map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.upsert(&format!("racer-{round}@example.com")).await })
        });
        let answers: Vec<_> = futures_of(racing).await;
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        let ids: HashSet<_> =
            answers.iter().map(|(_, body)| body["email_address_id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(answers.iter().filter(|(_, body)| body["created"] == json!(true)).count(), 1);
    }
    assert_eq!(split.source.number("SELECT count(*) FROM svc.email_addresses").await, 20);
}

async fn futures_of(tasks: impl Iterator<Item = tokio::task::JoinHandle<(u16, Value)>>) -> Vec<(u16, Value)> {
    let tasks: Vec<_> = tasks.collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_address_costs_no_write() {
    let split = migrated().await;
    let api = Api::new(&split).await;
    api.upsert("ann@example.com").await;
    let tuple = "SELECT xmin::text::bigint FROM svc.email_addresses";
    let before = split.source.number(tuple).await;
    // A transaction that only reads takes no number of its own.
    let next = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    let (from, _) = (split.source.number(next).await, ());
    for _ in 0..100 {
        api.upsert("ANN@example.com").await;
    }
    assert_eq!(split.source.number(tuple).await, before);
    assert!(split.source.number(next).await < from + 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identifiers_survive_a_cutover_under_load() {
    let split = migrated().await;
    let api = std::sync::Arc::new(Api::new(&split).await);
    split.prepare().await;
    until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let (api, stop) = (api.clone(), stop.clone());
            tokio::spawn(async move {
                let mut given = Vec::new();
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    // Half of the addresses are shared with the neighbour, so that known and new ones mix.
                    let email = format!("c{}-{}@example.com", caller / 2, given.len());
                    let (status, body) = api.upsert(&email).await;
                    assert_eq!(status, 200, "{body}");
                    given.push((email, body["email_address_id"].as_str().unwrap().to_owned()));
                }
                given
            })
        })
        .collect();
    let rows = "SELECT count(*) FROM svc.email_addresses";
    until("rows are written", || async { split.source.number(rows).await > 100 }).await;
    split.close_source().await;
    let moved = split.target.number(rows).await;
    until("rows are written on the other side", || async { split.target.number(rows).await > moved + 100 }).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut known = std::collections::HashMap::new();
    for caller in callers {
        for (email, id) in caller.await.unwrap() {
            assert_eq!(known.entry(email.clone()).or_insert_with(|| id.clone()), &id, "{email}");
        }
    }
    for (email, id) in &known {
        let (_, body) = api.upsert(email).await;
        assert_eq!((&body["email_address_id"], &body["created"]), (&json!(id), &json!(false)), "{email}");
    }
    assert_eq!(split.target.number(rows).await, i64::try_from(known.len()).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_wait_repeat_and_go_to_the_owner() {
    let split = Split::new("", &["email_addresses"]).await;
    let dir = tempfile::tempdir().unwrap();
    // Nothing there yet, and nothing comes: an error after the time given, not before and not never.
    let waited = migrate(&settings(dir.path(), "1s"), rerp_identity::migrations()).await;
    assert!(matches!(waited, Err(MigrationError::Binding(_))), "{waited:?}");

    // The file arrives while it waits; two pods at once; a third later finds nothing to do.
    let waiting = tokio::spawn({
        let settings = settings(dir.path(), "30s");
        async move { migrate(&settings, rerp_identity::migrations()).await }
    });
    std::fs::write(dir.path().join("current"), split.source.migrate()).unwrap();
    let second = settings(dir.path(), "30s");
    let (one, two) = tokio::join!(waiting, migrate(&second, rerp_identity::migrations()));
    one.unwrap().unwrap();
    two.unwrap();
    let owned = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
        WHERE n.nspname = 'svc' AND c.relkind = 'r' AND r.rolname = 'svc_owner'";
    let listed = i64::try_from(rerp_identity::tenants::TABLES.len()).unwrap();
    assert_eq!(split.source.number(owned).await, listed, "all tables of the list, that of migrations among them");

    // With schema changes refused, as an engine does during a split, an up-to-date schema is still fine.
    split
        .source
        .execute(
            "CREATE FUNCTION public.no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'frozen' USING ERRCODE = '42501'; END $$;
             CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION public.no_ddl()",
        )
        .await;
    migrate(&settings(dir.path(), "1s"), rerp_identity::migrations()).await.unwrap();
    split.source.execute("DROP EVENT TRIGGER no_ddl").await;

    // The target owns: that is where changes go; nobody owns: they wait.
    split.target.define("CREATE TABLE email_addresses (id uuid)").await;
    split.prepare().await;
    std::fs::write(dir.path().join("next"), split.target.migrate()).unwrap();
    split.source.execute("UPDATE rerp_split.owner SET is_owner = false, epoch = 2").await;
    let nobody = migrate(&settings(dir.path(), "0s"), rerp_identity::migrations()).await;
    assert!(matches!(nobody, Err(MigrationError::NobodyOwns)), "{nobody:?}");
    split
        .target
        .execute("UPDATE rerp_split.owner SET is_owner = true, epoch = 2; DROP TABLE svc.email_addresses")
        .await;
    migrate(&settings(dir.path(), "0s"), rerp_identity::migrations()).await.unwrap();
    assert_eq!(split.target.number(owned).await, listed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_verified_follows_from_the_two() {
    let split = migrated().await;
    split
        .source
        .define(
            "INSERT INTO email_addresses (id, email) VALUES (gen_random_uuid(), 'ann@example.com');
             INSERT INTO human_names (id, email_address_id) SELECT gen_random_uuid(), id FROM email_addresses;
             INSERT INTO verification_tracking (id, human_name_id, email_verified) SELECT gen_random_uuid(), id, true FROM human_names",
        )
        .await;
    let both = "SELECT both_verified::int::bigint FROM svc.verification_tracking";
    assert_eq!(split.source.number(both).await, 0);
    split.source.define("UPDATE verification_tracking SET phone_verified = true").await;
    assert_eq!(split.source.number(both).await, 1);
}
