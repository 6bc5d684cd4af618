//! Whether a page of ours asks. In: a request's head. Out: a problem where it is somebody else's page, or nobody says whose. Browsers say it with
//! `Sec-Fetch-Site`, which no script can write; older ones with `Origin`. Everything that isn't a file or a form goes through here.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::ORIGIN_NOT_ALLOWED;
use url::Url;

/// Says where a request was made: on a page of ours, or of somebody else.
pub(crate) const SITE: &str = "sec-fetch-site";
const SCHEME: &str = "x-forwarded-proto";

/// Surrounds the routes: strangers are refused, and nobody keeps an answer.
pub async fn own_pages(request: Request, next: Next) -> Response {
    let mut response = if is_ours(request.headers()) {
        next.run(request).await
    } else {
        Problem::new(ORIGIN_NOT_ALLOWED).detail("only this portal's own pages may ask this").into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key(SITE) {
        return text(SITE) == Some("same-origin");
    }
    // A page that was loaded over another scheme has another origin too. Who leads here says where it has ended TLS.
    let is_secure = text(SCHEME) == Some("https");
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| Url::parse(origin).ok());
    let origin = origin.filter(|origin| !is_secure || origin.scheme() == "https");
    let host = text(header::HOST.as_str());
    origin.zip(host).is_some_and(|(origin, host)| authority(&origin).eq_ignore_ascii_case(host))
}

/// Host and port, as the header `Host` names them.
fn authority(origin: &Url) -> String {
    let host = origin.host_str().unwrap_or_default();
    origin.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)));
        is_ours(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn only_pages_of_the_same_origin_are_ours() {
        assert!(asks(&[(SITE, "same-origin")]));
        assert!(asks(&[("origin", "https://app.example"), ("host", "app.example")]));
        assert!(asks(&[("origin", "https://app.example"), ("host", "app.example"), (SCHEME, "https")]));
        assert!(asks(&[("origin", "http://app.localhost:8080"), ("host", "app.localhost:8080")]));
        for strange in [
            &[][..],
            &[("host", "app.example")],
            &[(SITE, "same-site")],
            &[(SITE, "none")],
            &[(SITE, "cross-site"), ("origin", "https://app.example"), ("host", "app.example")],
            &[("origin", "https://evil.example"), ("host", "app.example")],
            &[("origin", "https://app.example:8443"), ("host", "app.example")],
            &[("origin", "https://app.example.evil"), ("host", "app.example")],
            &[("origin", "null"), ("host", "app.example")],
            &[("origin", "http://app.example"), ("host", "app.example"), (SCHEME, "https")],
        ] {
            assert!(!asks(strange), "{strange:?}");
        }
    }
}
