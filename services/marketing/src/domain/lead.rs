//! Which kind of lead a row is. Pure.

/// Which kind of lead it is, hence which table holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// A row of `email_captures`.
    Capture,
    /// A row of `contact_messages`.
    Message,
}

impl Lead {
    /// As stored beside the lead's identifier.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Message => "message",
        }
    }
}
