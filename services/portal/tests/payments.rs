//! A portal whose bundle takes cards: what pages are told, what browsers are allowed, and the way to what stands in for Stripe, which is the sandbox itself.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

use std::fs;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use rerp_kit::client::outside;
use rerp_portal::bundle::Bundle;
use rerp_portal::form::Keys;
use rerp_portal::payments::Payments;
use rerp_portal::router::{Portal, router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

const CONFIRM: &str = "/stand-in/stripe/v1/setup_intents";

fn portal(payments: Option<Payments>, asks: bool) -> Router {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("answers")).unwrap();
    for name in ["index.html", "answers/not-found.html", "answers/refused.html", "answers/busy.html"] {
        fs::write(dir.path().join(name), "<p>page</p>").unwrap();
    }
    fs::write(dir.path().join("portal.json"), json!({ "app": true, "payments": asks }).to_string()).unwrap();
    let bundle = Bundle::open(dir.path()).unwrap();
    router(Portal { bundle, gateway: None, keys: Keys::new(None), sessions: None, cluster: None, payments }).unwrap()
}

async fn ask(portal: &Router, method: &str, path: &str, body: &str) -> (StatusCode, String, Value) {
    let request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let response = portal.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let policy = headers["content-security-policy"].to_str().unwrap().to_owned();
    let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    if path == "/settings.json" && status == StatusCode::OK {
        assert_eq!(headers["cache-control"], "no-cache");
    }
    (status, policy, serde_json::from_slice(&body).unwrap_or_default())
}

fn stripe() -> Payments {
    Payments::Stripe { key: "pk_test_1".into() }
}

#[tokio::test]
async fn pages_are_told_who_takes_cards_and_browsers_allowed_it_alone() {
    let stand_in = Payments::StandIn("http://127.0.0.1:1/stripe".parse().unwrap());
    for (payments, told, is_open) in [
        (Some(stripe()), json!({ "kind": "stripe", "publishable_key": "pk_test_1" }), true),
        (Some(stand_in), json!({ "kind": "stand-in", "at": "/stand-in/stripe" }), false),
        (None, Value::Null, false),
    ] {
        let (status, policy, settings) = ask(&portal(payments, true), "GET", "/settings.json", "").await;
        assert_eq!((status, settings), (StatusCode::OK, json!({ "stripe": told })));
        assert_eq!(policy.contains("https://js.stripe.com"), is_open, "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn a_bundle_that_takes_no_cards_gets_nothing_of_it() {
    let portal = portal(Some(stripe()), false);
    let (status, policy, _) = ask(&portal, "GET", "/settings.json", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!policy.contains("stripe"), "{policy}");
}

#[tokio::test]
async fn a_card_is_added_at_the_stand_in_by_its_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/stripe", listener.local_addr().unwrap());
    let http = outside().unwrap().build().unwrap();
    let sandbox = rerp_sandbox::http::router(http.clone());
    tokio::spawn(async move { axum::serve(listener, sandbox).await });
    let post = async |path: &str, form: &str| -> Value {
        let request = http.post(format!("{base}/v1/{path}")).bearer_auth("sk_test_1");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
    };
    let customer = post("customers", "").await["id"].as_str().unwrap().to_owned();
    let setup = post("setup_intents", &format!("customer={customer}")).await;
    let (id, secret) = (setup["id"].as_str().unwrap(), setup["client_secret"].as_str().unwrap());
    let portal = portal(Some(Payments::StandIn(base.parse().unwrap())), true);
    let path = format!("{CONFIRM}/{id}/confirm");
    for (body, status) in [
        ("client_secret=wrong&payment_method=pm_card_visa".to_owned(), StatusCode::BAD_REQUEST),
        (format!("client_secret={secret}&payment_method=pm_card_chargeDeclined"), StatusCode::PAYMENT_REQUIRED),
        (
            format!("client_secret={secret}&payment_method=pm_card_visa&card[number]=4242"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (format!("client_secret={secret}&payment_method=pm_card_visa"), StatusCode::OK),
    ] {
        let (answered, _, document) = ask(&portal, "POST", &path, &body).await;
        assert_eq!(answered, status, "{body}: {document}");
        assert_eq!(document["status"] == "succeeded", status == StatusCode::OK, "{document}");
    }
    let (status, ..) =
        ask(&portal, "POST", "/stand-in/stripe/v1/customers/x/confirm", "client_secret=a&payment_method=pm_card_visa")
            .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn strangers_and_a_stand_in_that_is_gone_are_told_so() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let portal = portal(Some(Payments::StandIn(format!("http://{gone}/stripe").parse().unwrap())), true);
    let form = "client_secret=a&payment_method=pm_card_visa";
    let (status, ..) = ask(&portal, "POST", &format!("{CONFIRM}/seti_1/confirm"), form).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let request = Request::builder().method("POST").uri(format!("{CONFIRM}/seti_1/confirm"));
    let request = request.header("sec-fetch-site", "cross-site").body(Body::from(form)).unwrap();
    assert_eq!(portal.oneshot(request).await.unwrap().status(), StatusCode::FORBIDDEN);
}
