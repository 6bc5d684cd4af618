//! What Identity tells others: a person is announced exactly once, by the proof that was missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::service::split_of;
use crate::support::{Split, open, until};
use futures::future::join_all;
use rerp_identity::announcing::{AT_ONCE, CROWD, Turn, turn};
use rerp_identity::domain::email::EmailAddress;
use rerp_identity::domain::otp::Channel;
use rerp_identity::domain::phone::PhoneNumber;
use rerp_identity::store::otp::{self, Challenge, Contact};
use rerp_identity::store::proof::{self, Owned};
use rerp_identity::store::upsert::{Upsert, Upserts};
use rerp_kit::pool::Db;
use sqlx::{AssertSqlSafe, Executor as _, raw_sql};
use uuid::Uuid;

const TABLES: [&str; 3] = ["email_addresses", "outbox_subjects", "outbox"];
const CREATED: &str = "SELECT count(*) FROM svc.outbox WHERE type = 'identity.email.created.v1'";
const VERIFIED: &str = "SELECT count(*) FROM svc.outbox WHERE type = 'identity.user.verified.v1'";

async fn world() -> (Split, Db) {
    let split = split_of(&TABLES, rerp_identity::migrations).await;
    let (db, _) = open(split.dir()).await;
    (split, db.at_work())
}

/// A person with an address and a telephone.
async fn person(split: &Split) -> Uuid {
    let id = Uuid::now_v7();
    split
        .source
        .define(&format!(
            "INSERT INTO email_addresses (id, email) VALUES ('{id}', '{id}@example.com');
             INSERT INTO human_names (id, email_address_id) VALUES ('{id}', '{id}');
             INSERT INTO mobile_numbers (id, human_name_id, phone_number) VALUES ('{id}', '{id}', '+491701234567')"
        ))
        .await;
    id
}

/// One proof, as a right code gives it; whether both are there then.
async fn prove(db: &Db, channel: Channel, human: Uuid) -> bool {
    let challenge = Challenge { id: Uuid::now_v7(), digest: vec![1; 32] };
    // Another contact each time: how often one may ask is not what this is about.
    let contact = Contact { channel, digest: challenge.id.as_bytes().to_vec() };
    assert!(otp::begin(db, &contact, &challenge).await.unwrap());
    let owned = match channel {
        Channel::Email => Owned::Email(human),
        Channel::Phone => Owned::Phone(human, PhoneNumber::parse("+491701234567").unwrap()),
        Channel::Invitation | Channel::Confirmation => unreachable!("it proves nothing"),
    };
    proof::record(db, &contact, challenge.id, &owned).await.unwrap().unwrap().both
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_announced_once_by_the_second_proof() {
    let (split, db) = world().await;
    split.source.events_come_last().await;
    for order in [[Channel::Email, Channel::Phone], [Channel::Phone, Channel::Email]] {
        let human = person(&split).await;
        let of_person = format!("{VERIFIED} AND subject = '{human}' AND data = '{{\"human_name_id\": \"{human}\"}}'");
        assert!(!prove(&db, order[0], human).await);
        assert!(!prove(&db, order[0], human).await, "the same one again");
        assert_eq!(split.source.number(&of_person).await, 0);
        assert!(prove(&db, order[1], human).await);
        assert_eq!(split.source.number(&of_person).await, 1);
        for channel in [Channel::Email, Channel::Phone] {
            assert!(prove(&db, channel, human).await);
        }
        assert_eq!(split.source.number(&of_person).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_proofs_at_the_same_moment_announce_once() {
    let (split, db) = world().await;
    for round in 1..=20 {
        let human = person(&split).await;
        let (one, other) = tokio::join!(prove(&db, Channel::Email, human), prove(&db, Channel::Phone, human));
        assert!(one != other, "one of them is the second");
        assert_eq!(split.source.number(VERIFIED).await, round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_verified_and_not_announced_is_announced_once() {
    let (split, db) = world().await;
    let mut people = Vec::new();
    for (email, phone) in [(true, true), (true, true), (true, true), (true, false)] {
        let human = person(&split).await;
        let old = "INSERT INTO verification_tracking (id, human_name_id, email_verified, phone_verified) VALUES";
        split.source.define(&format!("{old} ('{human}', '{human}', {email}, {phone})")).await;
        people.push(human);
    }
    // One of them proves something again before anybody looks.
    assert!(prove(&db, Channel::Phone, people[0]).await);
    assert_eq!(split.source.number(VERIFIED).await, 1);
    let told = join_all((0..4).map(|_| proof::announce_missed(&db, 1000))).await;
    assert_eq!(told.into_iter().map(Result::unwrap).sum::<i64>(), 2);
    // A program of before, while the rollout goes on.
    let half = format!("UPDATE verification_tracking SET phone_verified = true WHERE human_name_id = '{}'", people[3]);
    split.source.define(&half).await;
    assert_eq!(proof::announce_missed(&db, 1000).await.unwrap(), 1);
    for human in people {
        assert!(prove(&db, Channel::Email, human).await);
        let told = format!(
            "{VERIFIED} AND sequence = 1 AND data = '{{\"human_name_id\": \"{human}\"}}' AND subject = '{human}'"
        );
        assert_eq!(split.source.number(&told).await, 1);
    }
    assert_eq!((split.source.number(VERIFIED).await, proof::announce_missed(&db, 1000).await.unwrap()), (4, 0));
}

/// A platform of years that gets its bus: everybody is announced, a few at a time, and nobody while the bus is behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_missed_is_announced_at_a_pace_and_not_into_a_crowd() {
    let (split, db) = world().await;
    let some = i64::from(AT_ONCE) + 3;
    for _ in 0..some {
        let human = person(&split).await;
        let old = "INSERT INTO verification_tracking (id, human_name_id, email_verified, phone_verified) VALUES";
        split.source.define(&format!("{old} ('{human}', '{human}', true, true)")).await;
    }
    let crowd = format!(
        "INSERT INTO outbox (id, type, subject, sequence, data) \
         SELECT gen_random_uuid(), 'identity.email.created.v1', gen_random_uuid(), 1, '{{}}' FROM generate_series(1, {CROWD})"
    );
    split.source.define(&crowd).await;
    assert_eq!((turn(&db).await.unwrap(), split.source.number(VERIFIED).await), (Turn::Crowded, 0));
    // What was given up waits for a person, and is no crowd.
    split.source.define("UPDATE outbox SET dead_at = now()").await;
    assert_eq!(turn(&db).await.unwrap(), Turn::More(AT_ONCE.into()));
    assert_eq!(split.source.number(VERIFIED).await, i64::from(AT_ONCE));
    assert_eq!((turn(&db).await.unwrap(), turn(&db).await.unwrap()), (Turn::Last(3), Turn::Last(0)));
    assert_eq!(split.source.number(VERIFIED).await, some);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_announced_with_its_identifier_and_nothing_else() {
    let (split, db) = world().await;
    let address = EmailAddress::parse("ann@example.com").unwrap();
    let upserts = Upserts::new(&db);
    let racing = (0..16).map(|_| upserts.upsert(address.clone()));
    let answers: Vec<Upsert> = join_all(racing).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.created).count(), 1);
    assert_eq!(split.source.number(CREATED).await, 1);
    let told = format!("{CREATED} AND data = '{{\"email_address_id\": \"{}\"}}'", answers[0].id);
    assert_eq!(split.source.number(&told).await, 1);
    let personal = "SELECT count(*) FROM svc.outbox AS o WHERE o::text LIKE '%@%' OR o::text LIKE '%ann%'";
    assert_eq!(split.source.number(personal).await, 0);
}

/// New addresses are written at any rate while a cutover locks the tables, from the oldest to the youngest and with short patience, as the engine
/// does. A statement that took them in another order would be in a deadlock with it nearly every time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cutover_does_not_wait_for_an_upsert_that_waits_for_it() {
    let (split, db) = world().await;
    let (done, upserts) = (Arc::new(AtomicBool::new(false)), Upserts::new(&db));
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let (upserts, done) = (upserts.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let address = EmailAddress::parse(&format!("{}@example.com", Uuid::now_v7())).unwrap();
                    assert!(upserts.upsert(address).await.unwrap().created);
                }
            })
        })
        .collect();
    until("statements are prepared", || async { split.source.number(CREATED).await > 200 }).await;
    let mut cutover = split.source.server.admin("data").await;
    let tables: String = sqlx::query_scalar(
        "SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid) FROM pg_class WHERE relnamespace = 'svc'::regnamespace AND relkind = 'r'",
    )
    .fetch_one(&mut cutover)
    .await
    .unwrap();
    let lock = format!(
        "BEGIN; SET LOCAL lock_timeout = '100ms'; SET LOCAL deadlock_timeout = '20ms'; SET LOCAL statement_timeout = '150ms';
         LOCK TABLE {tables} IN EXCLUSIVE MODE"
    );
    let (mut locked, mut deadlocks) = (0, 0);
    for _ in 0..30 {
        match cutover.execute(raw_sql(AssertSqlSafe(lock.clone()))).await {
            Ok(_) => locked += 1,
            Err(error) => {
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                deadlocks += u32::from(code.as_deref() == Some("40P01"));
            }
        }
        cutover.execute(raw_sql("ROLLBACK")).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(deadlocks, 0, "of 30, {locked} got the lock");
    assert!(locked > 0);
}
