//! Who may call what: every row of the table as every kind of caller, over mutual TLS, beside the real Identity and the stand-in for Stripe.

use rerp_billing::access::RULES;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_proto::billing::v1::entitlements_server;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doors::{DEAD_LETTER, Doors, Who, calls, case, dead_letters, everybody, same_routes};
use crate::platform::{ACCOUNT, ANN, BOB, MONTHLY, Platform, YEARLY};

#[test]
fn every_route_has_a_row() {
    same_routes(include_str!("../../src/router.rs"), RULES);
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

pub(crate) async fn doors(platform: &Platform) -> Doors {
    Doors::open("billing", RULES, rerp_billing::router(platform.state.clone())).await
}

fn with(body: &Value, field: &str, value: &str) -> Value {
    let mut body = body.clone();
    body[field] = json!(value);
    body
}

/// Bob is the owner here: he is verified, and may have a trial and a payment method.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_is_theirs() {
    let platform = Platform::start().await;
    let (of_bob, prices) =
        (json!({ "human_name_id": BOB }), json!([{ "amount": 5, "currency": "eur", "interval": "year" }]));
    let of_account = with(&of_bob, "account_id", ACCOUNT);
    let theirs = [401, 200, 404, 403, 200, 403];
    let methods = "/api/billing/payment-methods/{human_name_id}";
    let method = "/api/billing/payment-methods/{human_name_id}/{payment_method_id}";
    let (subscription, kyc) = ("/api/billing/subscription/{account_id}", "/api/billing/kyc/status/{account_id}");
    let invoices = "/api/billing/invoices/{account_id}";
    let cancel = "/api/billing/subscription/{account_id}/cancel";
    let (preview, price) =
        ("/api/billing/subscription/{account_id}/preview", "/api/billing/subscription/{account_id}/price");
    let export = "/api/billing/people/{human_name_id}/export";
    let at = |pattern: &str| pattern.replace("{human_name_id}", BOB).replace("{account_id}", ACCOUNT);
    let events = "/api/billing/webhooks/stripe/events";
    let replay = "/api/billing/webhooks/stripe/events/{id}/replay";
    let cases = [
        case(Get, "/api/billing/plans", "/api/billing/plans", [200; 6]),
        case(Put, "/api/billing/plans/{code}", "/api/billing/plans/extra", [401, 403, 403, 403, 204, 403])
            .body(json!({ "name": "Extra", "prices": prices })),
        case(Post, "/api/billing/customers", "/api/billing/customers", [401, 201, 403, 403, 200, 403])
            .body(of_bob.clone()),
        case(Post, "/api/billing/payment-methods", "/api/billing/payment-methods", [401, 201, 403, 403, 201, 403])
            .body(of_bob.clone()),
        case(Get, methods, &at(methods), theirs),
        // The person's own to look for; there is none of this identifier.
        case(Delete, method, &at(method).replace("{payment_method_id}", ACCOUNT), [401, 404, 404, 403, 404, 403]),
        // Before there is one nobody is told whether there is.
        case(Get, subscription, &at(subscription), [401, 404, 404, 403, 404, 403]),
        case(Post, "/api/billing/subscriptions", "/api/billing/subscriptions", [401, 201, 403, 403, 409, 403])
            .body(with(&of_account, "price_id", MONTHLY)),
        case(Get, subscription, &at(subscription), theirs),
        case(Put, subscription, &at(subscription), theirs)
            .body(json!({ "cancel_at_period_end": false }))
            .header("if-match", "*"),
        case(Post, preview, &at(preview), theirs).body(json!({ "price_id": YEARLY })),
        // On trial nothing is due. Staff come second: it has the price by then.
        case(Put, price, &at(price), theirs)
            .body(json!({ "price_id": YEARLY, "due_at_most": 0 }))
            .header("if-match", "*"),
        case(Get, invoices, &at(invoices), theirs),
        case(Post, "/api/billing/kyc/verify", "/api/billing/kyc/verify", [401, 201, 403, 403, 200, 403])
            .body(of_account.clone()),
        case(Get, kyc, &at(kyc), theirs),
        case(Get, events, events, [401, 403, 403, 403, 200, 403]),
        // None of this identifier.
        case(Post, replay, &replay.replace("{id}", "evt_1"), [401, 403, 403, 403, 404, 403])
            .header("x-audit-reason", "ticket 4711"),
        case(Get, export, &at(export), theirs),
        // Staff come second: it has ended by then.
        case(Post, cancel, &at(cancel), [401, 200, 404, 403, 409, 403]),
        // Stripe shows no token: what it sends proves itself, or is none of its.
        case(Post, "/api/billing/webhooks/stripe", "/api/billing/webhooks/stripe", [400; 6]).body(json!({})),
        calls(entitlements_server::SERVICE_NAME),
    ];
    platform.billing.define(DEAD_LETTER).await;
    let letters = dead_letters("/api/billing/dead-letters", "/api/billing/dead-letters/{id}/replay");
    everybody(&doors(&platform).await, RULES, id(BOB), id(ANN), &[&cases[..], &letters].concat()).await;
}

/// An account may have had several who paid: each sees what was theirs, and nobody what was another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_account_s_subscriptions_each_sees_their_own() {
    let platform = Platform::start().await;
    let doors = doors(&platform).await;
    let path = format!("/api/billing/subscription/{ACCOUNT}");
    let seen = async |who: Who| doors.ask(who, Get, &path, None).await.unwrap();
    assert_eq!(platform.subscribe(None, BOB, MONTHLY).await.status, 201);
    platform.billing.define("UPDATE svc.stripe_subscriptions SET status = 'canceled'").await;
    assert_eq!(platform.subscribe(None, ANN, MONTHLY).await.status, 201);
    for person in [ANN, BOB] {
        let own = seen(Who::Person(id(person))).await;
        assert_eq!((own.status, &own.body["human_name_id"]), (200, &json!(person)), "{}", own.body);
    }
    let newest = seen(Who::Staff(rerp_kit::access::Assurance::Second)).await;
    assert_eq!(newest.body["human_name_id"], json!(ANN), "staff see what counts");
}
