//! Every kind of problem a service may answer with. In comes nothing; out go kinds with their `type`, title and status.
//! A kind is added here first, so that clients can rely on the list. Must not hold per-request text.

use axum::http::StatusCode;

/// Where the kinds are described; `type` is this followed by the slug.
pub const BASE: &str = "https://rerp.dev/problems/";

/// A kind of problem: what RFC 9457 calls the problem type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Last part of `type`. Never changes.
    pub slug: &'static str,
    /// Short text for people, the same each time.
    pub title: &'static str,
    /// Status code, a number so that the table below can be constant.
    status: u16,
}

impl Kind {
    /// A kind; `status` is an error's HTTP status.
    const fn new(slug: &'static str, title: &'static str, status: u16) -> Self {
        Self { slug, title, status }
    }

    /// The status code that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The body is no JSON text.
pub const MALFORMED_JSON: Kind = Kind::new("malformed-json", "The body is not JSON", 400);
/// The path or the query can't be read.
pub const MALFORMED_ADDRESS: Kind = Kind::new("malformed-address", "The path or the query can't be read", 400);
/// A header can't be used.
pub const MALFORMED_HEADER: Kind = Kind::new("malformed-header", "A header can't be used", 400);
/// The request doesn't say who asks, or in a way that proves nothing.
pub const NOT_SIGNED_IN: Kind = Kind::new("not-signed-in", "This needs a valid token", 401);
/// The customer's bank, or Stripe, doesn't pay.
pub const PAYMENT_REFUSED: Kind = Kind::new("payment-refused", "The payment was refused", 402);
/// The caller's certificate is none that this service lets in.
pub const CALLER_NOT_ALLOWED: Kind =
    Kind::new("caller-not-allowed", "This service does not take calls from the caller", 403);
/// The page that asks is none that may.
pub const ORIGIN_NOT_ALLOWED: Kind = Kind::new("origin-not-allowed", "Pages of this origin may not ask this", 403);
/// The person has not proved address and telephone.
pub const NOT_VERIFIED: Kind = Kind::new("not-verified", "The person is not verified", 403);
/// The person may not do this in this account.
pub const NOT_PERMITTED: Kind = Kind::new("not-permitted", "The person may not do this", 403);
/// The account has not paid for this.
pub const NOT_ENTITLED: Kind = Kind::new("not-entitled", "The account is not entitled to this", 403);
/// Nothing lives at this path.
pub const NO_SUCH_ROUTE: Kind = Kind::new("no-such-route", "Nothing lives at this path", 404);
/// The thing asked for doesn't exist.
pub const NOT_FOUND: Kind = Kind::new("not-found", "The thing asked for does not exist", 404);
/// The path exists, the method doesn't.
pub const METHOD_NOT_ALLOWED: Kind = Kind::new("method-not-allowed", "The path does not take this method", 405);
/// A request with the same key is being worked on.
pub const IN_PROGRESS: Kind = Kind::new("request-in-progress", "A request with this key is still being worked on", 409);
/// The identifier chosen by the caller names something else already.
pub const ID_TAKEN: Kind = Kind::new("id-taken", "The identifier is taken", 409);
/// The state has moved on since the caller looked, or the caller has lost an answer.
pub const SEQUENCE_GAP: Kind = Kind::new("sequence-gap", "The expected sequence number is not the present one", 409);
/// What should be made is there already.
pub const ALREADY_EXISTS: Kind = Kind::new("already-exists", "It is there already", 409);
/// What had a time or an end has reached it.
pub const ENDED: Kind = Kind::new("ended", "It has ended and takes nothing more", 409);
/// Nobody would be left to answer for an account.
pub const LAST_OWNER: Kind = Kind::new("last-owner", "An account can't be left without an owner", 409);
/// Something that goes on needs it.
pub const IN_USE: Kind = Kind::new("in-use", "Something that goes on needs it", 409);
/// As many people have a role in the account as its plan gives seats.
pub const NO_SEAT_LEFT: Kind = Kind::new("no-seat-left", "The account's plan has no seat left", 409);
/// The body doesn't say how long it is.
pub const LENGTH_REQUIRED: Kind = Kind::new("length-required", "A body needs the header Content-Length", 411);
/// The thing has changed since the caller read it.
pub const CHANGED_MEANWHILE: Kind = Kind::new("changed-meanwhile", "It has changed since it was read", 412);
/// The body is larger than allowed.
pub const TOO_LARGE: Kind = Kind::new("body-too-large", "The body is too large", 413);
/// The path or the query is longer than any honest one.
pub const ADDRESS_TOO_LONG: Kind = Kind::new("address-too-long", "The path or the query is too long", 414);
/// The body isn't declared as JSON.
pub const NOT_JSON: Kind = Kind::new("unsupported-media-type", "The body must be application/json", 415);
/// The body is JSON, but not what the route takes.
pub const INVALID_BODY: Kind = Kind::new("invalid-body", "The body does not have the expected fields", 422);
/// A value breaks a rule.
pub const INVALID_VALUE: Kind = Kind::new("invalid-value", "A value breaks a rule", 422);
/// Nobody has this address with this password. Which of both is wrong isn't told.
pub const CREDENTIALS_REFUSED: Kind = Kind::new("credentials-refused", "Address or password is wrong", 422);
/// A one-time code that proves nothing.
pub const CODE_REFUSED: Kind = Kind::new("code-refused", "The code proves nothing", 422);
/// What should prove that a person fills in a form proves nothing.
pub const CAPTCHA_REFUSED: Kind = Kind::new("captcha-refused", "The captcha was not passed", 422);
/// The key was used before with another body.
pub const KEY_REUSED: Kind = Kind::new("idempotency-key-reused", "The key was used with another body", 422);
/// A change must say which version it is meant for.
pub const VERSION_REQUIRED: Kind = Kind::new("version-required", "A change needs the header If-Match", 428);
/// Asked for too often.
pub const TOO_MANY_REQUESTS: Kind = Kind::new("too-many-requests", "This was asked for too often", 429);
/// A mistake on our side.
pub const INTERNAL: Kind = Kind::new("internal", "Something went wrong on our side", 500);
/// A stated bound of the service is reached.
pub const AT_CAPACITY: Kind = Kind::new("at-capacity", "The service holds as much as it may", 503);
/// The database can't be used at the moment.
pub const DATABASE_UNAVAILABLE: Kind = Kind::new("database-unavailable", "The database can't be used right now", 503);
/// A service we depend on can't be used at the moment.
pub const DEPENDENCY_UNAVAILABLE: Kind =
    Kind::new("dependency-unavailable", "A service needed for this can't be used right now", 503);
/// It is unknown whether the request had its effect.
pub const OUTCOME_UNKNOWN: Kind =
    Kind::new("outcome-unknown", "It is not known whether the request had its effect", 503);
/// The time the request had is over.
pub const DEADLINE_EXCEEDED: Kind = Kind::new("deadline-exceeded", "The time for this request is over", 504);

/// The whole list.
pub const ALL: [Kind; 40] = [
    MALFORMED_JSON,
    MALFORMED_ADDRESS,
    MALFORMED_HEADER,
    NOT_SIGNED_IN,
    PAYMENT_REFUSED,
    CALLER_NOT_ALLOWED,
    ORIGIN_NOT_ALLOWED,
    NOT_VERIFIED,
    NOT_PERMITTED,
    NOT_ENTITLED,
    NO_SUCH_ROUTE,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    IN_PROGRESS,
    ID_TAKEN,
    SEQUENCE_GAP,
    ALREADY_EXISTS,
    ENDED,
    LAST_OWNER,
    IN_USE,
    NO_SEAT_LEFT,
    LENGTH_REQUIRED,
    CHANGED_MEANWHILE,
    TOO_LARGE,
    ADDRESS_TOO_LONG,
    NOT_JSON,
    INVALID_BODY,
    INVALID_VALUE,
    CREDENTIALS_REFUSED,
    CODE_REFUSED,
    CAPTCHA_REFUSED,
    KEY_REUSED,
    VERSION_REQUIRED,
    TOO_MANY_REQUESTS,
    INTERNAL,
    AT_CAPACITY,
    DATABASE_UNAVAILABLE,
    DEPENDENCY_UNAVAILABLE,
    OUTCOME_UNKNOWN,
    DEADLINE_EXCEEDED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_distinct_and_carry_error_statuses() {
        for (at, kind) in ALL.iter().enumerate() {
            assert!(kind.status().is_client_error() || kind.status().is_server_error(), "{kind:?}");
            assert!(ALL.iter().skip(at + 1).all(|other| other.slug != kind.slug), "{kind:?}");
        }
    }
}
