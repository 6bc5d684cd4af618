//! Sessions as browsers meet them: the portal's router with the stand-in for Supabase behind it, on a socket.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use rerp_portal::session::cookie::NAME;
use rerp_portal::session::seal::{Held, Purpose};
use serde_json::json;
use someone::{ANN, Place, SECRET, cookie_of, kind, read, said, seal};

#[tokio::test]
async fn signing_in_gives_a_token_and_a_cookie_that_no_script_reads() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    assert_eq!((answer.status(), said(&answer, "cache-control")), (StatusCode::OK, "no-store"));
    let kept = said(&answer, "set-cookie").to_owned();
    assert!(kept.starts_with(&format!("{NAME}=")) && !kept.contains("Domain"), "{kept}");
    for attribute in ["; Max-Age=2592000", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict"] {
        assert!(kept.contains(attribute), "{attribute}: {kept}");
    }
    let told = read(answer).await;
    assert_eq!((&told["email"], &told["expires_in"]), (&json!(ANN), &json!(3600)));
    assert_eq!(told["person"].as_str().unwrap().len(), 36);
    assert!(told["access_token"].as_str().unwrap().split('.').count() == 3 && told.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let mut seen = Vec::new();
    for (email, password) in [(ANN, "wrong password"), ("nobody@example.com", SECRET), ("no address", SECRET)] {
        let answer = place.ask("POST", "/session", &[], json!({ "email": email, "password": password })).await;
        assert!(said(&answer, "set-cookie").is_empty());
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        seen.push(read(answer).await);
    }
    assert!(seen.iter().all(|one| *one == seen[0] && kind(one) == "credentials-refused"), "{seen:?}");
}

#[tokio::test]
async fn refreshing_gives_another_cookie_and_the_end_stays() {
    let place = Place::open().await;
    let first = place.signed_in(ANN).await;
    let answer = place.ask("POST", "/session/refresh", &[("cookie", &first)], json!({})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let second = cookie_of(&answer);
    assert_ne!(first, second);
    // Two tabs at once, and an answer that was lost: the cookie before the present one is good for a while.
    for cookie in [&first, &second] {
        let again = place.ask("POST", "/session/refresh", &[("cookie", cookie)], json!({})).await;
        assert_eq!(again.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_end_of_a_session_is_sealed_with_it() {
    let place = Place::open().await;
    let cookie = place.signed_in(ANN).await;
    let opened = seal().open(cookie.split_once('=').unwrap().1, Purpose::Session).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let until = |until: u64| {
        let held = Held { refresh: opened.refresh.clone(), until };
        format!("{NAME}={}", seal().seal(&held, Purpose::Session).unwrap())
    };
    let ending = place.ask("POST", "/session/refresh", &[("cookie", &until(now + 100))], json!({})).await;
    assert_eq!(ending.status(), StatusCode::OK);
    let left = said(&ending, "set-cookie").split("Max-Age=").nth(1).unwrap().split(';').next().unwrap();
    assert!((1..=100).contains(&left.parse::<u64>().unwrap()), "{left}");
    let over = place.ask("POST", "/session/refresh", &[("cookie", &until(now - 1))], json!({})).await;
    assert_eq!(over.status(), StatusCode::UNAUTHORIZED);
    assert!(said(&over, "set-cookie").starts_with(&format!("{NAME}=; Max-Age=0")));
}

#[tokio::test]
async fn whoever_has_no_cookie_is_nobody_and_that_is_no_error() {
    let place = Place::open().await;
    let answer = place.ask("POST", "/session/refresh", &[], json!({})).await;
    assert_eq!((answer.status(), said(&answer, "cache-control")), (StatusCode::NO_CONTENT, "no-store"));
}

#[tokio::test]
async fn a_cookie_that_was_changed_is_refused_and_forgotten() {
    let place = Place::open().await;
    let cookie = place.signed_in(ANN).await;
    let last = if cookie.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{last}", &cookie[..cookie.len() - 1]);
    for bad in [changed, format!("{NAME}=x"), cookie.replace('=', "=A")] {
        let answer = place.ask("POST", "/session/refresh", &[("cookie", &bad)], json!({})).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{bad}");
        assert!(said(&answer, "set-cookie").starts_with(&format!("{NAME}=; Max-Age=0; Path=/; ")));
        assert_eq!(kind(&read(answer).await), "not-signed-in");
    }
    let good = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(good.status(), StatusCode::OK);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere_it_lies() {
    let place = Place::open().await;
    let cookie = place.signed_in(ANN).await;
    let answer = place.ask("DELETE", "/session", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(said(&answer, "set-cookie").contains("Max-Age=0"));
    let after = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(after.status(), StatusCode::UNAUTHORIZED, "Supabase takes it no more");
    // Without a session, and without Supabase, a browser still forgets.
    let nothing = place.ask("DELETE", "/session", &[], json!({})).await;
    assert!(nothing.status() == StatusCode::NO_CONTENT && said(&nothing, "set-cookie").contains("Max-Age=0"));
    let alone = Place::without_supabase().await;
    let gone = alone.ask("DELETE", "/session", &[("cookie", &cookie)], json!({})).await;
    assert!(gone.status() == StatusCode::NO_CONTENT && said(&gone, "set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_session_outlives_that_supabase_is_away() {
    let place = Place::open().await;
    let cookie = place.signed_in(ANN).await;
    let alone = Place::without_supabase().await;
    let answer = alone.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!((answer.status(), said(&answer, "set-cookie")), (StatusCode::SERVICE_UNAVAILABLE, ""));
    let wish = json!({ "email": ANN, "password": SECRET });
    assert_eq!(alone.ask("POST", "/session", &[], wish).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    for status in [503, 500, 403, 404, 408, 409] {
        place.spoil("before", status).await;
        let spoilt = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
        assert_eq!((spoilt.status(), said(&spoilt, "set-cookie")), (StatusCode::SERVICE_UNAVAILABLE, ""), "{status}");
    }
    place.spoil("after", 503).await;
    place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    let again = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(again.status(), StatusCode::OK, "a lost answer costs nobody the session");
}

#[tokio::test]
async fn a_session_outlives_that_identity_is_away() {
    let place = Place::open().await;
    let cookie = place.signed_in(ANN).await;
    let wish = json!({ "email": ANN, "password": SECRET });
    for mood in ["nowhere", "slow", "away", "broken", "spent"] {
        place.identity("customize_access_token", mood).await;
        let answer = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
        assert!([429, 503].contains(&answer.status().as_u16()), "{mood} {}", answer.status());
        assert_eq!(said(&answer, "set-cookie"), "", "{mood}");
        let answer = place.ask("POST", "/session", &[], wish.clone()).await;
        assert!([429, 503].contains(&answer.status().as_u16()), "{mood} {}", answer.status());
    }
    place.identity("customize_access_token", "person").await;
    let back = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(back.status(), StatusCode::OK);
    // Who is nobody there gets no token, and has no session any more.
    place.identity("customize_access_token", "nobody").await;
    let over = place.ask("POST", "/session/refresh", &[("cookie", &cookie_of(&back))], json!({})).await;
    assert_eq!(over.status(), StatusCode::UNAUTHORIZED);
    assert!(said(&over, "set-cookie").contains("Max-Age=0"));
    let refused = place.ask("POST", "/session", &[], wish).await;
    assert_eq!(kind(&read(refused).await), "credentials-refused");
}

#[tokio::test]
async fn whose_address_is_not_proved_is_told_by_their_password_alone() {
    let place = Place::open().await;
    place.unproved(ANN, SECRET).await;
    let sign_in = async |password: &str| {
        let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": password })).await;
        kind(&read(answer).await).to_owned()
    };
    assert_eq!(sign_in(SECRET).await, "not-verified");
    assert_eq!(sign_in("wrong password").await, "credentials-refused");
}

#[tokio::test]
async fn nobody_signs_up_here() {
    let place = Place::open().await;
    for path in ["/session/sign-up", "/session/code", "/session/password"] {
        let wish = json!({ "email": ANN, "password": SECRET });
        let answer = place.ask("POST", path, &[], wish).await;
        assert_eq!((answer.status(), said(&answer, "set-cookie")), (StatusCode::METHOD_NOT_ALLOWED, ""), "{path}");
    }
}

#[tokio::test]
async fn pages_of_others_ask_in_vain() {
    let place = Place::open().await;
    let cookie = place.signed_in(ANN).await;
    let wish = json!({ "email": ANN, "password": SECRET });
    for (method, path) in [
        ("POST", "/session"),
        ("DELETE", "/session"),
        ("POST", "/session/refresh"),
        ("POST", "/session/recovery"),
        ("POST", "/session/recovered"),
    ] {
        for site in ["cross-site", "same-site", "none"] {
            let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", site)];
            let answer = place.ask_as(method, path, &headers, &wish.to_string()).await;
            assert_eq!((answer.status(), said(&answer, "set-cookie")), (StatusCode::FORBIDDEN, ""), "{method} {path}");
            assert_eq!(kind(&read(answer).await), "origin-not-allowed");
        }
    }
}

#[tokio::test]
async fn only_json_of_the_right_shape_and_size_is_read() {
    let place = Place::open().await;
    let ours = ("sec-fetch-site", "same-origin");
    let (json, form) = (("content-type", "application/json"), ("content-type", "application/x-www-form-urlencoded"));
    let long = json!({ "email": ANN, "password": "a".repeat(9_000) }).to_string();
    for (kind, body, status) in [
        (form, "email=a&password=b", 415),
        (json, "{", 400),
        (json, r#"{"email": "a@example.com"}"#, 422),
        (json, r#"{"email": "a@example.com", "password": "b", "role": "staff"}"#, 422),
        (json, long.as_str(), 413),
    ] {
        let answer = place.ask_as("POST", "/session", &[ours, kind], body).await;
        assert_eq!(answer.status().as_u16(), status, "{}", &body[..body.len().min(40)]);
    }
}

#[tokio::test]
async fn views_of_an_app_are_its_first_page_and_files_are_not() {
    let place = Place::open().await;
    let open = async |path: &str, headers: &[(&str, &str)]| place.ask_as("GET", path, headers, "").await;
    let page = ("sec-fetch-mode", "navigate");
    for (path, headers, status) in [
        ("/accounts/7", &[page][..], 200),
        ("/accounts/7", &[("accept", "text/html,*/*")], 200),
        ("/accounts/7", &[("sec-fetch-mode", "cors"), ("accept", "text/html")], 404),
        ("/accounts/7", &[], 404),
        ("/assets/gone", &[page], 404),
        ("/gone.js", &[page], 404),
        ("/", &[], 200),
    ] {
        let answer = open(path, headers).await;
        assert_eq!(answer.status().as_u16(), status, "{path} {headers:?}");
        assert!(said(&answer, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(said(&answer, "cache-control"), if status == 200 { "no-cache" } else { "no-store" }, "{path}");
    }
    let sent = place.ask_as("POST", "/accounts/7", &[page], "").await;
    assert_eq!(sent.status(), StatusCode::METHOD_NOT_ALLOWED);
}
