//! What the routes read and answer alike. In come results of the other rooms; out go identifiers and problems. Must not log bodies.

use rerp_kit::http::strict_uuid;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{
    DEPENDENCY_UNAVAILABLE, INTERNAL, INVALID_VALUE, NOT_FOUND, NOT_VERIFIED, PAYMENT_REFUSED,
};
use rerp_kit::telemetry::chain;
use rerp_people::Proof;
use uuid::Uuid;

use crate::mirror::MirrorError;
use crate::stripe::StripeError;

/// An identifier in a path.
///
/// # Errors
/// A problem: what is no identifier names nothing.
pub(super) fn identifier(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text).ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))
}

/// An identifier in a body.
///
/// # Errors
/// A problem that names the field.
pub(super) fn field(pointer: &str, text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text)
        .ok_or_else(|| Problem::new(INVALID_VALUE).field(pointer, "must be an identifier: a UUID of 36 characters"))
}

/// Makes sure that a person is verified, as Identity says in this moment.
///
/// # Errors
/// A problem: the person isn't, or it can't be found out now.
pub(super) fn must_be_verified(proof: Proof) -> Result<(), Problem> {
    match proof {
        Proof::Verified => Ok(()),
        Proof::NotVerified => {
            Err(Problem::new(NOT_VERIFIED).detail("verify the email address and the telephone number first"))
        }
        Proof::Unknown => Err(Problem::new(DEPENDENCY_UNAVAILABLE)
            .detail("whether the person is verified can't be found out right now")
            .retry_after(1)),
    }
}

/// What to say when Stripe gave nothing.
pub(super) fn no_answer(error: MirrorError) -> Problem {
    match error {
        MirrorError::Database(error) => error.into(),
        MirrorError::Refused(StripeError::Refused { status, code }) if status.as_u16() == 402 => {
            Problem::new(PAYMENT_REFUSED).detail(format!("the payment was refused: {code}"))
        }
        MirrorError::Stripe(error) if error.is_passing() => {
            tracing::warn!(error = chain(&error), "stripe does not serve");
            Problem::new(DEPENDENCY_UNAVAILABLE).detail("payments can't be made right now").retry_after(5)
        }
        MirrorError::Stripe(error) | MirrorError::Refused(error) => internal(&error),
        MirrorError::UnknownStatus => internal(&error),
    }
}

fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error = chain(error), "stripe and this version don't understand each other");
    Problem::new(INTERNAL)
}
