//! Money under kills. In: the stand-in for Stripe, which keeps what was asked of it, and billing. Out: what was meant and what was made. People get
//! cards, trials end, and everything that Stripe has to tell is delivered through the gateway in a random order, some of it twice, each until it is taken.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Error;
use super::rng::Rng;
use super::visitor::{Answers, LOST};
use crate::cluster::Cluster;
use crate::walk::door::Door;
use crate::walk::http::Client;
use crate::walk::stand_ins::signature;

const AUTHORIZATION: (&str, &str) = ("authorization", "Bearer sk_test_chaos");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const WEBHOOK: &str = "/api/billing/webhooks/stripe";
/// The stand-in holds what fits into memory; this is more.
const MOST_PAGES: usize = 1_000;
/// Customers who get a card: each takes two calls.
const MOST_CARDS: usize = 200;
/// In a hundred: events that come twice.
const TWICE: u64 = 20;
/// After the last trial's end.
const HOUR: i64 = 3600;
/// The gateway lets one address deliver a hundred a second.
const PACE: Duration = Duration::from_millis(12);

/// Stripe, and those who use it directly: people with cards, and the sender of its events.
#[derive(Debug)]
pub(super) struct Vendor<'a> {
    cluster: &'a Cluster,
    client: Client,
    sandbox: Door,
    gateway: Option<Door>,
    /// Events that billing hasn't taken yet.
    events: VecDeque<String>,
    pub(super) answers: Answers,
}

/// What a run of payments is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Meant {
    /// Subscriptions at Stripe whose trial ends with a card, and what each costs in minor units.
    pub(super) charges: BTreeMap<String, i64>,
    /// Invoices that were there before.
    before: BTreeSet<String>,
}

/// An object at Stripe or a row of billing's: our identifier, Stripe's, and what both say of it.
pub(super) type Object = (String, String, String);

impl<'a> Vendor<'a> {
    pub(super) fn new(cluster: &'a Cluster) -> Result<Self, Error> {
        let sandbox = Door::open(cluster, "sandbox")?;
        let client = Client::new();
        Ok(Self { cluster, client, sandbox, gateway: None, events: VecDeque::new(), answers: Answers::new() })
    }

    fn ask(&self, method: &str, path: &str, form: Option<&str>) -> Result<Value, Error> {
        let url = self.sandbox.at(&format!("/stripe/v1/{path}"));
        let answer = self.client.send(method, &url, &[AUTHORIZATION, FORM], form)?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        Err(Error::Vendor { what: path.to_owned(), status: answer.status, said: answer.body.to_string() })
    }

    /// Every object of a list, the newest first. `path` may have a query.
    pub(super) fn all(&self, path: &str) -> Result<Vec<Value>, Error> {
        let mut all: Vec<Value> = Vec::new();
        let sign = if path.contains('?') { '&' } else { '?' };
        for _ in 0..MOST_PAGES {
            let after = all.last().and_then(|last| last["id"].as_str()).map(|id| format!("&starting_after={id}"));
            let page = self.ask("GET", &format!("{path}{sign}limit=100{}", after.unwrap_or_default()), None)?;
            all.extend(page["data"].as_array().cloned().unwrap_or_default());
            if page["has_more"] != true {
                break;
            }
        }
        Ok(all)
    }

    /// Gives cards to customers, lets every trial end, and takes all that Stripe has to tell for delivering.
    pub(super) fn collect(&mut self, rng: &mut Rng) -> Result<Meant, Error> {
        // Whoever went through the portals before had them sent at once, and in their order.
        self.client.send("DELETE", &self.sandbox.at("/sandbox/stripe/webhook"), &[], None)?;
        let (mut with_card, mut given) = (BTreeSet::new(), 0);
        for customer in self.all("customers")? {
            let Some(id) = customer["id"].as_str() else { continue };
            if customer["invoice_settings"]["default_payment_method"].is_null() {
                if given == MOST_CARDS {
                    continue;
                }
                let card = self.ask("POST", "payment_methods/pm_card_visa/attach", Some(&format!("customer={id}")))?;
                let card = card["id"].as_str().unwrap_or_default();
                let wish = format!("invoice_settings[default_payment_method]={card}");
                self.ask("POST", &format!("customers/{id}"), Some(&wish))?;
                given += 1;
            }
            with_card.insert(id.to_owned());
        }
        let mut living = self.all("subscriptions?status=trialing")?;
        let end = living.iter().filter_map(|trial| trial["trial_end"].as_i64()).max();
        // Of an earlier run: what is paid for already may end as well.
        living.extend(self.all("subscriptions?status=active")?);
        let before = self.all("invoices")?.iter().filter_map(|it| it["id"].as_str().map(str::to_owned)).collect();
        let until = end.map_or(0, |end| end + HOUR);
        let charges = living.iter().filter_map(|one| meant(one, &with_card, until)).collect();
        if end.is_some() {
            self.ask("POST", "test_helpers/clock", Some(&format!("frozen_time={until}")))?;
        }
        let mut events: Vec<String> = self.all("events")?.iter().map(Value::to_string).collect();
        let twice: Vec<String> = events.iter().filter(|_| rng.below(100) < TWICE).cloned().collect();
        events.extend(twice);
        rng.shuffle(&mut events);
        self.events = events.into();
        Ok(Meant { charges, before })
    }

    /// How many events are still to be delivered.
    pub(super) fn left(&self) -> usize {
        self.events.len()
    }

    /// Delivers for so long, or until all is delivered. What isn't taken comes again later.
    pub(super) fn deliver(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            let Some(event) = self.events.pop_front() else { return };
            if self.gateway.is_none() {
                self.gateway = Door::open(self.cluster, "gateway").ok();
            }
            let answer = self.gateway.as_ref().and_then(|door| {
                let signature = signature(&event);
                let headers = [("content-type", "application/json"), ("stripe-signature", signature.as_str())];
                self.client.send("POST", &door.at(WEBHOOK), &headers, Some(&event)).ok()
            });
            let said = answer.as_ref().map_or_else(|| LOST.to_owned(), |answer| answer.status.to_string());
            *self.answers.entry(said).or_default() += 1;
            match answer {
                Some(answer) if answer.status == 200 => std::thread::sleep(PACE),
                Some(answer) => {
                    self.events.push_back(event);
                    std::thread::sleep(answer.again.unwrap_or(PACE).min(Duration::from_secs(2)));
                }
                None => {
                    self.gateway = None;
                    self.events.push_back(event);
                    std::thread::sleep(Duration::from_millis(250));
                }
            }
        }
    }

    /// What was paid since: subscription and amount of every invoice that took money, each with whether one payment and no other settled it.
    pub(super) fn made(&self, meant: &Meant) -> Result<Vec<(String, i64, bool)>, Error> {
        let payments = self.all("payment_intents")?;
        let received: BTreeMap<&str, i64> = payments
            .iter()
            .filter(|payment| payment["status"] == "succeeded")
            .filter_map(|payment| Some((payment["id"].as_str()?, payment["amount_received"].as_i64()?)))
            .collect();
        // Which payments settled one is told only to who asks for it.
        let invoices = self.all("invoices?expand[]=data.payments")?;
        let fresh = invoices.iter().filter(|it| it["id"].as_str().is_some_and(|id| !meant.before.contains(id)));
        Ok(fresh.filter_map(|invoice| paid(invoice, &received)).collect())
    }

    /// Customers or subscriptions that carry an identifier of ours; `says` is what is compared beside.
    pub(super) fn ours(&self, path: &str, says: impl Fn(&Value) -> String) -> Result<Vec<Object>, Error> {
        let all = self.all(path)?;
        let ours = all.iter().filter_map(|object| {
            let row = object["metadata"]["rerp_id"].as_str()?;
            Some((row.to_owned(), object["id"].as_str()?.to_owned(), says(object)))
        });
        Ok(ours.collect())
    }
}

/// What the end of a trial or period will cost, if it is within the time: nothing where the customer has no card, for then the subscription ends.
fn meant(living: &Value, with_card: &BTreeSet<String>, until: i64) -> Option<(String, i64)> {
    let item = &living["items"]["data"][0];
    let has_card = with_card.contains(living["customer"].as_str()?) || living["default_payment_method"].is_string();
    let pays = has_card && living["cancel_at_period_end"] != true;
    let ends = item["current_period_end"].as_i64()? <= until;
    let cost = item["price"]["unit_amount"].as_i64().filter(|cost| pays && ends && *cost > 0)?;
    Some((living["id"].as_str()?.to_owned(), cost))
}

fn paid(invoice: &Value, received: &BTreeMap<&str, i64>) -> Option<(String, i64, bool)> {
    let amount = invoice["amount_paid"].as_i64().filter(|amount| *amount > 0)?;
    let subscription = invoice["parent"]["subscription_details"]["subscription"].as_str()?;
    let payments = invoice["payments"]["data"].as_array();
    let took: Vec<i64> = payments
        .into_iter()
        .flatten()
        .filter_map(|one| one["payment"]["payment_intent"].as_str())
        .filter_map(|id| received.get(id).copied())
        .collect();
    Some((subscription.to_owned(), amount, took == [amount]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_has_a_card_pays_at_the_end_of_a_period() {
        let trial = |customer: &str, ends: bool| {
            json!({ "id": "sub_1", "customer": customer, "cancel_at_period_end": ends,
                    "items": { "data": [{ "current_period_end": 100, "price": { "unit_amount": 1900 } }] } })
        };
        let cards = BTreeSet::from(["cus_1".to_owned()]);
        assert_eq!(meant(&trial("cus_1", false), &cards, 100), Some(("sub_1".to_owned(), 1900)));
        assert_eq!(meant(&trial("cus_1", false), &cards, 99), None);
        assert_eq!(meant(&trial("cus_2", false), &cards, 100), None);
        assert_eq!(meant(&trial("cus_1", true), &cards, 100), None);
    }

    #[test]
    fn an_invoice_is_settled_by_one_payment() {
        let invoice = json!({ "amount_paid": 1900, "parent": { "subscription_details": { "subscription": "sub_1" } },
            "payments": { "data": [{ "payment": { "payment_intent": "pi_1" } }] } });
        let settled = |received: &[(&'static str, i64)]| paid(&invoice, &received.iter().copied().collect());
        assert_eq!(settled(&[("pi_1", 1900)]), Some(("sub_1".to_owned(), 1900, true)));
        assert_eq!(settled(&[("pi_1", 1800)]), Some(("sub_1".to_owned(), 1900, false)));
        assert_eq!(settled(&[]), Some(("sub_1".to_owned(), 1900, false)));
        let untold = json!({ "amount_paid": 1900, "parent": invoice["parent"] });
        assert_eq!(paid(&untold, &BTreeMap::new()), Some(("sub_1".to_owned(), 1900, false)), "money was taken");
        assert_eq!(paid(&json!({ "amount_paid": 0 }), &BTreeMap::new()), None);
    }
}
