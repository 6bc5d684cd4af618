//! What passes and what doesn't.

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_stranger_can_not_say_who_asks() {
    let asked = headers(&[
        ("x-rerp-token", "somebody"),
        ("x-rerp-anything", "x"),
        ("rerp-deadline-ms", "1"),
        ("grpc-timeout", "1m"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
        ("x-real-ip", "10.0.0.1"),
        ("x-request-id", "0123456789"),
        ("server-timing", "db;dur=1"),
        ("authorization", "Bearer x"),
        ("cookie", "a=b"),
        ("accept", "application/json"),
        ("idempotency-key", "k"),
        ("if-match", "\"1\""),
        ("stripe-signature", "t=1"),
        ("content-type", "application/json"),
    ]);
    let passed = for_service(&asked);
    assert_eq!(names(&passed), ["accept", "content-type", "idempotency-key", "if-match", "stripe-signature"]);
    for name in asked.keys() {
        assert_eq!(reaches_service(&asked, name), passed.contains_key(name), "{name}");
    }
    assert!(!reaches_service(&asked, &header::ETAG), "nobody sent it");
}

#[test]
fn what_came_in_several_lines_passes_in_as_many() {
    let asked = headers(&[("accept-language", "en"), ("accept", "*/*"), ("accept-language", "de")]);
    for passed in [for_service(&asked), for_site(&asked)] {
        assert_eq!(passed.get_all("accept-language").iter().collect::<Vec<_>>(), ["en", "de"]);
        assert_eq!(passed.len(), 3);
    }
}

#[test]
fn cookies_that_came_in_lines_of_their_own_go_on_in_one() {
    let mut asked = headers(&[("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2; c=3")]);
    join_cookies(&mut asked);
    let lines: Vec<_> = asked.get_all("cookie").iter().collect();
    assert_eq!(lines, ["a=1; b=2; c=3"]);
    let mut none = headers(&[("accept", "*/*")]);
    join_cookies(&mut none);
    assert_eq!(names(&none), ["accept"]);
}

#[test]
fn what_belongs_to_a_connection_stays_there() {
    let asked = headers(&[
        ("connection", "close, X-Mine"),
        ("connection", "Idempotency-Key"),
        ("x-mine", "x"),
        ("idempotency-key", "k"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("keep-alive", "timeout=1"),
        ("proxy-authorization", "Basic x"),
        ("accept", "*/*"),
    ]);
    assert_eq!(names(&for_service(&asked)), ["accept"]);
    assert!(!reaches_service(&asked, &HeaderName::from_static("idempotency-key")));
}

#[test]
fn a_service_s_inner_life_stays_inside() {
    let mut answer = headers(&[
        ("server-timing", "identity;dur=1"),
        ("x-request-id", "0123456789"),
        ("grpc-status", "0"),
        ("set-cookie", "a=b"),
        ("access-control-allow-origin", "*"),
        ("server", "x"),
        ("etag", "\"1\""),
        ("retry-after", "1"),
        ("idempotency-replayed", "true"),
    ]);
    strip_answer(&mut answer);
    assert_eq!(names(&answer), ["etag", "idempotency-replayed", "retry-after"]);
}

#[test]
fn a_service_is_told_who_asks() {
    let mut inward = headers(&[(TOKEN, "of a stranger")]);
    let address = "192.0.2.1".parse().unwrap();
    let told = |token| Told { token, address, id: "0123456789" };
    tell(&mut inward, told(Some(HeaderValue::from_static("ours"))));
    assert_eq!(inward.get_all(TOKEN).iter().collect::<Vec<_>>(), ["ours"]);
    let mut unsigned = HeaderMap::new();
    tell(&mut unsigned, told(None));
    assert!(!unsigned.contains_key(TOKEN));
    assert_eq!(
        (&inward[REQUEST_ID], &inward[CLIENT_ADDRESS]),
        (&HeaderValue::from_static("0123456789"), &HeaderValue::from_static("192.0.2.1"))
    );
}

#[test]
fn only_services_say_that_an_answer_may_be_kept() {
    let mut answer = HeaderMap::new();
    harden(&mut answer, false);
    assert_eq!(answer[header::CACHE_CONTROL], "no-store");
    assert!(!answer.contains_key(header::STRICT_TRANSPORT_SECURITY));
    let mut answer = headers(&[("cache-control", "public, max-age=60")]);
    harden(&mut answer, true);
    assert_eq!(answer[header::CACHE_CONTROL], "public, max-age=60");
    assert!(answer.contains_key(header::STRICT_TRANSPORT_SECURITY));
}
