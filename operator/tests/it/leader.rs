//! Two candidates, one Lease, at a quick pace. Nothing here asserts that something is fast.

use crate::apiserver::ApiServer;
use rerp_operator::leader::{Leader, Pace};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

fn candidate(server: &ApiServer, identity: &str, duration: Duration) -> Leader {
    let quick = Duration::from_millis(5);
    let pace = Pace { duration, renew: quick, give_up: Duration::from_secs(10), retry: quick };
    Leader::new(server.client(), "rerp-system", "rerp-operator", identity, pace)
}

#[tokio::test]
async fn a_silent_holder_is_succeeded_only_after_the_lease_ran_out() {
    let (server, duration) = (ApiServer::default(), Duration::from_millis(300));
    candidate(&server, "a", duration).acquire().await;
    let begun = Instant::now();
    timeout(PATIENCE, candidate(&server, "b", duration).acquire()).await.expect("succeeded");
    assert!(begun.elapsed() >= duration, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_robbed_holder_notices() {
    let server = ApiServer::default();
    let a = candidate(&server, "a", PATIENCE);
    a.acquire().await;
    let path = "/apis/coordination.k8s.io/v1/namespaces/rerp-system/leases/rerp-operator";
    server.edit(path, |lease| lease["spec"]["holderIdentity"] = "c".into());
    timeout(PATIENCE, a.hold()).await.expect("noticed");
}

#[tokio::test]
async fn a_renewing_holder_keeps_it() {
    let server = ApiServer::default();
    let (a, b) = (candidate(&server, "a", PATIENCE), candidate(&server, "b", PATIENCE));
    a.acquire().await;
    let renewed = async {
        let mut seen = 0;
        while seen < 3 {
            seen += server.writes().len();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = a.hold() => panic!("lost while renewing"),
        () = b.acquire() => panic!("two holders"),
        () = renewed => {}
    }
}

#[tokio::test]
async fn a_released_lease_is_free_at_once() {
    let server = ApiServer::default();
    let a = candidate(&server, "a", PATIENCE * 100);
    a.acquire().await;
    a.release().await;
    timeout(PATIENCE, candidate(&server, "b", PATIENCE * 100).acquire()).await.expect("no waiting");
}
