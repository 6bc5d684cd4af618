//! What `tests/convergence.rs` shows on a model, with the service, its database and the stand-in: every order of a subscription's events, one of them twice
//! or never. Four events here; `RERP_BILLING_EVENTS=6` asks for more, which takes minutes.

use crate::platform::{BOB, MONTHLY, Platform};
use crate::webhooks::{event, signed};
use rerp_billing::reconcile;
use serde_json::json;

const EVENTS: usize = 4;
const MOST: usize = 6;

/// What becomes of one of the events.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// All come once.
    None,
    /// This one comes again after all others.
    Twice(usize),
    /// This one never comes; the night follows.
    Never(usize),
}

/// Every order of the first `count` numbers.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        all = all
            .iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, next);
                    longer
                })
            })
            .collect();
    }
    all
}

#[test]
fn there_are_as_many_orders_as_there_should_be() {
    let mut all = orders(4);
    all.sort();
    all.dedup();
    assert_eq!((all.len(), orders(0).len()), (24, 1));
}

/// A subscription whose trial gets longer with every change, so that no two states are alike.
struct Life<'a> {
    p: &'a Platform,
    id: String,
    trial_end: i64,
    told: u32,
}

impl Life<'_> {
    async fn changes(&mut self) {
        self.trial_end += 60;
        let form = format!("trial_end={}", self.trial_end);
        let changed = self.p.stripe("POST", &format!("subscriptions/{}", self.id), &form).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }

    /// Billing hears of it, and works on what it has heard.
    async fn is_told(&mut self, id: &str) {
        let body = event(id, &json!({ "object": "subscription", "id": self.id }));
        assert_eq!(self.p.receive(&body, Some(&signed(&body))).await.status, 200);
        self.p.mirror().catch_up().await.unwrap();
    }

    /// As many changes as there are events, each before its event comes; then the row says what Stripe says.
    async fn runs(&mut self, order: &[usize], fate: Fate) {
        self.told += 1;
        let name = |one: usize, told: u32| format!("evt_{told}_{one}");
        let (mut done, told) = (0, self.told);
        for &one in order {
            while done <= one {
                self.changes().await;
                done += 1;
            }
            if !matches!(fate, Fate::Never(lost) if lost == one) {
                self.is_told(&name(one, told)).await;
            }
        }
        match fate {
            Fate::None => {}
            Fate::Twice(one) => self.is_told(&name(one, told)).await,
            Fate::Never(_) => {
                reconcile::run(&self.p.mirror()).await.unwrap();
            }
        }
        let shows = "SELECT extract(epoch FROM trial_end)::bigint FROM svc.stripe_subscriptions";
        assert_eq!(self.p.billing.number(shows).await, self.trial_end, "{order:?}, {fate:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_every_order_with_one_twice_or_never_the_row_ends_true() {
    let count = std::env::var("RERP_BILLING_EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    assert!((1..=MOST).contains(&count), "RERP_BILLING_EVENTS is 1 to {MOST}");
    let p = Platform::start().await;
    assert_eq!(p.subscribe(None, BOB, MONTHLY).await.status, 201);
    let found = p.stripe("GET", "subscriptions?status=all", "").await.body["data"][0].clone();
    assert_eq!(found["status"], "trialing");
    let (id, trial_end) = (found["id"].as_str().unwrap().to_owned(), found["trial_end"].as_i64().unwrap());
    let mut life = Life { p: &p, id, trial_end, told: 0 };
    for order in orders(count) {
        life.runs(&order, Fate::None).await;
        for one in 0..count {
            life.runs(&order, Fate::Twice(one)).await;
            life.runs(&order, Fate::Never(one)).await;
        }
    }
    println!("{} lives of {count} events", life.told);
    assert_eq!(p.rows("webhook_inbox WHERE done_at IS NULL OR dead_at IS NOT NULL").await, 0);
    assert_eq!(p.stripe("GET", "subscriptions?status=all", "").await.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        p.stripe("GET", "payment_intents", "").await.body["data"].as_array().unwrap().len(),
        0,
        "nothing was due"
    );
}
