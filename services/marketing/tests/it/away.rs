//! Identity or Account away: what can be answered is, and a lead is not lost.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::platform::{MARKETING, Platform, capture, contact, is_kind, of_company, state};
use crate::support::service::{serve, split_of};
use crate::support::{until, visitor};
use rerp_kit::problem::catalogue;
use rerp_marketing::resolver;
use rerp_marketing::state::AppState;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_identity_the_answer_is_a_clear_no() {
    let marketing = split_of(&MARKETING, rerp_marketing::migrations).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let at = serve(rerp_marketing::router(state(marketing.dir(), gone, gone).await)).await;
    let request =
        visitor().post(format!("http://{at}/api/marketing/contact")).header("content-type", "application/json");
    let response = request.body(contact("ann@example.com").to_string()).send().await.unwrap();
    assert_eq!(response.status(), catalogue::DEPENDENCY_UNAVAILABLE.status());
    assert_eq!(response.headers()["retry-after"], "1");
    assert!(response.text().await.unwrap().contains("`identity`"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_address_is_captured_while_identity_is_away() {
    let platform = Platform::start().await;
    let (_, _, before) = platform.post("email-capture", None, &capture("ann@example.com")).await;
    platform.identity_stop.cancel();
    // An address that Identity still answered for is known from then on: each look asks for another one.
    let looks = AtomicI64::new(0);
    until("identity is away", async || {
        let stranger = format!("new{}@example.com", looks.fetch_add(1, Ordering::Relaxed));
        is_kind(&platform.post("contact", None, &contact(&stranger)).await, catalogue::DEPENDENCY_UNAVAILABLE)
    })
    .await;
    let answered = looks.into_inner() - 1;
    for _ in 0..3 {
        let (status, _, answer) = platform.post("email-capture", None, &capture("ann@example.com")).await;
        assert_eq!((status, &answer["email_address_id"]), (201, &before["email_address_id"]), "{answer}");
    }
    assert_eq!(platform.rows("email_captures").await, 4);
    let kept = platform.rows("contact_messages").await;
    assert_eq!(kept, answered, "nothing is kept of an address that nobody knows");
}

/// A lead is worth more than the company in it: it is taken at once, and gets its company when Account is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_is_taken_while_account_is_away() {
    let platform = Platform::start().await;
    let known = of_company(capture("ann@example.com"), "Acme");
    let (_, _, before) = platform.post("email-capture", None, &known).await;
    platform.account.stop.cancel();
    until("account is away", async || visitor().get(format!("http://{}", platform.account.at)).send().await.is_err())
        .await;
    let (status, _, answer) = platform.post("email-capture", None, &known).await;
    assert_eq!((status, &answer["company_id"]), (201, &before["company_id"]), "known companies need no Account");

    let key = Uuid::now_v7().to_string();
    let (status, _, capture) =
        platform.post("email-capture", Some(&key), &of_company(capture("ann@example.com"), "New")).await;
    assert_eq!((status, &capture["company_id"]), (201, &Value::Null), "{capture}");
    // The same key on the other route makes a row with the same identifier there.
    let message = of_company(contact("bob@example.com"), " NEW ");
    let (status, _, first) = platform.post("contact", Some(&key), &message).await;
    assert_eq!((status, &first["id"]), (201, &capture["id"]));
    let refused = of_company(contact("cat@example.com"), "0191f7a1-3f0c-7000-8000-000000000001");
    assert_eq!(platform.post("contact", None, &refused).await.0, 201, "nobody could say that this is no name");
    assert_eq!(platform.rows("pending_companies").await, 3);

    let (dir, stop) = (platform.marketing.dir(), CancellationToken::new());
    let AppState { db, account, .. } = state(dir, platform.account.at, platform.account.at).await;
    let db = db.at_work();
    assert_eq!(resolver::turn(&db, &account, &stop).await.unwrap(), 0);
    let tried = "SELECT count(*) FROM svc.pending_companies WHERE tried_at IS NOT NULL";
    assert_eq!(platform.marketing.source.number(tried).await, 1, "one question is enough to see that account is away");

    platform.account.come_back().await;
    // Two pods at once.
    let (one, two) = tokio::join!(resolver::turn(&db, &account, &stop), resolver::turn(&db, &account, &stop));
    assert!(one.unwrap() + two.unwrap() >= 2);
    assert_eq!(platform.rows("pending_companies").await, 0);
    let joined = "SELECT count(*) FROM svc.email_captures c JOIN svc.contact_messages m USING (id, company_id)";
    assert_eq!(platform.marketing.source.number(joined).await, 1);
    assert_eq!(platform.account.companies().await, 2);
    assert!(platform.post("contact", Some(&key), &message).await.1, "the key's answer stays what it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_account_does_not_hold_up_a_lead() {
    let mut platform = Platform::start().await;
    // It takes connections and never answers: without a bound of its own, the question would use up the request's time.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let state = state(platform.marketing.dir(), platform.identity_at, silent.local_addr().unwrap()).await;
    platform.at = serve(rerp_marketing::router(state)).await;
    let (status, _, answer) = platform.post("contact", None, &of_company(contact("ann@example.com"), "Acme")).await;
    assert_eq!((status, &answer["company_id"]), (201, &Value::Null), "{answer}");
    assert_eq!(platform.rows("pending_companies").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_that_account_never_names_is_forgotten() {
    let platform = Platform::start().await;
    platform.account.stop.cancel();
    until("account is away", async || visitor().get(format!("http://{}", platform.account.at)).send().await.is_err())
        .await;
    for company in ["Old", "Young"] {
        assert_eq!(platform.post("contact", None, &of_company(contact("ann@example.com"), company)).await.0, 201);
    }
    let age = "UPDATE svc.pending_companies SET created_at = now() - interval '8 days' WHERE name = 'Old'";
    platform.marketing.source.execute(age).await;
    let AppState { db, account, .. } = state(platform.marketing.dir(), platform.account.at, platform.account.at).await;
    let db = db.at_work();
    assert_eq!(resolver::turn(&db, &account, &CancellationToken::new()).await.unwrap(), 0);
    let left = "SELECT count(*) FROM svc.pending_companies WHERE name = 'Young'";
    assert_eq!((platform.rows("pending_companies").await, platform.marketing.source.number(left).await), (1, 1));
    assert_eq!(platform.rows("contact_messages").await, 2, "the leads stay");
}
