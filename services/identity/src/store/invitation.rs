//! The SQL that knows where an invitation goes. In come identifiers; out go addresses, which must not leave this service.

use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

use crate::domain::email::EmailAddress;

/// Whom somebody invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// Whoever reads mail at this address.
    Address(Uuid),
    /// This customer.
    Person(Uuid),
}

const OF_ADDRESS: &str = "SELECT email FROM email_addresses WHERE id = $1 AND erased_at IS NULL";
const OF_PERSON: &str = "SELECT e.email FROM human_names AS h JOIN email_addresses AS e ON e.id = h.email_address_id WHERE h.id = $1 AND h.erased_at IS NULL";

/// Where it goes; none when nobody has the identifier, or nobody any more.
///
/// # Errors
/// See [`DbError`].
pub async fn address_of(db: &Db, whom: Invited) -> Result<Option<EmailAddress>, DbError> {
    let (statement, id) = match whom {
        Invited::Address(id) => (OF_ADDRESS, id),
        Invited::Person(id) => (OF_PERSON, id),
    };
    let stored: Option<String> = db
        .run(&id, move |session, id| {
            Box::pin(async move { sqlx::query_scalar(statement).bind(id).fetch_optional(session.conn()).await })
        })
        .await?;
    // What is stored is canonical, and stays what it is.
    Ok(stored.and_then(|text| EmailAddress::parse(&text).ok()))
}
