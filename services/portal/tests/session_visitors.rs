//! Where visitors come from, as far as sessions count by it: the portal's router, with Supabase behind it.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;
use serde_json::json;
use someone::{ANN, Place, SECRET, said};
use tokio::sync::mpsc;

#[tokio::test]
async fn one_address_asks_only_so_often() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let wish = json!({ "email": ANN, "password": "wrong password" });
    let ask = async |from: &str| {
        let answer = place.ask("POST", "/session", &[("x-forwarded-for", from)], wish.clone()).await;
        (answer.status().as_u16(), said(&answer, "retry-after").to_owned())
    };
    for _ in 0..20 {
        assert_eq!(ask("192.0.2.1").await.0, 422);
    }
    let (status, again) = ask("203.0.113.9, 192.0.2.1").await;
    assert!(status == 429 && (1..=4).contains(&again.parse::<u32>().unwrap()), "{status} {again}");
    assert_eq!(ask("192.0.2.1, 192.0.2.2").await.0, 422, "somebody else may");
    let stays = [("x-forwarded-for", "192.0.2.1")];
    let answer = place.ask("POST", "/session/refresh", &stays, json!({})).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT, "whoever is signed in stays so");
}

#[tokio::test]
async fn supabase_is_told_where_a_visitor_comes_from_in_one_word() {
    let (say, mut heard) = mpsc::unbounded_channel::<HeaderMap>();
    let played = Router::new().fallback(any(async move |headers: HeaderMap| {
        say.send(headers).unwrap();
        StatusCode::SERVICE_UNAVAILABLE
    }));
    for (key, hosted) in [("sb_publishable_tests", None), ("sb_secret_tests", Some("192.0.2.1"))] {
        let place = Place::before(played.clone(), key).await;
        let wish = json!({ "email": ANN, "password": SECRET });
        place.ask("POST", "/session", &[("x-forwarded-for", "203.0.113.9, 192.0.2.1")], wish.clone()).await;
        let headers = heard.recv().await.unwrap();
        let told = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!((told("x-forwarded-for"), told("sb-forwarded-for")), (Some("192.0.2.1"), hosted));
        assert_eq!(told("apikey"), Some(key));
        place.ask("POST", "/session", &[("x-forwarded-for", "203.0.113.9, nonsense")], wish).await;
        let headers = heard.recv().await.unwrap();
        assert!(headers.get("x-forwarded-for").is_none() && headers.get("sb-forwarded-for").is_none());
    }
}
