//! An account from its opening to a trial: account first, then billing. Data only.

use super::super::row::Act::{Card, Documents, Event};
use super::super::row::Who::{Ann, Ben, Nobody, Staff, Unsure};
use super::super::row::{Row, done, get, post, put};

const OPEN: &str = r#"{"human_name_id": "$ann", "kind": "business", "company_id": "$company"}"#;
const ADDRESS: &str = r#"{"type": "billing", "person_id": "$ann", "street_address": "1 Market Street", "city": "Dublin", "postal_code": "D02 X285", "country": "IE"}"#;
const PLAN: &str =
    r#"{"name": "Walk", "trial_days": 14, "prices": [{"amount": 1900, "currency": "eur", "interval": "month"}]}"#;
const SUBSCRIBE: &str = r#"{"account_id": "$account", "human_name_id": "$ann", "price_id": "$price"}"#;
const KYC: &str = r#"{"account_id": "$account", "human_name_id": "$ann"}"#;
const AGAIN: &str = "/api/billing/webhooks/stripe/events/{id=told}/replay";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    get("Ann sees herself", Ann, "/api/identity/user/{human_name_id=ann}").shows(&[("/human_name_id", "$ann"), ("/email_address_id", "*")]),
    get("Ben doesn't see her", Ben, "/api/identity/user/{human_name_id=ann}").refused(404, "not-found"),
    get("she isn't shown without a token", Nobody, "/api/identity/user/{human_name_id=ann}").refused(401, "not-signed-in"),
    get("staff see her", Staff, "/api/identity/user/{human_name_id=ann}").shows(&[("/human_name_id", "$ann")]),
    get("she is verified", Ann, "/api/identity/verification-status/{human_name_id=ann}").shows(&[("/both_verified", "true")]),
    get("Ben doesn't learn that", Ben, "/api/identity/verification-status/{human_name_id=ann}").refused(404, "not-found"),
    get("staff see who works here", Staff, "/api/identity/platform-user/{platform_user_id=platform_user}").shows(&[("/platform_user_id", "$platform_user"), ("/is_active", "*")]),
    get("Ann doesn't", Ann, "/api/identity/platform-user/{platform_user_id=platform_user}").refused(403, "not-permitted"),

    post("no account is opened without a token", Nobody, "/api/accounts", OPEN).refused(401, "not-signed-in"),
    post("Ben opens none for Ann", Ben, "/api/accounts", OPEN).refused(403, "not-permitted"),
    post("staff open none for somebody whom Identity doesn't know", Staff, "/api/accounts", r#"{"human_name_id": "$nobody", "kind": "business"}"#)
        .refused(422, "invalid-value").shows(&[("/errors/0/pointer", "/human_name_id")]).arrows(&["known"]),
    post("Ann opens one for her company", Ann, "/api/accounts", OPEN).keyed("account").status(201)
        .shows(&[("/human_name_id", "$ann"), ("/kind", "business"), ("/company_id", "$company")])
        .keeps(&[("account", "/account_id")]).arrows(&["open", "opened"]),
    post("asked twice, it is opened once", Ann, "/api/accounts", OPEN).keyed("account").status(201).shows(&[("/account_id", "$account")]),
    get("Ann sees it", Ann, "/api/accounts/{id=account}").shows(&[("/account_id", "$account"), ("/human_name_id", "$ann")]).arrows(&["both"]),
    get("to Ben it isn't there", Ben, "/api/accounts/{id=account}").refused(404, "not-found"),
    get("just as one that there isn't", Ben, "/api/accounts/{id=nobody}").refused(404, "not-found"),
    get("it isn't shown without a token", Nobody, "/api/accounts/{id=account}").refused(401, "not-signed-in"),
    get("staff see it", Staff, "/api/accounts/{id=account}").shows(&[("/account_id", "$account")]),

    post("Ben gives himself no role", Ben, "/api/accounts/{id=account}/roles", r#"{"human_name_id": "$ben", "role": "owner"}"#).refused(404, "not-found"),
    post("Ann lets him look", Ann, "/api/accounts/{id=account}/roles", r#"{"human_name_id": "$ben", "role": "viewer"}"#).keyed("role").status(201)
        .shows(&[("/human_name_id", "$ben"), ("/role", "viewer")]),
    get("now Ben sees it", Ben, "/api/accounts/{id=account}").shows(&[("/account_id", "$account")]),
    post("but he makes himself no owner", Ben, "/api/accounts/{id=account}/roles", r#"{"human_name_id": "$ben", "role": "owner"}"#).refused(403, "not-permitted"),
    get("who has which role", Ann, "/api/accounts/{id=account}/roles")
        .shows(&[("/items/human_name_id=$ann/role", "owner"), ("/items/human_name_id=$ben/role", "viewer")]),
    get("roles aren't shown without a token", Nobody, "/api/accounts/{id=account}/roles").refused(401, "not-signed-in"),
    post("Ann's address, the first and so the primary one", Ann, "/api/accounts/{id=account}/addresses", ADDRESS).keyed("address").status(201)
        .shows(&[("/is_primary", "true"), ("/version", "1")]).keeps(&[("postal", "/address_id")]),
    post("Ben adds none", Ben, "/api/accounts/{id=account}/addresses", ADDRESS).refused(403, "not-permitted"),
    get("the account's addresses", Ann, "/api/accounts/{id=account}/addresses").shows(&[("/items/address_id=$postal/city", "Dublin")]),
    get("addresses aren't shown without a token", Nobody, "/api/accounts/{id=account}/addresses").refused(401, "not-signed-in"),
    get("Ann may be tested here", Ann, "/api/accounts/{account_id=account}/permissions/{human_name_id=ann}")
        .shows(&[("/permissions/action=test.take/allowed", "true"), ("/permissions/action=billing.manage/allowed", "true")]),
    get("Ben may not, and why", Ben, "/api/accounts/{account_id=account}/permissions/{human_name_id=ben}")
        .shows(&[("/permissions/action=test.take/allowed", "false"), ("/permissions/action=test.take/reason", "role_too_low")]),

    put("staff without a second factor declare no plan", Unsure, "/api/billing/plans/{code=plan}", PLAN).refused(403, "not-permitted"),
    put("Ann declares none", Ann, "/api/billing/plans/{code=plan}", PLAN).refused(403, "not-permitted"),
    put("staff declare a plan", Staff, "/api/billing/plans/{code=plan}", PLAN).status(204),
    get("everybody sees what it costs", Nobody, "/api/billing/plans")
        .shows(&[("/items/code=$plan/trial_days", "14"), ("/items/code=$plan/prices/0/amount", "1900")])
        .keeps(&[("price", "/items/code=$plan/prices/0/price_id")]),
    post("Ann is a customer", Ann, "/api/billing/customers", r#"{"human_name_id": "$ann"}"#).status(201)
        .shows(&[("/human_name_id", "$ann")]).keeps(&[("customer", "/customer_id")]),
    post("one customer, however often", Ann, "/api/billing/customers", r#"{"human_name_id": "$ann"}"#).shows(&[("/customer_id", "$customer")]),
    post("Ben makes her none", Ben, "/api/billing/customers", r#"{"human_name_id": "$ann"}"#).refused(403, "not-permitted"),
    post("Ann adds a payment method", Ann, "/api/billing/payment-methods", r#"{"human_name_id": "$ann"}"#).keyed("card").status(201)
        .keeps(&[("method", "/payment_method_id"), ("secret", "/client_secret")]),
    post("none is added without a token", Nobody, "/api/billing/payment-methods", r#"{"human_name_id": "$ann"}"#).refused(401, "not-signed-in"),
    done("her browser gives Stripe a card", Card { secret: "secret" }).shows(&[("/status", "succeeded")]).keeps(&[("setup", "/id")]),
    post("an event that Stripe didn't sign is refused", Nobody, "/api/billing/webhooks/stripe", r#"{"id": "evt_walk"}"#).refused(400, "malformed-header"),
    done("Stripe tells of the card", Event { kind: "setup_intent.succeeded", about: "setup" }),
    get("Ann's card can be charged", Ann, "/api/billing/payment-methods/{human_name_id=ann}").soon()
        .shows(&[("/items/payment_method_id=$method/usable", "true"), ("/items/payment_method_id=$method/last4", "4242")]),
    get("Ben doesn't see it", Ben, "/api/billing/payment-methods/{human_name_id=ann}").refused(404, "not-found"),
    post("Ben subscribes nothing for her", Ben, "/api/billing/subscriptions", SUBSCRIBE).refused(403, "not-permitted"),
    post("Ann subscribes the account, with a trial", Ann, "/api/billing/subscriptions", SUBSCRIBE).keyed("subscription").status(201)
        .shows(&[("/status", "trialing"), ("/trial_end", "*"), ("/entitlement/access", "full")])
        .keeps(&[("subscription", "/subscription_id")]).arrows(&["subscribe", "both"]),
    post("an account has one subscription", Ann, "/api/billing/subscriptions", SUBSCRIBE).refused(409, "already-exists"),
    get("Ann sees what the account is entitled to", Ann, "/api/billing/subscription/{account_id=account}")
        .shows(&[("/subscription_id", "$subscription"), ("/status", "trialing"), ("/entitlement/access", "full")]).arrows(&["both"]),
    get("Ben doesn't, viewer or not", Ben, "/api/billing/subscription/{account_id=account}").refused(404, "not-found"),
    get("staff see it", Staff, "/api/billing/subscription/{account_id=account}").shows(&[("/subscription_id", "$subscription")]),
    post("Ann begins to prove that it is she who pays", Ann, "/api/billing/kyc/verify", KYC).status(201)
        .shows(&[("/verification_status", "requires_input")]).keeps(&[("kyc", "/verification_id"), ("documents", "/url")]),
    post("nothing is proved without a token", Nobody, "/api/billing/kyc/verify", KYC).refused(401, "not-signed-in"),
    get("the proof is open", Ann, "/api/billing/kyc/status/{account_id=account}").shows(&[("/verification_id", "$kyc"), ("/verification_status", "requires_input")]),
    done("she shows Stripe her documents", Documents { url: "documents" }).shows(&[("/status", "verified")]).keeps(&[("shown", "/id")]),
    done("Stripe tells of it", Event { kind: "identity.verification_session.verified", about: "shown" }),
    get("the proof is done", Ann, "/api/billing/kyc/status/{account_id=account}").soon().shows(&[("/verification_status", "verified"), ("/verified_at", "*")]),
    get("Ben doesn't learn of it", Ben, "/api/billing/kyc/status/{account_id=account}").refused(404, "not-found"),

    get("staff see what Stripe has told, and what became of it", Staff, "/api/billing/webhooks/stripe/events")
        .shows(&[("/items/object_id=$shown/state", "done")]).keeps(&[("told", "/items/object_id=$shown/id")]),
    get("Ann doesn't", Ann, "/api/billing/webhooks/stripe/events").refused(403, "not-permitted"),
    post("staff have it worked on again, and say why", Staff, AGAIN, "").because("a walk").status(204),
    get("it is done once more", Staff, "/api/billing/webhooks/stripe/events?state=done").soon().shows(&[("/items/id=$told/error", "-"), ("/items/id=$told/id", "$told")]),
    post("not without saying why", Staff, AGAIN, "").refused(422, "invalid-value"),
    post("Ann has nothing worked on", Ann, AGAIN, "").refused(403, "not-permitted"),
];
