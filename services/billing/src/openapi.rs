//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'.

mod webhooks;

use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{
    ALREADY_EXISTS, CHANGED_MEANWHILE, DEPENDENCY_UNAVAILABLE, ENDED, IN_PROGRESS, IN_USE, INVALID_VALUE, NOT_VERIFIED,
    PAYMENT_REFUSED,
};
use rerp_kit::rights::Export;
use serde_json::json;

use crate::access::RULES;
use crate::http::{change, customer, ending, kyc, payment_method, plan, price_preview, subscription};
use crate::store::customer::Customer;
use crate::store::invoice::Invoice;
use crate::store::payment_method::PaymentMethod;

/// A person in examples: one who is verified.
const PERSON: &str = "0191f7a1-3f0c-7000-8000-000000000002";
/// An account.
const ACCOUNT: &str = "0191f7a1-3f0c-7000-8000-0000000000a1";
/// A price.
const PRICE: &str = "0191f7a1-3f0c-7000-8000-0000000000b1";

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about =
        "Plans, customers, payment methods, subscriptions and proof of who pays. No other service talks to Stripe.";
    let operations = [
        plans(),
        payers(),
        subscriptions(),
        endings(),
        changes(),
        proofs(),
        rights(),
        dead_letters(),
        webhooks::webhooks(),
    ]
    .concat();
    Api { service: "billing", about, rules: RULES, operations }
}

fn dead_letters() -> Vec<Operation> {
    rerp_kit::events::dead_letters::described("/api/billing/dead-letters", "/api/billing/dead-letters/{id}/replay")
}

fn plans() -> Vec<Operation> {
    let list = Operation::new(Get, "/api/billing/plans", "list_plans", "Everything that is offered");
    let declare = Operation::new(
        Put,
        "/api/billing/plans/{code}",
        "declare_plan",
        "Declares what is offered of a plan; prices that are not in it any more are offered no more",
    );
    let prices = json!([{ "amount": 1900, "currency": "eur", "interval": "month" }]);
    vec![
        list.revalidated()
            .answers::<plan::Offered>(200, "Plans with their prices, for a minute")
            .with("ETag", "A digest of the answer", true)
            .with("Cache-Control", "How long it may be used", true),
        declare
            .segment(
                "code",
                "The plan's short name: 2 to 63 small letters, digits and hyphens, a letter first",
                json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{1,62}$", "examples": ["starter"] }),
            )
            .body::<plan::Body>(
                "The plan",
                json!({ "name": "Starter", "trial_days": 14, "seats": 5, "prices": prices }),
            )
            .empty(204, "It is offered")
            .problems(&[INVALID_VALUE, PAYMENT_REFUSED, DEPENDENCY_UNAVAILABLE]),
    ]
}

fn payers() -> Vec<Operation> {
    let customer =
        Operation::new(Post, "/api/billing/customers", "become_customer", "Makes oneself a customer at Stripe");
    let add = Operation::new(
        Post,
        "/api/billing/payment-methods",
        "add_payment_method",
        "Begins adding a payment method of one's own, for the verified; the card is given to Stripe and never passes here",
    );
    let list = Operation::new(
        Get,
        "/api/billing/payment-methods/{human_name_id}",
        "list_payment_methods",
        "A person's payment methods",
    );
    let remove = Operation::new(
        Delete,
        "/api/billing/payment-methods/{human_name_id}/{payment_method_id}",
        "remove_payment_method",
        "Takes a payment method back; what is paid with it alone keeps it",
    );
    let who = json!({ "human_name_id": PERSON });
    vec![
        customer
            .body::<customer::Body>("Who", who.clone())
            .answers::<Customer>(201, "A new customer")
            .answers::<Customer>(200, "The customer who was there")
            .problems(&[INVALID_VALUE, PAYMENT_REFUSED, DEPENDENCY_UNAVAILABLE]),
        add.keyed()
            .body::<payment_method::Body>("Whose", who)
            .answers::<payment_method::Begun>(201, "What the person's browser needs for Stripe")
            .problems(&[INVALID_VALUE, NOT_VERIFIED, PAYMENT_REFUSED, DEPENDENCY_UNAVAILABLE]),
        list.identifier("human_name_id", "The person", PERSON).pages::<PaymentMethod>("A page of payment methods"),
        remove
            .identifier("human_name_id", "The person", PERSON)
            .identifier("payment_method_id", "The payment method", PRICE)
            .empty(204, "It is gone")
            .problems(&[IN_USE, DEPENDENCY_UNAVAILABLE]),
    ]
}

fn subscriptions() -> Vec<Operation> {
    let subscribe = Operation::new(Post, "/api/billing/subscriptions", "subscribe", "Subscribes an account to a plan");
    let get = Operation::new(
        Get,
        "/api/billing/subscription/{account_id}",
        "get_subscription",
        "The newest subscription of an account, and what it entitles to now",
    );
    let invoices = Operation::new(
        Get,
        "/api/billing/invoices/{account_id}",
        "list_invoices",
        "What an account was asked to pay, of subscriptions that one has asked for",
    );
    let wish = json!({ "account_id": ACCOUNT, "human_name_id": PERSON, "price_id": PRICE });
    vec![
        subscribe
            .keyed()
            .body::<subscription::Body>("What", wish)
            .answers::<subscription::View>(201, "The subscription")
            .with("ETag", "The version", true)
            .with("Location", "Where it is", true)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS, IN_PROGRESS, PAYMENT_REFUSED, DEPENDENCY_UNAVAILABLE]),
        get.identifier("account_id", "The account", ACCOUNT)
            .revalidated()
            .answers::<subscription::View>(200, "The subscription")
            .with("ETag", "The version", true),
        invoices
            .identifier("account_id", "The account", ACCOUNT)
            .pages::<Invoice>("A page of invoices, the newest last")
            .with("Cache-Control", "`no-store`: it is somebody's", true),
    ]
}

fn endings() -> Vec<Operation> {
    let change = Operation::new(
        Put,
        "/api/billing/subscription/{account_id}",
        "change_subscription",
        "Lets the newest subscription of an account end with what is paid for, or go on after all",
    );
    let cancel = Operation::new(
        Post,
        "/api/billing/subscription/{account_id}/cancel",
        "cancel_subscription",
        "Ends it at once; what was paid isn't paid back",
    );
    let one = |operation: Operation| operation.identifier("account_id", "The account", ACCOUNT);
    let problems = [ENDED, IN_PROGRESS, DEPENDENCY_UNAVAILABLE];
    vec![
        one(change)
            .changes()
            .body::<ending::Body>("What is to become of it", json!({ "cancel_at_period_end": true }))
            .answers::<subscription::View>(200, "The subscription as it is then")
            .with("ETag", "The version", true)
            .problems(&problems)
            .problems(&[INVALID_VALUE]),
        one(cancel)
            .answers::<subscription::View>(200, "The subscription, which has ended")
            .with("ETag", "The version", true)
            .problems(&problems),
    ]
}

fn changes() -> Vec<Operation> {
    let preview = Operation::new(
        Post,
        "/api/billing/subscription/{account_id}/preview",
        "preview_price",
        "What another price would cost the newest subscription of an account; nothing changes by it",
    );
    let change = Operation::new(
        Put,
        "/api/billing/subscription/{account_id}/price",
        "change_price",
        "Gives it that price, which is paid at once, or nothing changes",
    );
    let one = |operation: Operation| operation.identifier("account_id", "The account", ACCOUNT);
    let problems = [INVALID_VALUE, ENDED, IN_PROGRESS, DEPENDENCY_UNAVAILABLE];
    vec![
        one(preview)
            .body::<change::Wish>("At which price", json!({ "price_id": PRICE }))
            .answers::<price_preview::Seen>(200, "What it would come to in this moment")
            .with("Cache-Control", "`no-store`: it is somebody's, and true for a moment", true)
            .problems(&problems),
        one(change)
            .changes()
            .body::<change::Body>("What was agreed to", json!({ "price_id": PRICE, "due_at_most": 950 }))
            .answers::<subscription::View>(200, "The subscription as it is then")
            .with("ETag", "The version", true)
            .problems(&problems)
            .problems(&[PAYMENT_REFUSED]),
    ]
}

fn proofs() -> Vec<Operation> {
    let verify =
        Operation::new(Post, "/api/billing/kyc/verify", "verify_payer", "Begins to verify that it is oneself who pays");
    let status = Operation::new(
        Get,
        "/api/billing/kyc/status/{account_id}",
        "get_payer_verification",
        "What counts of what was begun for an account",
    );
    vec![
        verify
            .body::<kyc::Body>("Who pays for what", json!({ "account_id": ACCOUNT, "human_name_id": PERSON }))
            .answers::<kyc::View>(201, "A new verification")
            .answers::<kyc::View>(200, "The one that is under way")
            .problems(&[INVALID_VALUE, CHANGED_MEANWHILE, PAYMENT_REFUSED, DEPENDENCY_UNAVAILABLE]),
        status.identifier("account_id", "The account", ACCOUNT).answers::<kyc::View>(200, "The verification"),
    ]
}

fn rights() -> Vec<Operation> {
    let export = Operation::new(
        Get,
        "/api/billing/people/{human_name_id}/export",
        "export_person",
        "What is held of a person here, to take along",
    );
    vec![
        export
            .identifier("human_name_id", "The person", PERSON)
            .answers::<Export>(200, "Table by table; empty ones of whoever has nothing here"),
    ]
}
