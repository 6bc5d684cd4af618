//! For whom transactions work, as policies on real servers see it: told with each transaction, gone with it, and the same on both sides of a split.

use crate::support::{Split, open, pool_settings};
use rerp_kit::access::{Assurance, Caller};
use rerp_kit::config::PoolSettings;
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

const DDL: &str = "CREATE TABLE notes (id uuid PRIMARY KEY, whose uuid NOT NULL);
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON notes USING (whose = NULLIF(current_setting('rerp.subject', true), '')::uuid
        OR whose::text = ANY (string_to_array(current_setting('rerp.accounts', true), ',')));
    CREATE POLICY platform ON notes USING (current_setting('rerp.work', true) = 'on')";
const ANN: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const ACCOUNT: Uuid = Uuid::from_u128(3);

/// A note of Ann's, one of Bob's, and one of an account's.
async fn split() -> Split {
    let split = Split::new(DDL, &["notes"]).await;
    let rows = [ANN, BOB, ACCOUNT].map(|whose| format!("(gen_random_uuid(), '{whose}')")).join(", ");
    split.source.define(&format!("INSERT INTO notes VALUES {rows}")).await;
    split
}

fn person(id: Uuid) -> Caller {
    Caller::Person { id, assurance: Assurance::First }
}

/// How many notes are seen, by one statement and in a transaction.
async fn seen(db: &Db) -> (i64, i64) {
    let count = "SELECT count(*) FROM notes";
    let one = db.run(&(), move |tx, ()| Box::pin(async move { sqlx::query_scalar(count).fetch_one(tx.conn()).await }));
    let two = db
        .transaction(&(), move |tx, ()| Box::pin(async move { sqlx::query_scalar(count).fetch_one(tx.conn()).await }));
    (one.await.unwrap(), two.await.unwrap())
}

async fn note(db: &Db, whose: Uuid) -> Result<(), DbError> {
    db.transaction(&whose, |tx, whose| {
        Box::pin(async move {
            let note = sqlx::query("INSERT INTO notes (id, whose) VALUES (gen_random_uuid(), $1)").bind(whose);
            note.execute(tx.conn()).await.map(drop)
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_connection_was_told_ends_with_the_transaction() {
    let split = split().await;
    let metrics = Metrics::new().unwrap();
    // One connection for all of them.
    let settings = PoolSettings { max_connections: 1, min_connections: 1, ..pool_settings(split.dir(), "pod") };
    let db = Db::open(settings, metrics.pool.clone()).await.unwrap();
    let reaching = format!("SELECT set_config('rerp.accounts', '{ACCOUNT}', true)");
    let reaching = db.clone().reaching(reaching.leak());
    for _ in 0..2 {
        assert_eq!(seen(&db.on_behalf(&person(ANN))).await, (1, 1));
        assert_eq!(seen(&db).await, (0, 0), "after Ann");
        assert_eq!(seen(&reaching.on_behalf(&person(BOB))).await, (2, 2), "Bob's, and the account's");
        assert_eq!(seen(&reaching.on_behalf(&Caller::Nobody)).await, (0, 0));
        assert_eq!(seen(&db.at_work()).await, (3, 3));
        assert_eq!(seen(&db.at_work_for(&person(ANN))).await, (3, 3), "whose rows it means the statement says");
        assert_eq!(seen(&db.at_work().on_behalf(&Caller::Nobody)).await, (0, 0), "a handle says one thing");
        // A transaction that fails leaves nothing behind either.
        assert!(matches!(note(&db.on_behalf(&person(ANN)), BOB).await, Err(DbError::Refused(_))));
        assert_eq!(seen(&db).await, (0, 0), "after a refusal");
    }
    for caller in [Caller::Unchecked, Caller::Service("fte".into())] {
        assert_eq!(seen(&db.on_behalf(&caller)).await, (3, 3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_stay_whose_they_are_when_they_move() {
    let split = split().await;
    let (db, metrics) = open(split.dir()).await;
    let ann = db.on_behalf(&person(ANN));
    note(&ann, ANN).await.unwrap();
    split.prepare().await;
    split.close_source().await;
    // The first request finds the source closed, and its repetition on the target says for whom it is again.
    note(&ann, ANN).await.unwrap();
    assert_eq!(metrics.pool.switches.with_label_values(&["next"]).get(), 1);
    assert_eq!(seen(&ann).await, (3, 3));
    assert_eq!(seen(&db).await, (0, 0));
    assert_eq!(seen(&db.at_work()).await, (5, 5));
    assert!(matches!(note(&ann, BOB).await, Err(DbError::Refused(_))));
}
