//! The native stream from one side to the other, set up the plain way: publication, subscription with initial copy.
//!
//! In: two sides whose tables exist. Out: a publication on the source that also carries the tokens, a subscription on
//! the target with every table ready. It is what the engine's copy and stream come to, for tests of the fence alone.

use super::side::Side;
use std::time::Duration;

/// Starts the stream and waits until the target follows.
pub async fn start(migration: &str, source: &Side, target: &Side, tables: &[&str]) {
    let (from, to) = (source.admin().await, target.admin().await);
    let list: Vec<String> = tables.iter().map(|table| format!("app.{table}")).collect();
    let name = publication(migration);
    let publish = format!(
        "CREATE PUBLICATION {name} FOR TABLE {}, rerp_split.token_fwd WHERE (migration = '{migration}')",
        list.join(", ")
    );
    from.batch_execute(&publish).await.unwrap();
    // As replica: a side that was closed before still has its guards.
    let empty =
        format!("SET session_replication_role = replica; TRUNCATE {}; RESET session_replication_role", list.join(", "));
    to.batch_execute(&empty).await.unwrap();
    let version: String = to.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
    let as_owner = if version.parse::<u32>().unwrap() >= 160_000 { ", run_as_owner = true" } else { "" };
    // The slot comes first. A subscription that makes its own waits, with a transaction open on its side, for everybody's on the other; of two that go
    // opposite ways each would wait for the other one, and no server sees that.
    from.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", &[&name]).await.unwrap();
    let subscribe = format!(
        "CREATE SUBSCRIPTION {name} CONNECTION 'host=127.0.0.1 port={} user=postgres dbname={}' PUBLICATION {name} \
         WITH (copy_data = true, create_slot = false{as_owner})",
        source.cluster.port(),
        source.database
    );
    to.batch_execute(&subscribe).await.unwrap();
    let unready = "SELECT count(*) FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid \
                   WHERE s.subname = $1 AND r.srsubstate <> 'r'";
    super::eventually("the stream is ready", Duration::from_secs(60), || async {
        to.query_one(unready, &[&name]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}

/// Ends the stream; both sides keep their rows.
pub async fn stop(migration: &str, source: &Side, target: &Side) {
    let name = publication(migration);
    target.admin().await.batch_execute(&format!("DROP SUBSCRIPTION IF EXISTS {name}")).await.unwrap();
    source.admin().await.batch_execute(&format!("DROP PUBLICATION IF EXISTS {name}")).await.unwrap();
}

/// The name of publication, subscription and slot.
pub fn publication(migration: &str) -> String {
    format!("rerp_{migration}_fwd")
}
