//! Subscriptions as Stripe knows them, and what they entitle an account to. In come Stripe's words and moments; out go states and
//! entitlements. Pure.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// How long an account whose payment failed keeps what it paid for: Stripe tries again meanwhile.
pub const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A subscription's state: all that Stripe has, by its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SubscriptionStatus")]
pub enum Status {
    /// The first payment has not come yet; it may for 23 hours.
    Incomplete,
    /// It did not come in time. Final.
    IncompleteExpired,
    /// Nothing has to be paid yet.
    Trialing,
    /// Paid for.
    Active,
    /// A payment is late; Stripe tries again.
    PastDue,
    /// Stripe has given up trying and leaves the invoices open.
    Unpaid,
    /// Ended. Final.
    Canceled,
    /// A trial ended without a payment method.
    Paused,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Trialing,
        Self::Active,
        Self::PastDue,
        Self::Unpaid,
        Self::Canceled,
        Self::Paused,
    ];

    /// The state of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether it has ended, for good.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }

    /// Its name, at Stripe, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Paused => "paused",
        }
    }
}

/// What an account may use of its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "access")]
pub enum Entitlement {
    /// Everything, until told otherwise.
    Full,
    /// Everything, until a moment unless the payment comes.
    Grace {
        /// When it ends.
        until: Timestamp,
    },
    /// Nothing.
    None,
}

impl Entitlement {
    /// What a subscription entitles to at `now`; `since` is when it got its present state.
    #[must_use]
    pub fn of(status: Status, since: Timestamp, now: Timestamp) -> Self {
        match status {
            Status::Trialing | Status::Active => Self::Full,
            Status::PastDue => match since.checked_add(GRACE) {
                Ok(until) if now < until => Self::Grace { until },
                _ => Self::None,
            },
            Status::Incomplete | Status::IncompleteExpired | Status::Unpaid | Status::Canceled | Status::Paused => {
                Self::None
            }
        }
    }

    /// Whether the account may use its plan.
    #[must_use]
    pub fn is_active(self) -> bool {
        self != Self::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_one_name() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.name()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        assert_eq!(Status::parse("cancelled"), None);
    }

    #[test]
    fn a_late_payment_costs_nothing_for_a_week() {
        let since: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let until: Timestamp = "2026-03-08T12:00:00Z".parse().unwrap();
        let at = |now: &str| Entitlement::of(Status::PastDue, since, now.parse().unwrap());
        assert_eq!(at("2026-03-01T12:00:00Z"), Entitlement::Grace { until });
        assert_eq!(at("2026-03-08T11:59:59Z"), Entitlement::Grace { until });
        assert_eq!(at("2026-03-08T12:00:00Z"), Entitlement::None);
        let now = until;
        let full = [Status::Trialing, Status::Active];
        for status in Status::ALL.into_iter().filter(|&status| status != Status::PastDue) {
            assert_eq!(Entitlement::of(status, since, now) == Entitlement::Full, full.contains(&status), "{status:?}");
        }
    }
}
