//! Aborts, lost answers, dead connections and rotated passwords, on real servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::proxy::cutting;
use crate::support::{Split, open, until};
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::{Db, DbError, Session};

const DDL: &str = "CREATE TABLE counter (name text PRIMARY KEY, n bigint NOT NULL);
    INSERT INTO counter VALUES ('a', 0), ('b', 0);
    CREATE TABLE guarded (tenant text NOT NULL);
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY mine ON guarded USING (tenant = 'me') WITH CHECK (tenant = 'me');
    CREATE TABLE hidden (n bigint); REVOKE ALL ON hidden FROM svc_app;";

async fn split() -> Split {
    Split::new(DDL, &["counter"]).await
}

async fn add(tx: &mut Session, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE counter SET n = n + 1 WHERE name = $1").bind(name).execute(tx.conn()).await?;
    Ok(())
}

async fn execute(db: &Db, statement: &'static str) -> Result<(), DbError> {
    db.transaction(&statement, |tx, statement| {
        Box::pin(async move {
            sqlx::query(*statement).execute(tx.conn()).await?;
            Ok(())
        })
    })
    .await
}

fn retries(metrics: &Metrics, reason: &str) -> u64 {
    metrics.pool.retries.with_label_values(&[reason]).get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocks_and_serialization_failures_are_repeated() {
    let split = split().await;
    let (db, metrics) = open(split.dir()).await;
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let crossing = |first: &'static str, second: &'static str| {
        let (db, both) = (db.clone(), both.clone());
        tokio::spawn(async move {
            db.transaction(&(first, second, both), |tx, (first, second, both)| {
                Box::pin(async move {
                    add(tx, first).await?;
                    if tx.attempt() == 1 {
                        both.wait().await;
                    }
                    add(tx, second).await
                })
            })
            .await
        })
    };
    let (one, two) = (crossing("a", "b"), crossing("b", "a"));
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(retries(&metrics, "deadlock"), 1);
    assert_eq!(split.source.number("SELECT sum(n)::bigint FROM svc.counter").await, 4);

    let racing = || {
        let (db, both) = (db.clone(), both.clone());
        tokio::spawn(async move {
            db.transaction(&both, |tx, both| {
                Box::pin(async move {
                    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(tx.conn()).await?;
                    sqlx::query("SELECT n FROM counter").execute(tx.conn()).await?;
                    if tx.attempt() == 1 {
                        both.wait().await;
                    }
                    add(tx, "a").await
                })
            })
            .await
        })
    };
    let (one, two) = (racing(), racing());
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(retries(&metrics, "serialization"), 1);
    assert_eq!(split.source.number("SELECT n FROM svc.counter WHERE name = 'a'").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_mean_what_they_say_are_answered_and_hardly_ever_asked_about() {
    let split = split().await;
    let (db, metrics) = open(split.dir()).await;
    // Alone, there is nobody to ask.
    assert!(matches!(execute(&db, "SELECT * FROM hidden").await, Err(DbError::Refused(_))));
    split.prepare().await;
    until("the next side is bound", || async { split.target.connections().await >= 2 }).await;

    let asked = || {
        ["decided", "wait", "opened", "not_opened"]
            .iter()
            .map(|o| metrics.pool.lookups.with_label_values(&[o]).get())
            .sum::<u64>()
    };
    // The keeper looks around by itself; what refusals add is what counts. It can't be told apart in the metric, so
    // the bound is what a flood of questions would exceed by far.
    let before = asked();
    for _ in 0..2000 {
        assert!(matches!(execute(&db, "INSERT INTO guarded VALUES ('you')").await, Err(DbError::Refused(_))));
    }
    let flood = asked() - before;
    assert!(flood < 500, "row level security is no reason to ask, but {flood} questions were asked");
    execute(&db, "INSERT INTO guarded VALUES ('me')").await.unwrap();

    let began = tokio::time::Instant::now();
    let refused = futures::future::join_all((0..50).map(|_| execute(&db, "SELECT * FROM hidden"))).await;
    assert!(refused.iter().all(|result| matches!(result, Err(DbError::Refused(_)))));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(metrics.pool.switches.with_label_values(&["next"]).get(), 0);
    assert!(matches!(execute(&db, "SELECT 1/0").await, Err(DbError::Refused(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_server_costs_idle_connections_and_no_request() {
    let mut split = split().await;
    let (db, metrics) = open(split.dir()).await;
    futures::future::join_all((0..10).map(|_| execute(&db, "SELECT pg_sleep(0.05)"))).await;
    split.source.server.stop("QUIT");
    split.source.server.boot();
    for _ in 0..20 {
        db.transaction(&"a", |tx, name| Box::pin(add(tx, name))).await.unwrap();
    }
    assert!(retries(&metrics, "connection_lost") >= 1);
    assert_eq!(split.source.number("SELECT n FROM svc.counter WHERE name = 'a'").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swallowed_error_is_not_acknowledged() {
    let split = split().await;
    let (db, _) = open(split.dir()).await;
    let swallowed = db
        .transaction(&(), |tx, ()| {
            Box::pin(async move {
                add(tx, "a").await?;
                let _ = sqlx::query("SELECT 1/0").execute(tx.conn()).await;
                Ok(())
            })
        })
        .await;
    assert!(matches!(swallowed, Err(DbError::Refused(_))), "{swallowed:?}");
    assert_eq!(split.source.number("SELECT n FROM svc.counter WHERE name = 'a'").await, 0);
    db.transaction(&"a", |tx, name| Box::pin(add(tx, name))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_dropped_leaves_no_transaction_behind() {
    let split = split().await;
    let (db, _) = open(split.dir()).await;
    let stuck = db.transaction(&(), |tx, ()| {
        Box::pin(async move {
            add(tx, "a").await?;
            std::future::pending::<()>().await;
            Ok(())
        })
    });
    assert!(tokio::time::timeout(Duration::from_millis(300), stuck).await.is_err());
    let open = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%' AND xact_start IS NOT NULL";
    until("the transaction is gone", || async { split.source.number(open).await == 0 }).await;
    db.transaction(&"a", |tx, name| Box::pin(add(tx, name))).await.unwrap();
    assert_eq!(split.source.number("SELECT n FROM svc.counter WHERE name = 'a'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_commit_is_repeated_only_on_request() {
    let split = split().await;
    let cuts = Arc::new(AtomicUsize::new(0));
    let through = cutting(&split.source, b"COMMIT", cuts.clone()).await;
    split.bind(Some(&through), None);
    let (db, metrics) = open(split.dir()).await;

    cuts.store(1, Ordering::SeqCst);
    let doubt = db.transaction(&"a", |tx, name| Box::pin(add(tx, name))).await;
    assert!(matches!(doubt, Err(DbError::InDoubt(_))), "{doubt:?}");
    let counted = "SELECT n FROM svc.counter WHERE name = 'a'";
    until("the server has committed it", || async { split.source.number(counted).await == 1 }).await;

    // Idempotent by its own key: the second attempt finds the first one's row.
    cuts.store(1, Ordering::SeqCst);
    db.transaction_idempotent(&"c", |tx, name| {
        Box::pin(async move {
            sqlx::query("INSERT INTO counter VALUES ($1, 7) ON CONFLICT DO NOTHING")
                .bind(*name)
                .execute(tx.conn())
                .await?;
            Ok(())
        })
    })
    .await
    .unwrap();
    assert_eq!(cuts.load(Ordering::SeqCst), 0, "the answer was lost");
    assert_eq!(retries(&metrics, "in_doubt"), 1);
    assert_eq!(split.source.number("SELECT count(*) FROM svc.counter WHERE name = 'c'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_password_is_taken_once_it_works() {
    let split = split().await;
    let (db, _) = open(split.dir()).await;
    execute(&db, "SELECT 1").await.unwrap();
    split.bind(Some(&split.source.app_b("not set yet")), None);
    for _ in 0..20 {
        execute(&db, "SELECT 1").await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    split.source.execute("ALTER ROLE svc_app_b PASSWORD 'set'").await;
    split.bind(Some(&split.source.app_b("set")), None);
    let of = |role| format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}'");
    until("the new role is used", || async {
        execute(&db, "SELECT 1").await.unwrap();
        split.source.number(&of("svc_app_b")).await >= 2 && split.source.number(&of("svc_app_a")).await == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_can_not_be_used_changes_nothing() {
    let split = split().await;
    let (db, _) = open(split.dir()).await;
    for bad in ["", "mysql://x", "postgresql://[bad", "postgresql://u@h:notaport/x"] {
        split.bind(Some(bad), None);
        tokio::time::sleep(Duration::from_millis(120)).await;
        execute(&db, "SELECT 1").await.unwrap();
    }
    split.bind(None, None);
    tokio::time::sleep(Duration::from_millis(120)).await;
    execute(&db, "SELECT 1").await.unwrap();
}
