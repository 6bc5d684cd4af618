//! What passes the gateway besides bodies. In: headers. Out: fewer of them, and those that the gateway answers for. Pure.
//! Whatever says who asks, or belongs to one connection only, passes in no direction.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use rerp_kit::access::TOKEN;
use rerp_kit::http::context::REQUEST_ID;

/// Where the request came from: an address that a trusted hop, or the connection, vouches for.
pub const CLIENT_ADDRESS: &str = "x-rerp-client-address";

/// Headers that are added to what passes in either direction, at most.
const ADDED: usize = 12;

static ID: HeaderName = HeaderName::from_static(REQUEST_ID);
static ADDRESS: HeaderName = HeaderName::from_static(CLIENT_ADDRESS);
static WHO: HeaderName = HeaderName::from_static(TOKEN);

/// Beginnings of names that mean something inside.
const INTERNAL: [&str; 4] = ["x-rerp-", "rerp-", "grpc-", "x-forwarded-"];
/// Of one connection only (RFC 9110, 7.6.1), beside those that `Connection` names.
static HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// Not for services: who asks they are told by us, the rest is between the client and the gateway.
static OF_CLIENTS: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::EXPECT,
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("server-timing"),
    HeaderName::from_static(REQUEST_ID),
];
/// Not for sites: where a request comes from they are told by us.
static OF_VISITS: [HeaderName; 4] =
    [header::EXPECT, header::FORWARDED, HeaderName::from_static("x-real-ip"), HeaderName::from_static(REQUEST_ID)];
/// Not for clients.
static OF_SERVICES: [HeaderName; 6] = [
    HeaderName::from_static("server-timing"),
    header::SERVER,
    HeaderName::from_static("x-powered-by"),
    header::SET_COOKIE,
    header::VIA,
    HeaderName::from_static(REQUEST_ID),
];

/// What of a request's headers goes inside.
#[must_use]
pub fn for_service(headers: &HeaderMap) -> HeaderMap {
    passing(headers, &OF_CLIENTS)
}

/// Whether a service gets a header of a request.
#[must_use]
pub fn reaches_service(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.contains_key(name) && passes(headers, name, &OF_CLIENTS)
}

/// What of a request's headers goes to a site: not what is of one connection, or means something inside. What a visitor and a site say to each
/// other passes.
#[must_use]
pub fn for_site(headers: &HeaderMap) -> HeaderMap {
    passing(headers, &OF_VISITS)
}

/// Whether a site would get a header of a request that has it.
#[must_use]
pub fn reaches_site(headers: &HeaderMap, name: &HeaderName) -> bool {
    passes(headers, name, &OF_VISITS)
}

/// Makes one line of a request's cookies: HTTP/2 may carry each in a line of its own, and readers of HTTP/1.1 look at one line (RFC 9113, 8.2.3).
pub fn join_cookies(headers: &mut HeaderMap) {
    let lines: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() < 2 {
        return;
    }
    if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        headers.insert(header::COOKIE, line);
    }
}

/// Takes from a site's answer what is of one connection, or means something inside.
pub fn strip_visited(headers: &mut HeaderMap) {
    strip(headers, |headers, name| passes(headers, name, &[]));
}

/// Takes from an answer what must not go outside. Only the gateway says which pages may read an answer.
pub fn strip_answer(headers: &mut HeaderMap) {
    strip(headers, |headers, name| {
        passes(headers, name, &OF_SERVICES) && !name.as_str().starts_with("access-control-")
    });
}

/// Whether a header of a message is neither of one connection only, nor among `names`, nor means something inside.
fn passes(headers: &HeaderMap, name: &HeaderName, names: &[HeaderName]) -> bool {
    let text = name.as_str();
    // `Connection` may name any header, and then that one belongs to the connection as well.
    let lines = headers.get_all(&header::CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let mut named = lines.flat_map(|line| line.split(','));
    !HOP.contains(name)
        && !names.contains(name)
        && !INTERNAL.iter().any(|beginning| text.starts_with(beginning))
        && !named.any(|other| other.trim().eq_ignore_ascii_case(text))
}

/// A request's headers that pass. Those that came stay: it may have to be sent again.
fn passing(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut passing = HeaderMap::with_capacity(headers.len() + ADDED);
    for (name, value) in headers.iter().filter(|(name, _)| passes(headers, name, names)) {
        passing.append(name, value.clone());
    }
    passing
}

fn strip(headers: &mut HeaderMap, stays: impl Fn(&HeaderMap, &HeaderName) -> bool) {
    let unwanted: Vec<HeaderName> = headers.keys().filter(|name| !stays(headers, name)).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// What a service is told of a request.
#[derive(Debug)]
pub struct Told<'a> {
    /// Who asks, as the service believes it; none if that doesn't count.
    pub token: Option<HeaderValue>,
    /// Where the request came from.
    pub address: std::net::IpAddr,
    /// The request's id.
    pub id: &'a str,
}

/// Adds to a stripped request what a service is told, but for the time that is left: each attempt has another one. What can't be a header's value isn't
/// told.
pub fn tell(headers: &mut HeaderMap, told: Told<'_>) {
    if let Ok(id) = HeaderValue::from_str(told.id) {
        headers.insert(&ID, id);
    }
    if let Ok(address) = HeaderValue::try_from(told.address.to_string()) {
        headers.insert(&ADDRESS, address);
    }
    if let Some(token) = told.token {
        headers.insert(&WHO, token);
    }
}

/// Whether an answer speaks of a problem in a service's own words.
#[must_use]
pub fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"))
}

/// Adds to an answer what browsers are to mind. `secure`: clients come over TLS, here or at the ingress before us.
pub fn harden(headers: &mut HeaderMap, secure: bool) {
    static FIXED: [(HeaderName, HeaderValue); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-site")),
    ];
    static ALWAYS_TLS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
    static NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");
    for (name, value) in &FIXED {
        headers.insert(name, value.clone());
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ALWAYS_TLS.clone());
    }
    // Answers are about somebody unless their service says that anybody may keep them.
    headers.entry(header::CACHE_CONTROL).or_insert_with(|| NOT_KEPT.clone());
}

/// Makes room for what is added to an answer, and says what its request is called.
pub fn tell_id(headers: &mut HeaderMap, id: &str) {
    headers.reserve(ADDED);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(&ID, id);
    }
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
