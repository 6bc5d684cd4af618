//! Strict readers of requests. In comes a request; out goes a typed value or a problem that says what is wrong.
//! Must not log what it read.

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::header::{self, AsHeaderName};
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use uuid::Uuid;

use crate::problem::Problem;
use crate::problem::catalogue::{
    INVALID_BODY, MALFORMED_ADDRESS, MALFORMED_HEADER, MALFORMED_JSON, NOT_JSON, TOO_LARGE,
};

/// A JSON body. The type decides how strict it is: every type taken from a caller derives
/// `#[serde(deny_unknown_fields)]`, so that a misspelt field is an answer and not a silent loss.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(NOT_JSON).detail("send the header `content-type: application/json`"));
        }
        let Raw(body) = Raw::from_request(request, state).await?;
        parse(&body).map(Json)
    }
}

/// A body as it was sent, for whom its bytes count.
#[derive(Debug, Clone)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|rejection| {
            if rejection.status() == TOO_LARGE.status() {
                Problem::new(TOO_LARGE)
            } else {
                Problem::new(MALFORMED_JSON).detail("the body could not be read to its end")
            }
        })
    }
}

/// The text of an error names fields and types; for a wrong value it repeats that value, to nobody but its sender.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Problem::new(INVALID_BODY).detail(error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => Problem::new(MALFORMED_JSON).detail(error.to_string()),
    })
}

/// `application/json` or another type with the suffix `+json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The parameters in the path, without NUL: PostgreSQL has no such text, and would refuse it as if the mistake were the service's.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let unreadable = || Problem::new(MALFORMED_ADDRESS).detail("a part of the path can't be read");
        let texts = RawPathParams::from_request_parts(parts, state).await.map_err(|_| unreadable())?;
        if let Some((name, _)) = texts.iter().find(|(_, text)| text.contains('\0')) {
            return Err(Problem::new(MALFORMED_ADDRESS).detail(format!("`{name}` in the path must not hold a NUL")));
        }
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value)).map_err(|_| unreadable())
    }
}

/// The query.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| Problem::new(MALFORMED_ADDRESS).detail(rejection.body_text()))
    }
}

/// The text of a header that may be given once at most. A `HeaderName` is found faster than the text of one.
///
/// # Errors
/// A problem when it is given twice or isn't visible ASCII.
pub fn single_header<N>(headers: &HeaderMap, name: N) -> Result<Option<&str>, Problem>
where
    N: AsHeaderName + AsRef<str> + Copy,
{
    let malformed = |how| Problem::new(MALFORMED_HEADER).detail(format!("{} {how}", name.as_ref()));
    let mut given = headers.get_all(name).iter();
    let Some(first) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(malformed("is given more than once"));
    }
    first.to_str().map(Some).map_err(|_| malformed("must be visible ASCII"))
}

/// A UUID in its usual form of 36 characters. The parser alone would also take the forms without hyphens, in braces and
/// as a URN.
#[must_use]
pub fn strict_uuid(text: &str) -> Option<Uuid> {
    Some(text).filter(|text| text.len() == 36).and_then(|text| Uuid::try_parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_36_characters_are_an_identifier() {
        assert!(strict_uuid("0191F7A1-3f0c-7000-8000-000000000001").is_some());
        for other in [
            "0191f7a13f0c70008000000000000001",
            "{0191f7a1-3f0c-7000-8000-000000000001}",
            "urn:uuid:0191f7a1-3f0c-7000-8000-000000000001",
            "0191f7a1-3f0c-7000-8000-00000000000g",
            "a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.exam",
            "",
        ] {
            assert_eq!(strict_uuid(other), None, "{other}");
        }
    }

    #[test]
    fn json_has_several_names() {
        let declared =
            |text: &'static str| HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(text))]);
        for text in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(is_json(&declared(text)), "{text}");
        }
        for text in ["text/json", "application/x-www-form-urlencoded", "", "json"] {
            assert!(!is_json(&declared(text)), "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its presence matters")]
        email: String,
    }

    #[test]
    fn what_is_wrong_with_a_body_is_told_apart() {
        for (body, kind) in [
            ("{", MALFORMED_JSON),
            ("", MALFORMED_JSON),
            (r#"{"email":"a"} x"#, MALFORMED_JSON),
            ("[]", INVALID_BODY),
            ("{}", INVALID_BODY),
            (r#"{"email":1}"#, INVALID_BODY),
            (r#"{"email":"a","extra":1}"#, INVALID_BODY),
            (r#"{"email":"a","email":"b"}"#, INVALID_BODY),
        ] {
            assert_eq!(parse::<Body>(body.as_bytes()).unwrap_err().kind(), kind, "{body}");
        }
        assert!(parse::<Body>(br#"{"email":"a"}"#).is_ok());
        assert_eq!(parse::<Body>(b"{\"email\":\"\xff\"}").unwrap_err().kind(), MALFORMED_JSON);
    }
}
