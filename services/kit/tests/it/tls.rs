//! Mutual TLS between two services of the kit, over loopback, with certificates as the operator makes them: who gets in, who
//! doesn't, and what happens when files change under traffic.

// Helpers of tests may panic as tests do; the lint knows only functions marked as tests.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::authority::{Authority, id};
use rerp_kit::client::CallError;
use rerp_kit::problem::catalogue::CALLER_NOT_ALLOWED;
use rerp_kit::tls::Mode;
use serde_json::json;
use world::{Callee, ask, open, until};

#[tokio::test]
async fn only_callers_on_the_list_get_in() {
    let ours = Authority::new();
    let callee = Callee::start(&ours, &["marketing"], Mode::Strict).await;
    let marketing = open(&ours, "marketing", &[]).await;
    callee.call(Some(&marketing.tls)).await.expect("the positive control");
    assert_eq!(callee.counted("callers", "allowed"), 1);

    let billing = open(&ours, "billing", &[]).await;
    let stranger = open(&Authority::new(), "marketing", &[]).await;
    for (who, tls) in [("not on the list", Some(&billing.tls)), ("without a certificate", None)] {
        let client = callee.trusting_client(tls);
        let refused = client.post(callee.url("/who")).json(&json!({})).send().await;
        assert!(refused.is_err(), "{who}: {refused:?}");
    }
    // The stranger trusts our roots here, so that it is our side that has to turn it away.
    std::fs::write(stranger.files.join("..data/ca.crt"), ours.roots()).unwrap();
    until("the stranger trusts us", async || {
        stranger.metrics.page().unwrap().contains(r#"reloads_total{outcome="used"} 2"#)
    })
    .await;
    assert!(callee.call(Some(&stranger.tls)).await.is_err(), "a certificate of another authority");
    until("refusals are counted", async || callee.counted("handshakes", "refused") >= 3).await;
    assert_eq!(callee.served.load(Ordering::Relaxed), 1, "nobody else's request was ever seen");
}

#[tokio::test]
async fn a_caller_trusts_only_its_own_authority_and_the_name_it_called() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let callee = Callee::start(&theirs, &["marketing"], Mode::Audit).await;
    let marketing = open(&ours, "marketing", &[]).await;
    let refused = callee.call(Some(&marketing.tls)).await.unwrap_err();
    assert!(matches!(refused, CallError::Unreachable { .. }), "{refused:?}");
    let friend = Callee::start(&ours, &["marketing"], Mode::Strict).await;
    assert!(friend.call(Some(&marketing.tls)).await.is_ok(), "the positive control");
    let wrong_name = friend.client_for("billing.rerp.svc", Some(&marketing.tls));
    let refused = ask(&wrong_name).await.unwrap_err();
    assert!(matches!(refused, CallError::Unreachable { .. }), "{refused:?}");
}

#[tokio::test]
async fn plain_http_is_not_answered() {
    let ours = Authority::new();
    let callee = Callee::start(&ours, &[], Mode::Audit).await;
    let url = callee.url("/who").replace("https://", "http://");
    let refused = callee.trusting_client(None).post(url).json(&json!({})).send().await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(callee.served.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn audit_lets_everybody_in_and_counts_whom_strict_would_not() {
    let ours = Authority::new();
    let callee = Callee::start(&ours, &["marketing"], Mode::Audit).await;
    let (marketing, billing) = (open(&ours, "marketing", &[]).await, open(&ours, "billing", &[]).await);
    for tls in [&marketing.tls, &billing.tls] {
        callee.call(Some(tls)).await.unwrap();
    }
    let unknown = callee.trusting_client(None).post(callee.url("/who")).json(&json!({})).send().await.unwrap();
    assert!(unknown.status().is_success());
    assert_eq!((callee.counted("callers", "allowed"), callee.counted("callers", "would_deny")), (1, 2));
}

#[tokio::test]
async fn a_caller_struck_off_the_list_is_refused_over_grpc_in_its_words() {
    let ours = Authority::new();
    let callee = Callee::start(&ours, &["marketing"], Mode::Strict).await;
    let marketing = open(&ours, "marketing", &[]).await;
    let client = callee.client(Some(&marketing.tls));
    ask(&client).await.unwrap();
    std::fs::write(callee.files.join("..data/peers"), id("billing")).unwrap();
    let is_refusal = |error: &CallError| error.refusal().is_some_and(|problem| problem.is(CALLER_NOT_ALLOWED));
    // New connections are refused in the handshake; the one that is there learns it from its next answer.
    until("the list is read", async || ask(&client).await.is_err_and(|error| is_refusal(&error))).await;
}

#[tokio::test]
async fn a_caller_struck_off_the_list_is_refused_on_the_connection_it_has() {
    let ours = Authority::new();
    let callee = Callee::start(&ours, &["marketing"], Mode::Strict).await;
    let marketing = open(&ours, "marketing", &[]).await;
    let client = callee.trusting_client(Some(&marketing.tls));
    let post = async || client.post(callee.url("/who")).json(&json!({})).send().await.unwrap().status().as_u16();
    assert_eq!(post().await, 200);
    std::fs::write(callee.files.join("..data/peers"), id("billing")).unwrap();
    until("the list is read", async || post().await == 403).await;
    assert_eq!(callee.counted("handshakes", "ok"), 1, "it was one connection throughout");
}

#[tokio::test]
async fn certificates_and_authority_change_under_traffic_without_a_failed_request() {
    let (first, second) = (Authority::new(), Authority::new());
    let callee = Callee::start(&first, &["marketing"], Mode::Strict).await;
    let marketing = open(&first, "marketing", &[]).await;
    let (done, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let over_grpc = tokio::spawn({
        let (done, sent, client) = (Arc::clone(&done), Arc::clone(&sent), callee.client(Some(&marketing.tls)));
        async move {
            while !done.load(Ordering::Relaxed) {
                ask(&client).await.expect("an answer");
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let load: Vec<_> = (0..4)
        .map(|worker| {
            let (done, sent) = (Arc::clone(&done), Arc::clone(&sent));
            let (kept, tls, url) =
                (callee.trusting_client(Some(&marketing.tls)), marketing.tls.clone(), callee.url("/who"));
            let fresh = callee.factory(tls);
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    // Half of the workers keep their connection, half shake hands for every request.
                    let client = if worker % 2 == 0 { kept.clone() } else { fresh() };
                    let answer = client.post(&url).json(&json!({})).send().await.expect("an answer");
                    assert_eq!(answer.status(), 200);
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let both = format!("{}{}", first.roots(), second.roots());
    let parties = [(&callee.files, "identity"), (&marketing.files, "marketing")];
    // As a person changes an authority: everybody trusts both, then all certificates change, then the old one goes.
    let steps = [(&first, both.clone()), (&second, both), (&second, second.roots())];
    for (authority, roots) in steps {
        for (files, name) in parties {
            authority.renew(files, name, &roots);
        }
        let (reloads, before) = (callee.reloads() + 1, sent.load(Ordering::Relaxed));
        until("both read it", async || callee.reloads() >= reloads && sent.load(Ordering::Relaxed) > before + 40).await;
    }
    done.store(true, Ordering::Relaxed);
    for worker in load.into_iter().chain([over_grpc]) {
        tokio::time::timeout(Duration::from_secs(10), worker).await.expect("in time").expect("no failed request");
    }
    assert!(callee.counted("handshakes", "ok") > 20, "new connections were made all the while");
}

#[tokio::test]
async fn a_connection_does_not_outlive_the_trust_in_its_root() {
    let (old, new) = (Authority::new(), Authority::new());
    let callee = Callee::start(&old, &["marketing"], Mode::Strict).await;
    let marketing = open(&old, "marketing", &[]).await;
    let kept = callee.trusting_client(Some(&marketing.tls));
    let post = async || kept.post(callee.url("/who")).json(&json!({})).send().await.map(|answer| answer.status());
    assert_eq!(post().await.unwrap(), 200);
    let reloads = callee.reloads() + 1;
    new.renew(&callee.files, "identity", &new.roots());
    until("the callee trusts the new root alone", async || callee.reloads() >= reloads).await;
    assert_eq!(post().await.unwrap(), 200, "no request fails on the connection that is there");
    assert!(post().await.is_err(), "it was the last one");
    assert_eq!(callee.counted("handshakes", "ok"), 1);
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_last_ones_in_use() {
    let ours = Authority::new();
    let callee = Callee::start(&ours, &["marketing"], Mode::Strict).await;
    let marketing = open(&ours, "marketing", &[]).await;
    std::fs::write(callee.files.join("..data/tls.key"), "no key").unwrap();
    until("the trouble is counted", async || callee.counted("reloads", "failed") >= 1).await;
    callee.call(Some(&marketing.tls)).await.unwrap();
    ours.renew(&callee.files, "identity", &ours.roots());
    until("good files are used again", async || callee.reloads() >= 2).await;
    callee.call(Some(&marketing.tls)).await.unwrap();
}
