//! A change of price that is lost on its way, or meets another one: whoever is charged is charged once, and no more than they agreed to.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, HeaderValue};

use crate::platform::{ACCOUNT, ANN, Answer, MONTHLY, Platform};
use crate::wire::{Way, Wire, asking};
use rerp_billing::store::changing::{self as store, Wish, Wished};
use rerp_kit::http::IfMatch;
use rerp_kit::problem::catalogue::{CHANGED_MEANWHILE, DEPENDENCY_UNAVAILABLE, IN_PROGRESS};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

const LEFT: &str = "stripe_subscriptions WHERE change_key IS NOT NULL";
const OTHER: &str = "0191f7a1-3f0c-7000-8000-0000000000a2";
const LONG: Duration = Duration::from_secs(30);

impl Platform {
    async fn change_at(&self, at: SocketAddr, version: &str, price: &str, most: i64) -> Answer {
        let url = format!("http://{at}/api/billing/subscription/{ACCOUNT}/price");
        let headers = [("content-type", "application/json"), ("if-match", version)];
        self.raw("PUT", url, &headers, json!({ "price_id": price, "due_at_most": most }).to_string()).await
    }

    async fn price_now(&self) -> Value {
        self.get(&format!("subscription/{ACCOUNT}")).await.body["price_id"].clone()
    }

    /// As if whoever asked had been gone for so long.
    async fn left_for(&self, minutes: u32) {
        let ago = format!("UPDATE svc.stripe_subscriptions SET change_asked_at = now() - interval '{minutes} minutes'");
        self.billing.define(&format!("{ago} WHERE change_key IS NOT NULL")).await;
    }

    /// What Stripe has taken for changes, as its invoices say.
    async fn taken_for_changes(&self) -> Vec<i64> {
        let all = self.stripe("GET", "invoices", "").await.body["data"].as_array().unwrap().clone();
        let changes = all.iter().filter(|one| one["billing_reason"] == "subscription_update");
        changes.map(|one| one["amount_paid"].as_i64().unwrap()).collect()
    }

    async fn wish(&self, price: &str, most: i64) -> Box<store::Untold> {
        let row = self.get(&format!("subscription/{ACCOUNT}")).await.body;
        let id: Uuid = row["subscription_id"].as_str().unwrap().parse().unwrap();
        let wish = Wish { key: Uuid::now_v7(), price_id: price.parse().unwrap(), due_at_most: most };
        let any = IfMatch::of(&HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static("*"))])).unwrap();
        let first = store::wish(&self.state.db.at_work(), id, &any, wish).await.unwrap();
        // The answer to the COMMIT was lost: the same again.
        let again = store::wish(&self.state.db.at_work(), id, &any, wish).await.unwrap();
        match (first, again) {
            (Wished::Down(first), Wished::Down(again)) if first.key == again.key => again,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_answer_is_lost_is_one_change() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    let (wire, _, at) = Wire::to(&p).await;
    wire.becomes(Way::Deaf);
    let changed = p.change_at(at, "*", &dearer, 2000).await;
    assert_eq!((changed.status, &changed.body["price_id"]), (200, &json!(dearer)), "{}", changed.body);
    assert_eq!((wire.calls(), p.rows(LEFT).await), (3, 0), "asked three times under one key");
    assert_eq!(p.taken_for_changes().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_after_stripe_has_charged_leaves_a_row_that_charges_nobody_again() {
    let p = Platform::start().await;
    let (dearer, dearest) = (p.plan_at("max", 3900, "eur").await, p.plan_at("top", 5900, "eur").await);
    p.paid().await;
    let (wire, state, at) = Wire::to(&p).await;
    wire.becomes(Way::Endless);
    let wish = p.wish(&dearer, 2000).await;
    let process = tokio::spawn({
        let asking = asking(&state);
        async move { asking.changing(&wish).await }
    });
    timeout(LONG, wire.arrived.acquire()).await.unwrap().unwrap().forget();
    process.abort();
    assert!(process.await.unwrap_err().is_cancelled());
    assert_eq!((p.taken_for_changes().await.len(), p.price_now().await), (1, json!(MONTHLY)), "nobody has heard of it");

    wire.becomes(Way::Free);
    assert!(p.change_at(at, "*", &dearest, 9000).await.is(IN_PROGRESS), "they would be charged for both");
    assert_eq!(asking(&state).resume().await.unwrap(), 0, "too early: the caller may still be asking");
    p.left_for(3).await;
    let turn = || async { asking(&state).changes_resumed().await.unwrap() };
    let turns = tokio::join!(turn(), turn());
    assert!(turns.0 + turns.1 >= 1, "two pods find it");
    assert_eq!((p.price_now().await, p.rows(LEFT).await, p.taken_for_changes().await.len()), (json!(dearer), 0, 1));
    assert_eq!(asking(&state).resume().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_arrives_is_told_again_before_anything_else_and_charges_once() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    let (wire, state, at) = Wire::to(&p).await;
    wire.becomes(Way::Swallowed);
    let lost = p.change_at(at, "*", &dearer, 2000).await;
    assert!(lost.is(DEPENDENCY_UNAVAILABLE) && lost.header("retry-after") == "60", "{}", lost.body);
    assert_eq!((p.rows(LEFT).await, p.taken_for_changes().await.len()), (1, 0));
    let ends = json!({ "cancel_at_period_end": true }).to_string();
    let headers = [("content-type", "application/json"), ("if-match", "*")];
    let url = format!("http://{at}/api/billing/subscription/{ACCOUNT}");
    assert!(p.raw("PUT", url.clone(), &headers, ends).await.is(IN_PROGRESS), "wishes keep their order");
    assert!(p.raw("POST", format!("{url}/cancel"), &[], String::new()).await.is(IN_PROGRESS));

    wire.becomes(Way::Deaf);
    p.left_for(3).await;
    assert_eq!((asking(&state).resume().await.unwrap(), p.price_now().await), (1, json!(dearer)));
    assert_eq!((p.rows(LEFT).await, p.taken_for_changes().await.len()), (0, 1));
    assert_eq!(asking(&state).resume().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_charged_for_a_wish_that_is_too_old_too_dear_or_never_begun() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    let (wire, state, at) = Wire::to(&p).await;
    // Killed before Stripe was told anything.
    let begun = p.wish(&dearer, 2000).await;
    p.left_for(3).await;
    assert_eq!((asking(&state).resume().await.unwrap(), p.rows(LEFT).await), (1, 0));
    // It wasn't killed but slow, and finds that it is too late.
    assert_eq!(asking(&state).changing(&begun).await.unwrap(), rerp_billing::changing::Changed::TooLate);
    assert_eq!(wire.calls(), 0);

    for (minutes, most) in [(66, 2000), (3, 1)] {
        wire.becomes(Way::Swallowed);
        assert!(p.change_at(at, "*", &dearer, 2000).await.is(DEPENDENCY_UNAVAILABLE));
        wire.becomes(Way::Free);
        // As if what was left over, which would have paid for it, had paid for something else.
        let dues =
            format!("UPDATE svc.stripe_subscriptions SET change_due_at_most = {most} WHERE change_key IS NOT NULL");
        p.billing.define(&dues).await;
        p.left_for(62).await;
        assert_eq!(asking(&state).resume().await.unwrap(), 0, "whoever told it last may not have heard yet");
        let told = wire.calls();
        p.left_for(minutes).await;
        assert_eq!((asking(&state).resume().await.unwrap(), p.rows(LEFT).await), (1, 0));
        assert_eq!((wire.calls(), p.price_now().await), (told, json!(MONTHLY)));
    }
    assert_eq!(p.taken_for_changes().await, Vec::<i64>::new());
    assert_eq!(p.change_at(at, "*", &dearer, 2000).await.status, 200, "who still wants it asks again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_change_is_on_its_way_no_other_of_the_same_payer_is() {
    let p = Platform::start().await;
    let (dearer, dearest) = (p.plan_at("max", 3900, "eur").await, p.plan_at("top", 5900, "eur").await);
    p.paid().await;
    let second = json!({ "account_id": OTHER, "human_name_id": ANN, "price_id": MONTHLY });
    let second = p.post(None, "subscriptions", &second).await;
    p.pay(&second, "pm_card_visa").await;
    p.hear(&json!({})).await;
    let (wire, _, at) = Wire::to(&p).await;
    let read = p.get(&format!("subscription/{ACCOUNT}")).await.header("etag").to_owned();
    wire.becomes(Way::Held);
    let first = p.change_at(at, &read, &dearer, 2000);
    let others = async {
        timeout(LONG, wire.arrived.acquire()).await.unwrap().unwrap().forget();
        assert!(p.change_at(at, &read, &dearest, 4000).await.is(IN_PROGRESS));
        let headers = [("content-type", "application/json"), ("if-match", "*")];
        let url = format!("http://{at}/api/billing/subscription/{OTHER}/price");
        let wish = json!({ "price_id": dearer, "due_at_most": 2000 }).to_string();
        let other = p.raw("PUT", url, &headers, wish).await;
        assert!(other.is(IN_PROGRESS), "what is left over would be counted twice: {}", other.body);
        assert_eq!(wire.calls(), 1);
        wire.let_go.add_permits(1);
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!((first.status, &first.body["price_id"]), (200, &json!(dearer)), "{}", first.body);
    assert!(p.change_at(at, &read, &dearest, 4000).await.is(CHANGED_MEANWHILE));
    assert_eq!((p.rows(LEFT).await, p.taken_for_changes().await.len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_one_change() {
    let p = Platform::start().await;
    let dearer = p.plan_at("max", 3900, "eur").await;
    p.paid().await;
    let (wire, _, at) = Wire::to(&p).await;
    let change = || p.change_at(at, "*", &dearer, 2000);
    let answers = tokio::join!(change(), change(), change(), change(), change(), change());
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    for answer in &answers {
        let has_it = answer.status == 200 && answer.body["price_id"] == json!(dearer);
        assert!(has_it || answer.is(IN_PROGRESS), "{} {}", answer.status, answer.body);
    }
    assert!(answers.iter().any(|answer| answer.status == 200));
    let taken = p.taken_for_changes().await;
    assert!((wire.calls(), taken.len()) == (1, 1) && taken[0] <= 2000, "{taken:?}");
}
