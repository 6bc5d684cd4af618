//! What every answer tells browsers to mind. In: an answer and whether its request came over TLS. Out: the answer with these headers.
//! The one place where they are written; nothing that a bundle says can widen them.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Nothing that isn't named, nothing from elsewhere, nothing inline and nothing made of text at run time. A page that a program has been
/// smuggled into can't run it, send to a stranger, or be shown within another page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What no page of ours asks a browser for. Paying is the one that a portal will want back.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), \
     gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
     screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

static FIXED: [(HeaderName, HeaderValue); 8] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // For browsers that don't know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
];
static ALWAYS_TLS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
/// Whoever leads requests here says how they came.
const PROTO: &str = "x-forwarded-proto";

/// Surrounds every answer.
pub async fn harden(request: Request, next: Next) -> Response {
    let secure = request.headers().get(PROTO).is_some_and(|proto| proto == "https");
    let mut response = next.run(request).await;
    write(response.headers_mut(), secure);
    response
}

fn write(headers: &mut HeaderMap, secure: bool) {
    for (name, value) in &FIXED {
        headers.insert(name.clone(), value.clone());
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ALWAYS_TLS.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_has_no_hole() {
        for hole in ["unsafe", "*", "data:", "blob:", "http", "nonce", "hash"] {
            assert!(!POLICY.contains(hole), "{hole}");
        }
        assert!(POLICY.starts_with("default-src 'none';"));
    }

    #[test]
    fn only_what_came_over_tls_is_told_to_stay_there() {
        let written = |secure| {
            let mut headers = HeaderMap::new();
            write(&mut headers, secure);
            headers
        };
        assert!(written(true).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!written(false).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert_eq!(written(false).len(), FIXED.len());
    }
}
