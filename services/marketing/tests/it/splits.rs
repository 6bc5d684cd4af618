//! Splits under the feet of visitors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::platform::{Platform, capture, contact};
use crate::support::until;
use serde_json::json;
use uuid::Uuid;

/// Both domains move, one after the other, while visitors keep coming: one attempt each, and every one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_succeeds_through_two_splits() {
    let platform = Arc::new(Platform::start().await);
    let stop = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..16)
        .map(|visitor| {
            let (platform, stop) = (platform.clone(), stop.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let n = acknowledged.len();
                    let (key, email) = (Uuid::now_v7(), format!("v{visitor}-{}@example.com", n / 2));
                    let (route, mut body) =
                        if n % 2 == 0 { ("email-capture", capture(&email)) } else { ("contact", contact(&email)) };
                    if n % 5 == 0 {
                        body["company"] = json!(format!("Company {}", n / 10));
                    }
                    // Every third request comes without a key.
                    let key = (n % 3 != 0).then(|| key.to_string());
                    let (status, _, answer) = platform.post(route, key.as_deref(), &body).await;
                    assert_eq!(status, 201, "{answer}");
                    acknowledged.push(answer["id"].as_str().unwrap().to_owned());
                }
                acknowledged
            })
        })
        .collect();

    for (split, table) in [(&platform.identity, "email_addresses"), (&platform.marketing, "email_captures")] {
        let rows = format!("SELECT count(*) FROM svc.{table}");
        split.prepare().await;
        until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
        let before = split.source.number(&rows).await;
        until("visitors come", || async { split.source.number(&rows).await > before + 50 }).await;
        split.close_source().await;
        let moved = split.target.number(&rows).await;
        until("visitors come to the other side", || async { split.target.number(&rows).await > moved + 50 }).await;
        split.complete();
        until("the old side is let go", || async { split.source.connections().await == 0 }).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for visitor in visitors {
        acknowledged.extend(visitor.await.unwrap());
    }
    let stored = format!(
        "SELECT count(*) FROM (SELECT id FROM svc.email_captures UNION ALL SELECT id FROM svc.contact_messages) r WHERE id IN ('{}')",
        acknowledged.join("','")
    );
    let all = "SELECT (SELECT count(*) FROM svc.email_captures) + (SELECT count(*) FROM svc.contact_messages)";
    let count = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(platform.marketing.target.number(&stored).await, count, "lost");
    assert_eq!(platform.marketing.target.number(all).await, count, "doubled");
}
