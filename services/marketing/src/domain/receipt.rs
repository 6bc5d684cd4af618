//! What a visitor's client gets for what it sent. Pure.

use serde::Serialize;
use uuid::Uuid;

/// Identifiers of what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Of the capture or message.
    pub id: Uuid,
    /// Of the address, given by Identity.
    pub email_address_id: Uuid,
}
