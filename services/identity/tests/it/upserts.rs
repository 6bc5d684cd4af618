//! Addresses that many ask for at once: from any number of pods one identifier each, one maker, one event; also when answers get lost and rows are refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::proxy::cutting;
use crate::support::service::home_of;
use crate::support::{Home, open, until};
use futures::future::join_all;
use rerp_identity::domain::email::EmailAddress;
use rerp_identity::store::upsert::{Upsert, Upserts};
use rerp_kit::batch::BatchError;
use rerp_kit::http::context::Context;
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::DbError;
use sqlx::{Executor as _, raw_sql};
use uuid::Uuid;

const ROWS: &str = "SELECT count(*) FROM svc.email_addresses";
const EVENTS: &str = "SELECT count(*) FROM svc.outbox";
/// Addresses without exactly one event that tells of them, the first of its subject, in the words of the catalogue.
const UNTOLD: &str = "SELECT count(*) FROM svc.email_addresses AS e WHERE (SELECT count(*) FROM svc.outbox AS o WHERE o.subject = e.id AND o.sequence = 1 \
     AND o.type = 'identity.email.created.v1' AND o.data = jsonb_build_object('email_address_id', e.id)) <> 1";

fn address(name: impl std::fmt::Display) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

/// A pod: its own connections and batches.
async fn pod(dir: &std::path::Path) -> (Upserts, Metrics) {
    let (db, metrics) = open(dir).await;
    (Upserts::new(&db), metrics)
}

/// Statements that were sent for these batches, and the calls they were sent for.
fn batches(metrics: &Metrics, name: &str) -> (u64, u64) {
    let sizes = metrics.pool.batches.with_label_values(&[name]);
    // Whole numbers of calls, summed.
    let calls = format!("{:.0}", sizes.get_sample_sum()).parse().unwrap();
    (sizes.get_sample_count(), calls)
}

/// Every address has one identifier and was made by one call.
fn one_each(answers: &[(String, Upsert)]) -> HashMap<&str, Uuid> {
    let mut made: BTreeMap<&str, u32> = BTreeMap::new();
    let mut ids = HashMap::new();
    for (email, answer) in answers {
        assert_eq!(*ids.entry(email.as_str()).or_insert(answer.id), answer.id, "{email}");
        *made.entry(email).or_default() += u32::from(answer.created);
    }
    assert!(made.values().all(|count| *count == 1), "each is made once: {made:?}");
    ids
}

/// Asks a pod for an address.
async fn ask(upserts: &Upserts, name: String) -> (String, Upsert) {
    let answer = upserts.upsert(address(&name)).await.unwrap();
    (name, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_pods_and_callers_get_one_identifier_for_each_address() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    let pods = [pod(dir.path()).await, pod(dir.path()).await];
    let mut all = Vec::new();
    for round in 0..5_usize {
        // Each address from both pods, several times, in another order each time; half of the addresses of a round are known from the one before.
        let calls = (0..600_usize).map(|n| {
            let name = format!("a{}", round * 50 + (n * 37 + round) % 100);
            ask(&pods[(n / 100) % 2].0, name)
        });
        all.extend(join_all(calls).await);
    }
    let ids = one_each(&all);
    assert_eq!((ids.len(), home.number(ROWS).await), (300, 300));
    assert_eq!((home.number(EVENTS).await, home.number(UNTOLD).await), (300, 0));
    for (upserts, metrics) in &pods {
        let (statements, calls) = batches(metrics, "known_addresses");
        assert_eq!(calls, 1500);
        assert!(statements < calls, "{statements} statements for {calls} calls");
        assert_eq!(metrics.pool.retries.with_label_values(&["deadlock"]).get(), 0, "batches go in one order");
        let (made_in, _) = batches(metrics, "new_addresses");
        let again = upserts.upsert(address("a7")).await.unwrap();
        assert_eq!(again, Upsert { id: ids["a7"], created: false });
        assert_eq!(batches(metrics, "new_addresses").0, made_in, "what is known isn't written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_names_the_request_that_asked() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    let (upserts, _) = pod(dir.path()).await;
    let asking = (0..20).map(|n| {
        let request = format!("request-{n}");
        let context = Context::of_cause(Some(&request), Duration::from_secs(20));
        context.scope(ask(&upserts, format!("a{n}")))
    });
    for (n, (_, answer)) in join_all(asking).await.into_iter().enumerate() {
        let told = format!("{EVENTS} WHERE subject = '{}' AND trace = 'request-{n}'", answer.id);
        assert_eq!(home.number(&told).await, 1, "{n}");
    }
}

/// The statement that makes addresses names the type of their events, and no other message does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_nothing_twice_and_hides_nothing_that_was_made() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    let cuts = Arc::new(AtomicUsize::new(0));
    let through = cutting(&home, b"identity.email.created.v1", cuts.clone()).await;
    std::fs::write(dir.path().join("current"), through).unwrap();
    let (upserts, metrics) = pod(dir.path()).await;
    for round in 1..=3_i64 {
        cuts.store(1, Ordering::SeqCst);
        let calls = (0..48).map(|n| ask(&upserts, format!("r{round}-{}", n % 16)));
        let answers = join_all(calls).await;
        assert_eq!(one_each(&answers).len(), 16);
        assert_eq!(cuts.load(Ordering::SeqCst), 0, "an answer was lost");
        assert_eq!((home.number(ROWS).await, home.number(EVENTS).await), (round * 16, round * 16));
    }
    assert_eq!(home.number(UNTOLD).await, 0);
    assert!(metrics.pool.retries.with_label_values(&["in_doubt"]).get() >= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_refused_fails_whoever_asked_for_it_and_nobody_else() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    home.define("ALTER TABLE email_addresses ADD CHECK (email <> 'never@example.com')").await;
    let (upserts, metrics) = pod(dir.path()).await;
    // Held up, so that what is asked meanwhile goes together.
    let mut holder = home.server.admin("data").await;
    holder.execute(raw_sql("BEGIN; LOCK TABLE svc.email_addresses IN SHARE MODE")).await.unwrap();
    let early: Vec<_> = (0..3).map(|n| spawn(&upserts, format!("early{n}"))).collect();
    waiting(&home, 1).await;
    let late: Vec<_> = ["a", "never", "z", "never"].map(|name| spawn(&upserts, name.to_owned())).into();
    until("they were looked for", || async { batches(&metrics, "known_addresses").1 == 7 }).await;
    holder.execute(raw_sql("COMMIT")).await.unwrap();
    let (mut refused, mut answered) = (0, 0);
    for asked in early.into_iter().chain(late) {
        match asked.await.unwrap() {
            (name, Ok(answer)) => {
                assert!(answer.created, "{name}");
                answered += 1;
            }
            (name, Err(BatchError::Failed(error))) => {
                assert!(matches!(&*error, DbError::Refused(_)), "{error:?}");
                assert_eq!(name, "never");
                refused += 1;
            }
            (name, Err(error)) => panic!("{name}: {error}"),
        }
    }
    assert_eq!((answered, refused), (5, 2));
    assert_eq!((home.number(ROWS).await, home.number(EVENTS).await, home.number(UNTOLD).await), (5, 5, 0));
}

type Told = (String, Result<Upsert, BatchError<DbError>>);

fn spawn(upserts: &Upserts, name: String) -> tokio::task::JoinHandle<Told> {
    let upserts = upserts.clone();
    tokio::spawn(async move {
        let told = upserts.upsert(address(&name)).await;
        (name, told)
    })
}

/// Waits until so many statements of the service wait for a lock.
async fn waiting(home: &Home, count: i64) {
    let blocked =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%' AND wait_event_type = 'Lock'";
    until("statements wait for the lock", || async { home.number(blocked).await >= count }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_what_is_known_waits_for_nobodys_write() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    home.define("INSERT INTO email_addresses (id, email) VALUES (gen_random_uuid(), 'known@example.com')").await;
    let (upserts, _) = pod(dir.path()).await;
    let mut holder = home.server.admin("data").await;
    let making = "BEGIN; INSERT INTO svc.email_addresses (id, email) VALUES ('00000000-0000-0000-0000-000000000007', 'new@example.com')";
    holder.execute(raw_sql(making)).await.unwrap();
    let held = spawn(&upserts, "new".to_owned());
    waiting(&home, 1).await;
    let known = join_all((0..200).map(|_| ask(&upserts, "known".to_owned()))).await;
    assert!(known.iter().all(|(_, answer)| !answer.created));
    // Nor do others who make something else.
    assert!(ask(&upserts, "other".to_owned()).await.1.created);
    holder.execute(raw_sql("COMMIT")).await.unwrap();
    let (_, told) = held.await.unwrap();
    assert_eq!(told.unwrap(), Upsert { id: Uuid::from_u128(7), created: false });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_goes_away_leaves_the_others_their_address() {
    let (home, dir) = home_of(rerp_identity::migrations()).await;
    let (upserts, _) = pod(dir.path()).await;
    let mut holder = home.server.admin("data").await;
    holder.execute(raw_sql("BEGIN; LOCK TABLE svc.email_addresses IN SHARE MODE")).await.unwrap();
    let first = spawn(&upserts, "ann".to_owned());
    waiting(&home, 1).await;
    let hurried = Context::of_cause(None, Duration::from_millis(100)).scope(upserts.upsert(address("bob"))).await;
    assert!(matches!(hurried, Err(BatchError::Late | BatchError::Failed(_))), "{hurried:?}");
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    holder.execute(raw_sql("COMMIT")).await.unwrap();
    // The statement goes on without whoever asked for it.
    until("the address is there", || async { home.number(&format!("{ROWS} WHERE email LIKE 'ann@%'")).await == 1 })
        .await;
    assert!(!ask(&upserts, "ann".to_owned()).await.1.created);
    assert_eq!(home.number(UNTOLD).await, 0);
}
