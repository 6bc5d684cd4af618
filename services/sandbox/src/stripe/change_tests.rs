//! What is previewed is what is invoiced.

use serde_json::{Value, json};

use super::super::call::{Call, Stripe};
use super::share;

const DAY: i64 = 86_400;
/// 2026-11-01 00:00:00 UTC: a month of 30 days begins.
const START: i64 = 1_793_491_200;

fn ask(stripe: &Stripe, method: &str, path: &str, form: &str) -> (u16, Value) {
    let path = format!("/v1/{path}");
    let call = Call { method, path: &path, account: Some("sk_test_1"), key: None, form: form.as_bytes() };
    let answer = stripe.call(call);
    (answer.status, answer.body)
}

fn made(stripe: &Stripe, path: &str, form: &str) -> Value {
    let (status, body) = ask(stripe, "POST", path, form);
    assert_eq!(status, 200, "{path} {form}: {body}");
    body
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("{field} in {object}"))
}

/// A customer with a card who pays this price, and what it takes to change it.
struct Subscribed {
    stripe: Stripe,
    customer: String,
    id: String,
    item: String,
}

impl Subscribed {
    fn to(amount: i64, more: &str) -> Self {
        let stripe = Stripe::at(START);
        made(&stripe, "products", "id=rerp_plan&name=Plan");
        let customer = text(&made(&stripe, "customers", ""), "id").to_owned();
        let card = made(&stripe, "payment_methods/pm_card_visa/attach", &format!("customer={customer}"));
        let default = format!("invoice_settings[default_payment_method]={}", text(&card, "id"));
        made(&stripe, &format!("customers/{customer}"), &default);
        let price = price(&stripe, amount, "month");
        let form = format!("customer={customer}&items[0][price]={price}{more}");
        let subscription = made(&stripe, "subscriptions", &form);
        let item = text(&subscription["items"]["data"][0], "id").to_owned();
        Self { id: text(&subscription, "id").to_owned(), stripe, customer, item }
    }

    fn later(&self, seconds: i64) {
        made(&self.stripe, "test_helpers/clock", &format!("frozen_time={}", self.stripe.now() + seconds));
    }

    fn preview(&self, price: &str, more: &str) -> (u16, Value) {
        let details =
            [("items][0][id", &*self.item), ("items][0][price", price), ("proration_behavior", "always_invoice")];
        let details: String =
            details.iter().map(|(name, value)| format!("&subscription_details[{name}]={value}")).collect();
        ask(&self.stripe, "POST", "invoices/create_preview", &format!("subscription={}{details}{more}", self.id))
    }

    fn change(&self, price: &str, more: &str) -> (u16, Value) {
        let form = format!(
            "items[0][id]={}&items[0][price]={price}&proration_behavior=always_invoice&payment_behavior=error_if_incomplete{more}",
            self.item
        );
        ask(&self.stripe, "POST", &format!("subscriptions/{}", self.id), &form)
    }

    fn invoice(&self, subscription: &Value) -> Value {
        ask(&self.stripe, "GET", &format!("invoices/{}", text(subscription, "latest_invoice")), "").1
    }

    fn count(&self) -> usize {
        ask(&self.stripe, "GET", "invoices", "").1["data"].as_array().map_or(0, Vec::len)
    }
}

fn price(stripe: &Stripe, amount: i64, interval: &str) -> String {
    let form = format!("product=rerp_plan&currency=eur&unit_amount={amount}&recurring[interval]={interval}");
    text(&made(stripe, "prices", &form), "id").to_owned()
}

/// What both say: sums, and lines without their identifiers.
fn said(invoice: &Value) -> Value {
    let sums = ["total", "amount_due", "starting_balance", "ending_balance", "currency"];
    let line = |line: &Value| json!([line["amount"], line["period"], line["pricing"], line["parent"]]);
    let lines: Vec<Value> = invoice["lines"]["data"].as_array().unwrap().iter().map(line).collect();
    json!([sums.map(|name| invoice[name].clone()), lines])
}

#[test]
fn an_upgrade_costs_the_difference_for_the_rest_of_the_period_as_it_was_previewed() {
    let one = Subscribed::to(1000, "");
    let dearer = price(&one.stripe, 2000, "month");
    one.later(15 * DAY);
    let (status, preview) = one.preview(&dearer, "");
    assert_eq!((status, &preview["amount_due"], &preview["status"]), (200, &json!(500), &json!("draft")), "{preview}");
    assert_eq!(one.count(), 1, "a preview makes nothing");
    // The change comes a minute later, and is counted from the same moment.
    let date = &preview["lines"]["data"][0]["period"]["start"];
    one.later(60);
    let (status, changed) = one.change(&dearer, &format!("&proration_date={date}"));
    assert_eq!((status, &changed["status"]), (200, &json!("active")), "{changed}");
    let invoice = one.invoice(&changed);
    assert_eq!(said(&invoice), said(&preview));
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"], &invoice["billing_reason"]),
        (&json!("paid"), &json!(500), &json!("subscription_update"))
    );
    assert_eq!(changed["items"]["data"][0]["current_period_end"], json!(START + 30 * DAY), "the period stays");
    one.later(16 * DAY);
    let subscription = ask(&one.stripe, "GET", &format!("subscriptions/{}", one.id), "").1;
    assert_eq!(one.invoice(&subscription)["amount_paid"], json!(2000), "the next period costs the new price");
}

#[test]
fn what_a_downgrade_leaves_pays_for_what_comes_next() {
    let one = Subscribed::to(3000, "");
    let cheaper = price(&one.stripe, 1000, "month");
    one.later(15 * DAY);
    let (_, preview) = one.preview(&cheaper, "");
    assert_eq!(
        (&preview["total"], &preview["amount_due"], &preview["ending_balance"]),
        (&json!(-1000), &json!(0), &json!(-1000))
    );
    let (status, changed) = one.change(&cheaper, "");
    assert_eq!(status, 200, "{changed}");
    assert_eq!(said(&one.invoice(&changed)), said(&preview));
    let customer = ask(&one.stripe, "GET", &format!("customers/{}", one.customer), "").1;
    assert_eq!(customer["balance"], json!(-1000));
    // The next period is paid for by it, and the one after that isn't.
    for (due, balance) in [(0, 0), (1000, 0)] {
        one.later(31 * DAY);
        let subscription = ask(&one.stripe, "GET", &format!("subscriptions/{}", one.id), "").1;
        let invoice = one.invoice(&subscription);
        assert_eq!((&invoice["amount_due"], &invoice["ending_balance"]), (&json!(due), &json!(balance)), "{invoice}");
    }
}

#[test]
fn another_interval_begins_a_period_which_is_paid_for_at_once() {
    let one = Subscribed::to(1000, "");
    let yearly = price(&one.stripe, 10_000, "year");
    one.later(15 * DAY);
    let (_, preview) = one.preview(&yearly, "");
    assert_eq!(preview["amount_due"], json!(9500), "half a month is given back: {preview}");
    let (status, changed) = one.change(&yearly, "");
    assert_eq!(status, 200, "{changed}");
    assert_eq!(said(&one.invoice(&changed)), said(&preview));
    assert_eq!(changed["items"]["data"][0]["current_period_end"], json!(START + 15 * DAY + 365 * DAY));
}

#[test]
fn a_trial_goes_on_at_the_new_price() {
    let one = Subscribed::to(1000, "&trial_period_days=14");
    let dearer = price(&one.stripe, 2000, "month");
    let (_, preview) = one.preview(&dearer, "");
    assert_eq!((&preview["amount_due"], preview["lines"]["data"].as_array().map(Vec::len)), (&json!(0), Some(0)));
    let (status, changed) = one.change(&dearer, "");
    assert_eq!(
        (status, &changed["status"], &changed["trial_end"]),
        (200, &json!("trialing"), &json!(START + 14 * DAY))
    );
    one.later(14 * DAY);
    let subscription = ask(&one.stripe, "GET", &format!("subscriptions/{}", one.id), "").1;
    assert_eq!((one.invoice(&subscription)["amount_paid"].clone(), one.count()), (json!(2000), 2));
}

#[test]
fn a_card_that_says_no_changes_nothing() {
    let one = Subscribed::to(1000, "");
    let dearer = price(&one.stripe, 2000, "month");
    let card =
        made(&one.stripe, "payment_methods/pm_card_chargeCustomerFail/attach", &format!("customer={}", one.customer));
    made(&one.stripe, &format!("subscriptions/{}", one.id), &format!("default_payment_method={}", text(&card, "id")));
    let before = ask(&one.stripe, "GET", &format!("subscriptions/{}", one.id), "");
    let (status, refused) = one.change(&dearer, "");
    assert_eq!((status, &refused["error"]["code"]), (402, &json!("card_declined")));
    assert_eq!((ask(&one.stripe, "GET", &format!("subscriptions/{}", one.id), ""), one.count()), (before, 1));
}

#[test]
fn what_is_not_played_is_refused() {
    let one = Subscribed::to(1000, "");
    let dearer = price(&one.stripe, 2000, "month");
    let form = "product=rerp_plan&currency=usd&unit_amount=5&recurring[interval]=month";
    let dollars = text(&made(&one.stripe, "prices", form), "id").to_owned();
    let details = "&subscription_details";
    for (price, more, param) in [
        (&dollars, String::new(), "items[0][price]"),
        (&dearer, format!("{details}[proration_date]={}", START + 32 * DAY), "proration_date"),
        (&dearer, format!("{details}[proration_date]={}", START - 1), "proration_date"),
        (&dearer, format!("{details}[proration_date]=now"), "proration_date"),
        (&dearer, format!("{details}[proration_behavior]=create_prorations"), "proration_behavior"),
        (&dearer, format!("{details}[items][0][id]=si_1"), "items[0][id]"),
        (&dearer, format!("{details}[cancel_now]=true"), "subscription_details[cancel_now]"),
        (&dearer, "&customer=cus_1".to_owned(), "customer"),
    ] {
        let (status, refused) = one.preview(price, &more);
        assert_eq!((status, &refused["error"]["param"]), (400, &json!(param)), "{more}: {refused}");
    }
    let cheapest = "items[0][price]=price_1&proration_behavior=none";
    assert_eq!(ask(&one.stripe, "POST", &format!("subscriptions/{}", one.id), cheapest).0, 400);
}

#[test]
fn parts_are_rounded_to_the_nearest_unit() {
    for (amount, part, whole, of) in
        [(1000, 1, 2, 500), (999, 1, 2, 500), (1, 1, 3, 0), (2, 1, 3, 1), (7, 0, 5, 0), (5, 5, 0, 25)]
    {
        assert_eq!(share(amount, part, whole), of, "{amount} * {part} / {whole}");
    }
    assert_eq!(share(i64::MAX, 3, 3), i64::MAX);
}
