//! Somebody of the staff who signs in. In: what they show. Out: what is answered, and what their browser keeps.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rerp_portal::session::cookie::FACTOR;
use serde_json::{Value, json};

use crate::someone::{ANN, Place, SECRET, cookie_of, read};
use crate::totp::Totp;

/// The first step: the cookie that waits, and what is said.
pub(crate) async fn first(place: &Place) -> (String, Value) {
    let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let pending = cookie_of(&answer);
    assert!(pending.starts_with(&format!("{FACTOR}=")), "{pending}");
    (pending, read(answer).await)
}

/// The second step.
pub(crate) async fn second(place: &Place, pending: &str, code: &str) -> Response<Body> {
    place.ask("POST", "/session/factor", &[("cookie", pending)], json!({ "code": code })).await
}

/// Somebody who has enrolled a factor, and their session's cookie.
pub(crate) async fn enrolled(place: &Place) -> (Totp, String) {
    place.account(ANN, SECRET).await;
    let (pending, told) = first(place).await;
    let totp = Totp::of(told["secret"].as_str().unwrap());
    let answer = second(place, &pending, &totp.code(0)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    (totp, cookie_of(&answer))
}

/// All cookies of an answer.
pub(crate) fn cookies(answer: &Response<Body>) -> Vec<&str> {
    answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
}

/// What the token of an answer says.
pub(crate) async fn claims(answer: Response<Body>) -> Value {
    let told = read(answer).await;
    let token = told["access_token"].as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}
