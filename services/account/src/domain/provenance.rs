//! Where a company in the registry comes from. In comes who asked; out goes what is kept of it. Pure.

use rerp_kit::access::Caller;

/// Whoever named a company first. What visitors of a website type is worth less than what staff writes, and whoever merges wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// Another service, for a visitor of the website for example.
    Service,
    /// Somebody who is signed in.
    Person,
    /// One of the staff.
    Staff,
    /// Nobody was asked who they are.
    Unknown,
}

impl Provenance {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Person => "person",
            Self::Staff => "staff",
            Self::Unknown => "unknown",
        }
    }
}

impl From<&Caller> for Provenance {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::Service(_) => Self::Service,
            Caller::Person { .. } => Self::Person,
            Caller::Staff { .. } => Self::Staff,
            Caller::Nobody | Caller::Unchecked => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn whoever_is_known_is_named() {
        assert_eq!(Provenance::from(&Caller::Service("marketing".into())).name(), "service");
        assert_eq!(Provenance::from(&Caller::Staff { id: Uuid::nil() }).name(), "staff");
        assert_eq!(Provenance::from(&Caller::Unchecked).name(), "unknown");
    }
}
