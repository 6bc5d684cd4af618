//! What people may ask of their data: it is given to them, and it is gone when they say so, with receipts. The real router and gRPC on a real database.

use std::net::SocketAddr;

use crate::support::answer::{Answer, request};
use crate::support::rights::{forgotten, holding};
use crate::support::service::{client, serve, split_of};
use crate::support::{Split, open, until, visitor};
use rerp_identity::rights::{HELD, LIFETIMES};
use rerp_identity::store::{erasure, hook};
use rerp_kit::access::Caller;
use rerp_kit::client::{Repeat, ServiceClient};
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::Db;
use rerp_kit::problem::catalogue;
use rerp_proto::identity::v1::rights_service_client::RightsServiceClient;
use rerp_proto::identity::v1::{ErasedTable, ListErasuresRequest, ReportErasureRequest};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _, raw_sql};

const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
/// Of one person, in every table that may hold something of hers.
const NEEDLES: [&str; 5] =
    ["needle.one@example.com", "needle.two@example.com", "Needlename", "needle.user", "+491701234567"];

struct World {
    split: Split,
    at: SocketAddr,
    db: Db,
    grpc: ServiceClient,
}

impl World {
    /// Ann, who had another address before.
    async fn start() -> Self {
        let split = split_of(&["email_addresses"], rerp_identity::migrations).await;
        let (db, _) = open(split.dir()).await;
        let at = serve(rerp_identity::router(db.clone())).await;
        let world = Self { split, at, db: db.at_work(), grpc: client("identity", at, &Metrics::new().unwrap()) };
        let body = json!({ "email": NEEDLES[0], "first_name": NEEDLES[2], "username": NEEDLES[3], "phone_number": NEEDLES[4] });
        assert_eq!(world.send("POST", "", &[("idempotency-key", ANN)], Some(&body)).await.status, 201);
        let body = json!({ "email": NEEDLES[1] });
        let moved = world.send("PUT", &format!("/{ANN}/email"), &[("if-match", "*")], Some(&body)).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        world
    }

    async fn send(&self, method: &str, rest: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let url = format!("http://{}/api/identity/user{rest}", self.at);
        Answer::to(request(&visitor(), method, url, headers, body)).await
    }

    async fn erasure(&self) -> Answer {
        self.send("GET", &format!("/{ANN}/erasure"), &[], None).await
    }

    /// Erasures that a service is asked for: identifier, and how many addresses.
    async fn due(&self, service: &str) -> Vec<(String, usize)> {
        let message = ListErasuresRequest { service: service.to_owned() };
        let ask = |line, request| async move { RightsServiceClient::new(line).list_erasures(request).await };
        let due = self.grpc.call(message, Repeat::Idempotent, ask).await.unwrap().erasures;
        due.into_iter().map(|one| (one.erasure_id, one.email_address_ids.len())).collect()
    }

    async fn report(&self, service: &str, id: &str, rows: i64) -> bool {
        let table = ErasedTable { table: "accounts".to_owned(), done: "kept".to_owned(), rows };
        let (service, erasure_id) = (service.to_owned(), id.to_owned());
        let message = ReportErasureRequest { service, erasure_id, tables: vec![table] };
        let ask = |line, request| async move { RightsServiceClient::new(line).report_erasure(request).await };
        self.grpc.call(message, Repeat::Idempotent, ask).await.is_ok()
    }

    async fn found(&self, needle: &str) -> Vec<&'static str> {
        holding(&self.split.source, LIFETIMES, needle).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_forgotten() {
    let split = split_of(&["email_addresses"], rerp_identity::migrations).await;
    assert_eq!(forgotten(&split.source, HELD, LIFETIMES).await, (0, 0));
    let more = "CREATE TABLE notes (id uuid PRIMARY KEY, human_name_id uuid)";
    split.source.define(more).await;
    assert_eq!(forgotten(&split.source, HELD, LIFETIMES).await, (1, 1), "the positive control");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_takes_along_everything_and_it_is_noted() {
    let world = World::start().await;
    let answer = world.send("GET", &format!("/{ANN}/export"), &[], None).await;
    assert_eq!(
        (answer.status, answer.text("service"), answer.text("human_name_id")),
        (200, "identity".to_owned(), ANN.to_owned())
    );
    for needle in NEEDLES {
        assert!(answer.text.contains(needle), "{needle} in {}", answer.text);
    }
    assert!(!answer.text.contains("verification_code\":") && answer.text.contains("hidden"), "{}", answer.text);
    let noted = format!("SELECT count(*) FROM svc.rights_log WHERE action = 'export' AND human_name_id = '{ANN}'");
    assert_eq!(world.split.source.number(&noted).await, 1);
    let nobody = world.send("GET", &format!("/{}/export", ANN.replace("0001", "0009")), &[], None).await;
    assert!(nobody.is(catalogue::NOT_FOUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erasure_nothing_says_who_it_was() {
    let world = World::start().await;
    for needle in NEEDLES {
        assert!(!world.found(needle).await.is_empty(), "the positive control: {needle}");
    }
    let signed_in = format!("INSERT INTO sessions (id, subject, aal) VALUES ('{ANN}', '{ANN}', 'aal1')");
    world.split.source.define(&signed_in).await;
    let known = async || hook::known(&world.db, ANN.parse().unwrap()).await.unwrap();
    assert!(known().await.is_some());
    world.split.source.events_come_last().await;
    assert!(world.erasure().await.is(catalogue::NOT_FOUND));
    let (first, second) = (
        world.send("DELETE", &format!("/{ANN}"), &[], None).await,
        world.send("DELETE", &format!("/{ANN}"), &[], None).await,
    );
    assert_eq!((first.status, second.status, first.text("erasure_id")), (202, 202, second.text("erasure_id")));
    for needle in NEEDLES {
        assert_eq!(world.found(needle).await, [""; 0], "{needle}");
    }
    // Her sign-ins have ended, and she gets no token for another one.
    assert_eq!(world.split.source.number("SELECT count(*) FROM svc.sessions").await, 0);
    assert!(known().await.is_none());
    for path in ["", "/export"] {
        assert!(world.send("GET", &format!("/{ANN}{path}"), &[], None).await.is(catalogue::NOT_FOUND), "{path}");
    }
    let told = "SELECT count(*) FROM svc.outbox WHERE type = 'identity.user.erased.v1'";
    assert_eq!(world.split.source.number(told).await, 1);
    // The identifier is never given again, and the address is free for whoever has it.
    let body = json!({ "email": NEEDLES[0] });
    let key = [("idempotency-key", ANN)];
    let again = world.send("POST", "", &key, Some(&body)).await;
    assert!(again.is(catalogue::KEY_REUSED) || again.is(catalogue::ID_TAKEN), "{}", again.text);
    assert_eq!(world.send("POST", "", &[], Some(&body)).await.status, 201);
}

/// Whoever makes the address theirs while it is being erased keeps it: the erasure waits, and finds that it is theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_becoming_another_one_s_is_not_erased() {
    let world = World::start().await;
    let mut other = world.split.source.server.admin("data").await;
    let begun = format!(
        "BEGIN; INSERT INTO svc.human_names (id, email_address_id) \
         SELECT gen_random_uuid(), email_address_id FROM svc.former_addresses WHERE human_name_id = '{ANN}'"
    );
    other.execute(raw_sql(AssertSqlSafe(begun))).await.unwrap();
    let (db, ann) = (world.db.clone(), ANN.parse().unwrap());
    let erasing = tokio::spawn(async move { erasure::begin(&db, ann, &Caller::Unchecked).await });
    until("it waits for the address", || async {
        world.split.source.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await == 1
    })
    .await;
    other.execute(raw_sql("COMMIT")).await.unwrap();
    assert!(erasing.await.unwrap().unwrap());
    assert_eq!((world.found(NEEDLES[0]).await, world.found(NEEDLES[1]).await), (vec!["email_addresses"], vec![]));
    assert_eq!(world.split.source.number("SELECT cardinality(addresses)::bigint FROM svc.erasures").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_is_over_when_everybody_has_given_a_receipt() {
    let world = World::start().await;
    let id = world.send("DELETE", &format!("/{ANN}"), &[], None).await.text("erasure_id");
    let state = world.erasure().await;
    assert_eq!(
        (&state.body["state"], &state.body["missing"]),
        (&json!("open"), &json!(["account", "billing", "fte", "marketing"]))
    );
    assert_eq!(erasure::open(&world.db).await.unwrap(), (1, 0));
    let late = "UPDATE svc.erasures SET requested_at = now() - interval '2 hours'";
    world.split.source.define(late).await;
    assert_eq!(
        (&world.erasure().await.body["state"], erasure::open(&world.db).await.unwrap()),
        (&json!("overdue"), (1, 1))
    );
    for service in ["account", "billing", "fte", "marketing"] {
        assert_eq!(world.due(service).await, [(id.clone(), 2)], "{service}");
        // An answer that was lost is asked for again; the first receipt stands.
        assert!(world.report(service, &id, 1).await && world.report(service, &id, 7).await);
        assert!(world.due(service).await.is_empty());
    }
    let state = world.erasure().await;
    assert_eq!((&state.body["state"], &state.body["missing"]), (&json!("completed"), &json!([])));
    let account = state.body["receipts"].as_array().unwrap().iter().find(|one| one["service"] == "account").unwrap();
    assert_eq!(account["tables"], json!([{ "table": "accounts", "done": "kept", "rows": 1 }]));
    assert_eq!(erasure::open(&world.db).await.unwrap(), (0, 0));
    assert!(!world.report("gateway", &id, 1).await, "it holds nothing of people");
    assert!(!world.report("account", &id, -1).await);
}
