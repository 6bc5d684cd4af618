//! Addresses that want nothing from us. In come words of the staff; out goes what is to be remembered. Pure.

use rerp_kit::problem::Mistakes;
use serde::Serialize;
use uuid::Uuid;

/// Why nothing is taken from an address any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The person said so.
    Objected,
    /// Mail comes back.
    Bounced,
    /// The person told their provider that it is spam.
    Complained,
    /// Something else.
    Other,
}

impl Cause {
    const ALL: [Self; 4] = [Self::Objected, Self::Bounced, Self::Complained, Self::Other];

    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Objected => "objected",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Other => "other",
        }
    }
}

/// Which address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// By Identity's identifier.
    Id(Uuid),
    /// As somebody wrote it: Identity gives its identifier, and nobody else keeps it.
    Typed(String),
}

/// What is to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSuppression {
    /// Which address.
    pub whose: Whose,
    /// Why.
    pub cause: Cause,
}

impl NewSuppression {
    /// Checks what was typed: an address, or its identifier, and why.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(email: Option<&str>, email_address_id: Option<&str>, reason: &str) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let whose = match (email, email_address_id) {
            (Some(email), None) => Whose::Typed(email.to_owned()),
            (None, Some(id)) => Whose::Id(mistakes.id("/email_address_id", id)),
            _ => {
                mistakes.add("/email", "either this or `email_address_id` must be there");
                Whose::Id(Uuid::nil())
            }
        };
        let cause = Cause::ALL.into_iter().find(|cause| cause.name() == reason).unwrap_or_else(|| {
            mistakes.add("/reason", "must be `objected`, `bounced`, `complained` or `other`");
            Cause::Other
        });
        mistakes.finish(Self { whose, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_both_and_a_known_cause() {
        let id = "0191f7a1-3f0c-7000-8000-000000000001";
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
            assert!(NewSuppression::new(Some("a@example.com"), None, cause.name()).is_ok());
            assert!(NewSuppression::new(None, Some(id), cause.name()).is_ok());
        }
        for (email, other, reason, mistakes) in
            [(None, None, "other", 1), (Some("a"), Some(id), "other", 1), (None, Some("7"), "because", 2)]
        {
            assert_eq!(NewSuppression::new(email, other, reason).unwrap_err().0.len(), mistakes);
        }
    }
}
