//! What every answer tells browsers to mind. In: an answer and whether its request came over TLS. Out: the answer with these headers.
//! The one place where they are written; nothing that a bundle says can widen them, and nothing but who takes cards does.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::payments::Payments;

/// Nothing that isn't named, nothing from elsewhere, nothing inline and nothing made of text at run time. A page that a program has been
/// smuggled into can't run it, send to a stranger, or be shown within another page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What no page of ours asks a browser for. Paying is for frames of Stripe's, where it takes cards.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), \
     gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
     screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

static FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // For browsers that don't know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
];
static ALWAYS_TLS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
/// Whoever leads requests here says how they came.
const PROTO: &str = "x-forwarded-proto";

/// What depends on who takes cards.
#[derive(Debug, Clone)]
pub struct Hardening {
    policy: HeaderValue,
    permissions: HeaderValue,
}

impl Hardening {
    /// The policy of a portal. What is allowed for paying is added to the portal's own host, directive by directive.
    #[must_use]
    pub fn of(payments: Option<&Payments>) -> Self {
        let allowed = payments.map(Payments::allowed).unwrap_or_default();
        let policy = allowed.iter().fold(POLICY.to_owned(), |policy, (directive, from)| {
            let own = format!("{directive} 'self'");
            if policy.contains(&own) {
                policy.replace(&own, &format!("{own} {from}"))
            } else {
                format!("{policy}; {directive} {from}")
            }
        });
        let permissions = match allowed {
            [] => PERMISSIONS.to_owned(),
            _ => PERMISSIONS.replace("payment=()", "payment=(self \"https://js.stripe.com\")"),
        };
        // Made of the texts above alone, so both can be headers.
        let header = |text: &str, else_: &'static str| {
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(else_))
        };
        Self { policy: header(&policy, POLICY), permissions: header(&permissions, PERMISSIONS) }
    }
}

/// Surrounds every answer.
pub async fn harden(State(hardening): State<Hardening>, request: Request, next: Next) -> Response {
    let secure = request.headers().get(PROTO).is_some_and(|proto| proto == "https");
    let mut response = next.run(request).await;
    write(response.headers_mut(), &hardening, secure);
    response
}

fn write(headers: &mut HeaderMap, hardening: &Hardening, secure: bool) {
    for (name, value) in &FIXED {
        headers.insert(name.clone(), value.clone());
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, hardening.policy.clone());
    headers.insert(HeaderName::from_static("permissions-policy"), hardening.permissions.clone());
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
            write(&mut headers, &Hardening::of(None), secure);
            headers
        };
        assert!(written(true).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!written(false).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert_eq!(written(false).len(), FIXED.len() + 2);
    }

    #[test]
    fn stripe_is_allowed_what_it_asks_for_and_its_stand_in_nothing() {
        let stripe = Hardening::of(Some(&Payments::Stripe { key: "pk_1".into() }));
        let stand_in = Hardening::of(Some(&Payments::StandIn("http://sandbox".parse().unwrap())));
        assert_eq!((stand_in.policy, stand_in.permissions), (POLICY.parse().unwrap(), PERMISSIONS.parse().unwrap()));
        let policy = stripe.policy.to_str().unwrap();
        let named: Vec<_> = policy.split("; ").filter(|directive| !POLICY.contains(directive)).collect();
        let expected = [
            "script-src 'self' https://js.stripe.com",
            "connect-src 'self' https://api.stripe.com",
            "frame-src https://js.stripe.com https://hooks.stripe.com",
        ];
        assert_eq!(named, expected);
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        assert!(stripe.permissions.to_str().unwrap().contains("payment=(self \"https://js.stripe.com\"),"));
    }
}
