//! Who asks. In: what was proved of a request. Out: a value that handlers take, and whose things they may touch with it. Pure but for the
//! extractor. Must not know routes.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::Problem;
use crate::problem::catalogue::{INTERNAL, NOT_PERMITTED};

/// Whom a principal is among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// Customers.
    Person,
    /// Those who run the platform.
    Staff,
}

/// How well somebody has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Assurance {
    /// With one factor.
    #[serde(rename = "aal1")]
    First,
    /// With a second one.
    #[serde(rename = "aal2")]
    Second,
}

impl Assurance {
    /// Its name in tokens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "aal1",
            Self::Second => "aal2",
        }
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The person's identifier, or the platform user's.
    pub id: Uuid,
    /// Which of the two.
    pub kind: PrincipalKind,
    /// How well it is proved.
    pub assurance: Assurance,
}

/// Who asks, as far as it is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody who is signed in.
    Nobody,
    /// A customer.
    Person {
        /// Identity's identifier.
        id: Uuid,
        /// How well it is proved.
        assurance: Assurance,
    },
    /// One of those who run the platform, with a second factor.
    Staff {
        /// Identity's identifier.
        id: Uuid,
    },
    /// Another service, on its own behalf.
    Service(Arc<str>),
    /// Nothing can be proved, or nothing is to be refused: without a platform, and while mutual TLS is in the mode Audit.
    Unchecked,
}

impl Caller {
    /// Whose things the caller may touch.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self {
            // Nobody has this identifier.
            Self::Nobody => Reach::of(Uuid::nil()),
            Self::Person { id, .. } => Reach::of(*id),
            Self::Staff { .. } | Self::Service(_) | Self::Unchecked => Reach::ALL,
        }
    }

    /// Makes sure that a body names the caller where it names a person. `pointer` is where.
    ///
    /// # Errors
    /// A problem: it names somebody else. Whether that somebody exists, it doesn't say.
    pub fn must_be(&self, person: Uuid, pointer: &str) -> Result<(), Problem> {
        if self.reach().covers(person) {
            return Ok(());
        }
        Err(Problem::new(NOT_PERMITTED).detail("this can be asked for oneself only").field(pointer, "is somebody else"))
    }
}

/// Whose things may be touched: everybody's, or one person's. Queries take it as a condition,
/// `($2::uuid IS NULL OR human_name_id = $2)` with [`Reach::owner`] bound, so that nothing can get between a check and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach(Option<Uuid>);

impl Reach {
    /// Everybody's. For staff, and for a service's own work.
    pub const ALL: Self = Self(None);

    /// This person's alone.
    #[must_use]
    pub const fn of(person: Uuid) -> Self {
        Self(Some(person))
    }

    /// The person to bind in a query; none for everybody.
    #[must_use]
    pub const fn owner(self) -> Option<Uuid> {
        self.0
    }

    /// Whether this person's things may be touched.
    #[must_use]
    pub fn covers(self, person: Uuid) -> bool {
        self.0.is_none_or(|owner| owner == person)
    }
}

/// A handler that asks for its caller outside of the guard gets none, and its route no answer: nobody is let through by mistake.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a handler asks who calls, and no guard has looked");
            Problem::new(INTERNAL)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_person_reaches_what_is_theirs_and_nobody_reaches_nothing() {
        let ann = Caller::Person { id: ANN, assurance: Assurance::Second };
        assert_eq!(ann.reach().owner(), Some(ANN));
        assert!(ann.must_be(ANN, "/human_name_id").is_ok());
        let refused = ann.must_be(BOB, "/human_name_id").unwrap_err();
        assert_eq!((refused.kind(), refused.errors[0].pointer.as_str()), (NOT_PERMITTED, "/human_name_id"));
        assert!(Caller::Nobody.must_be(ANN, "").is_err() && Caller::Nobody.reach().owner().is_some());
        for all in [Caller::Staff { id: BOB }, Caller::Service("fte".into()), Caller::Unchecked] {
            assert_eq!(all.reach(), Reach::ALL);
            assert!(all.must_be(ANN, "").is_ok());
        }
    }

    #[tokio::test]
    async fn without_a_guard_there_is_no_caller() {
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        assert_eq!(Caller::from_request_parts(&mut parts, &()).await.unwrap_err().kind(), INTERNAL);
        parts.extensions.insert(Caller::Nobody);
        assert_eq!(Caller::from_request_parts(&mut parts, &()).await.unwrap(), Caller::Nobody);
    }
}
