//! What a visitor's client gets for what it sent. Pure.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Identifiers of what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Receipt {
    /// Of the capture or message.
    pub id: Uuid,
    /// Of the address, given by Identity; none while Identity can't say which it is.
    pub email_address_id: Option<Uuid>,
    /// Of the company, given by Account; none if the visitor named none, or while Account can't say which it is.
    pub company_id: Option<Uuid>,
}
