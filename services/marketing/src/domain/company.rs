//! The company in a form, as far as it is known. Pure: only Account says which names mean one company.

use uuid::Uuid;

/// What is known of the company of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Company {
    /// The visitor named none.
    None,
    /// Account's identifier of it.
    Known(Uuid),
    /// The visitor named one and Account could not say which it is: what was typed, until it can.
    Pending(String),
}

impl Company {
    /// Its identifier, once it is known.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Self::Known(id) => Some(*id),
            Self::None | Self::Pending(_) => None,
        }
    }

    /// What was typed, while that is all there is.
    #[must_use]
    pub fn pending(&self) -> Option<&str> {
        match self {
            Self::Pending(name) => Some(name),
            Self::None | Self::Known(_) => None,
        }
    }
}
