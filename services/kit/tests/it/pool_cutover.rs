//! What a service's requests see of a cutover: latency. Two real servers, the real journal, nobody to open the target
//! but the requests themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::support::{Split, open, until};
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

const DDL: &str = "CREATE TABLE ledger (id uuid PRIMARY KEY, writer int NOT NULL, n bigint NOT NULL)";
const WRITERS: u64 = 16;

async fn write(db: &Db, id: Uuid, writer: i32, n: i64) -> Result<(), DbError> {
    db.transaction(&(id, writer, n), |tx, (id, writer, n)| {
        Box::pin(async move {
            sqlx::query("INSERT INTO ledger (id, writer, n) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(writer)
                .bind(n)
                .execute(tx.conn())
                .await?;
            Ok(())
        })
    })
    .await
}

struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    writers: Vec<tokio::task::JoinHandle<i64>>,
}

/// Writers that write one row after the other and fail the test at the first error.
fn load(db: &Db) -> Load {
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, stop, acknowledged) = (db.clone(), stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    write(&db, Uuid::now_v7(), i32::try_from(writer).unwrap(), n).await.expect("no request fails");
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                    n += 1;
                }
                n
            })
        })
        .collect();
    Load { stop, acknowledged, writers }
}

impl Load {
    async fn more(&self, writes: u64) {
        let from = self.acknowledged.load(Ordering::Relaxed);
        until("more is written", || async { self.acknowledged.load(Ordering::Relaxed) >= from + writes }).await;
    }

    async fn end(self) -> i64 {
        self.stop.store(true, Ordering::Relaxed);
        let mut total = 0;
        for writer in self.writers {
            total += writer.await.unwrap();
        }
        total
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_in_a_cutover_and_each_connection_pays_once() {
    let split = Split::new(DDL, &["ledger"]).await;
    let (db, metrics) = open(split.dir()).await;
    let load = load(&db);
    load.more(200).await;
    split.prepare().await;
    // The other side is as warm as this one before anything happens.
    until("both sides have as many connections", || async {
        split.target.connections().await >= split.source.connections().await
    })
    .await;
    load.more(200).await;

    split.close_source().await;
    load.more(500).await;
    split.complete();
    load.more(200).await;
    let acknowledged = load.end().await;

    // Lost: acknowledged and not there. Doubled: can't be, the ids are unique; counted all the same.
    assert_eq!(split.target.number("SELECT count(*) FROM svc.ledger").await, acknowledged);
    let gaps =
        "SELECT count(*) FROM (SELECT writer, count(*) c, max(n) m FROM svc.ledger GROUP BY writer) w WHERE c <> m + 1";
    assert_eq!(split.target.number(gaps).await, 0);
    let after = "SELECT count(*) FROM svc.ledger WHERE id > (SELECT id FROM svc.ledger ORDER BY id DESC LIMIT 1)";
    assert_eq!(split.source.number(after).await, 0);

    let retries = metrics.pool.retries.with_label_values(&["closed"]).get();
    assert!((1..=10).contains(&retries), "one retry per connection at most, not {retries}");
    assert_eq!(metrics.pool.switches.with_label_values(&["next"]).get(), 1);
    assert_eq!(metrics.pool.lookups.with_label_values(&["opened"]).get(), 1, "opened by us, once");
    for outcome in ["refused", "gave_up", "no_connection", "in_doubt"] {
        assert_eq!(metrics.pool.failures.with_label_values(&[outcome]).get(), 0, "{outcome}");
    }
}

/// The server keeps what it knows of an index in a memory context of that name: once it has planned with it.
const PLANNED: &str =
    "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'index info' AND ident = 'ledger_pkey'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_the_other_side_have_planned_what_requests_run() {
    let split = Split::new(DDL, &["ledger"]).await;
    for home in [&split.source, &split.target] {
        home.execute("GRANT pg_read_all_stats TO svc_app").await;
    }
    let (db, metrics) = open(split.dir()).await;
    write(&db, Uuid::now_v7(), 0, 0).await.unwrap();
    let pool = &metrics.pool;
    let rehearsed_since =
        |rehearsals: u64| async move { pool.rehearsals.get() > rehearsals && pool.rehearsed.get() >= 2 };

    // As in a migration: the address of the target is there before its tables, and the tables before their indexes.
    split.target.execute("DROP TABLE svc.ledger").await;
    split.bind(Some(&split.source.app()), Some(&split.target.app()));
    until("connections have rehearsed on nothing", || rehearsed_since(0)).await;
    let on_nothing = pool.rehearsals.get();
    split.target.define("CREATE TABLE ledger (id uuid NOT NULL, writer int NOT NULL, n bigint NOT NULL)").await;
    split.prepare().await;
    until("they have noticed the table", || rehearsed_since(on_nothing)).await;
    let without_index = pool.rehearsals.get();
    split.target.define("ALTER TABLE ledger ADD PRIMARY KEY (id)").await;
    until("they have noticed the index", || rehearsed_since(without_index)).await;

    split.close_source().await;
    let asked = (0..2).map(|_| db.transaction(&(), |tx, ()| Box::pin(planned(tx))));
    for indexes in futures::future::join_all(asked).await {
        assert!(indexes.unwrap() > 0, "cold");
    }
    assert_eq!(pool.switches.with_label_values(&["next"]).get(), 1);
}

/// Indexes that this session knows. The source is closed and refuses what follows, so this is the first statement of a
/// request on the target.
async fn planned(tx: &mut Session) -> Result<i64, sqlx::Error> {
    let indexes = sqlx::query_scalar(PLANNED).fetch_one(tx.conn()).await?;
    sqlx::query("SELECT n FROM ledger").fetch_all(tx.conn()).await?;
    Ok(indexes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_does_not_own_is_kept_warm_and_never_used() {
    let mut split = Split::new(DDL, &["ledger"]).await;
    let (db, metrics) = open(split.dir()).await;
    write(&db, Uuid::now_v7(), 0, 0).await.unwrap();
    split.prepare().await;
    until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
    let named = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rerp/test/pod' AND state = 'idle' AND usename = 'svc_app_a'";
    assert!(split.target.number(named).await >= 2);
    write(&db, Uuid::now_v7(), 0, 1).await.unwrap();
    assert_eq!(split.source.number("SELECT count(*) FROM svc.ledger").await, 2);

    // Not even when the owner is gone.
    split.source.server.stop("INT");
    let failed = write(&db, Uuid::now_v7(), 0, 2).await.unwrap_err();
    assert!(matches!(failed, DbError::GaveUp { .. } | DbError::NoConnection), "{failed:?}");
    assert_eq!(split.target.number("SELECT count(*) FROM svc.ledger").await, 0);
    assert_eq!(metrics.pool.switches.with_label_values(&["next"]).get(), 0);
    until("the handle says so", || async { !db.is_alive() }).await;

    split.source.server.boot();
    until("the owner is back", || async { write(&db, Uuid::now_v7(), 0, 3).await.is_ok() }).await;
    until("the handle says so", || async { db.is_alive() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_current_becomes_what_next_was_its_connections_stay() {
    let split = Split::new(DDL, &["ledger"]).await;
    let (db, metrics) = open(split.dir()).await;
    split.prepare().await;
    until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
    split.close_source().await;
    write(&db, Uuid::now_v7(), 0, 0).await.unwrap();
    let pids = "SELECT coalesce(sum(pid), 0) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%'";
    let before = split.target.number(pids).await;
    split.complete();
    until("the old side is let go", || async { split.source.connections().await == 0 }).await;
    write(&db, Uuid::now_v7(), 0, 1).await.unwrap();
    assert_eq!(split.target.number(pids).await, before);
    assert_eq!(metrics.pool.active.with_label_values(&["current"]).get(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_that_starts_late_finds_the_owner_before_its_first_request() {
    let split = Split::new(DDL, &["ledger"]).await;
    split.prepare().await;
    split.close_source().await;
    // Nobody has opened the target; the newcomer does.
    let (db, metrics) = open(split.dir()).await;
    write(&db, Uuid::now_v7(), 0, 0).await.unwrap();
    assert_eq!(metrics.pool.retries.with_label_values(&["closed"]).get(), 0);
    assert_eq!(metrics.pool.active.with_label_values(&["next"]).get(), 1);

    // Nor does the death of the source matter to one that comes later still.
    let mut split = split;
    split.source.server.stop("QUIT");
    let (late, _) = open(split.dir()).await;
    write(&late, Uuid::now_v7(), 0, 1).await.unwrap();
    assert_eq!(split.target.number("SELECT count(*) FROM svc.ledger").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_side_with_nobody_to_open_fails_within_the_budget_and_writes_nothing() {
    let split = Split::new(DDL, &["ledger"]).await;
    let (db, _) = open(split.dir()).await;
    split.prepare().await;
    until("the next side is bound", || async { split.target.connections().await >= 2 }).await;
    split.close_source_only().await;
    let failed = write(&db, Uuid::now_v7(), 0, 0).await.unwrap_err();
    assert!(matches!(failed, DbError::GaveUp { reason: "closed", .. }), "{failed:?}");

    // What was closed is taken back: requests find it without being told.
    split
        .source
        .execute(
            "BEGIN; UPDATE rerp_split.owner SET epoch = epoch + 1, is_owner = true, proof = NULL;
             DROP TRIGGER rerp_split_guard ON svc.ledger; GRANT SELECT, INSERT, UPDATE, DELETE ON svc.ledger TO svc_app; COMMIT",
        )
        .await;
    tokio::time::timeout(Duration::from_secs(5), write(&db, Uuid::now_v7(), 0, 1)).await.unwrap().unwrap();
    assert_eq!(split.source.number("SELECT count(*) FROM svc.ledger").await, 1);
}
