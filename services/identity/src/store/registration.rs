//! The SQL that makes a person. In come checked values; out goes the person, once per key. Must not prove anything: whoever has the address proves it.

use rerp_kit::events::catalogue::EmailCreated;
use rerp_kit::events::outbox;
use rerp_kit::idempotency::{Claim, Standing, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::order::oldest_first;
use crate::domain::email::EmailAddress;
use crate::domain::name::Names;
use crate::domain::phone::PhoneNumber;

/// How often an address may be erased between being in the way and being read, before we stop believing it.
const ROUNDS: u32 = 8;

/// Locked until the transaction ends: no erasure takes the address away before it is in somebody's row, and one that has begun is waited for.
const FIND: &str = "SELECT id FROM email_addresses WHERE email = $1 FOR KEY SHARE";
const ADD: &str = "INSERT INTO email_addresses (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING";
const PERSON: &str =
    "INSERT INTO human_names (id, email_address_id, first_name, surname, username) VALUES ($1, $2, $3, $4, $5)";
const TELEPHONE: &str = "INSERT INTO mobile_numbers (id, human_name_id, phone_number) VALUES ($1, $2, $3)";
const OWN: &str = "SELECT id AS human_name_id, email_address_id, version FROM human_names WHERE id = $1";

/// Somebody to be.
#[derive(Clone)]
pub struct New {
    /// What the person is called.
    pub names: Names,
    /// The address, in canonical form.
    pub email: EmailAddress,
    /// The telephone, in canonical form.
    pub phone: Option<PhoneNumber>,
}

/// The person, as it is answered: identifiers only, so that an answer can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "PersonChanged")]
pub struct Registered {
    /// The one identifier of this customer.
    pub human_name_id: Uuid,
    /// The identifier of the address.
    pub email_address_id: Uuid,
    /// Grows with every change; in quotes it is the ETag.
    pub version: i32,
}

/// Makes a person under the identifier `id`, once per key.
///
/// # Errors
/// See [`DbError`]; violated constraints: `human_names_pkey` (the identifier is taken), `human_names_email_address_id_key` (the address is another one's),
/// `human_names_username_key`.
pub async fn register(
    db: &Db,
    id: Uuid,
    new: &New,
    key: Option<Claim>,
) -> Result<Result<Registered, Standing>, DbError> {
    let given = (id, Uuid::now_v7(), new, key);
    db.transaction_idempotent(&given, |session, (id, address, new, key)| {
        Box::pin(async move {
            oldest_first(session).await?;
            match take(session, key.as_ref(), &()).await? {
                Standing::Fresh => {}
                other => return Ok(Err(other)),
            }
            // Without a key, after a lost answer: the identifier is this request's own.
            if session.attempt() > 1 && key.is_none() {
                let own: Option<Registered> = sqlx::query_as(OWN).bind(id).fetch_optional(session.conn()).await?;
                if let Some(registered) = own {
                    return Ok(Ok(registered));
                }
            }
            let (address, is_new) = address_of(session, *address, &new.email).await?;
            insert(session, *id, address, new).await?;
            if is_new {
                outbox::publish_first(session, &EmailCreated { email_address_id: address }).await?;
            }
            let registered = Registered { human_name_id: *id, email_address_id: address, version: 1 };
            keep(session, key.as_ref(), &registered).await?;
            Ok(Ok(registered))
        })
    })
    .await
}

async fn insert(session: &mut Session, id: Uuid, address: Uuid, new: &New) -> Result<(), sqlx::Error> {
    let person = sqlx::query(PERSON).bind(id).bind(address).bind(&new.names.first_name);
    person.bind(&new.names.surname).bind(&new.names.username).execute(session.conn()).await?;
    if let Some(phone) = &new.phone {
        sqlx::query(TELEPHONE).bind(Uuid::now_v7()).bind(id).bind(phone.as_str()).execute(session.conn()).await?;
    }
    Ok(())
}

/// The identifier of an address, `new` if it is made here. The event that tells of it is the caller's to write, after everything else.
pub(super) async fn address_of(
    session: &mut Session,
    new: Uuid,
    email: &EmailAddress,
) -> Result<(Uuid, bool), sqlx::Error> {
    for _ in 0..ROUNDS {
        let added = sqlx::query(ADD).bind(new).bind(email.as_str()).execute(session.conn()).await?;
        if added.rows_affected() == 1 {
            return Ok((new, true));
        }
        // What was in the way is committed, and never deleted; it is another address only once it is erased.
        let known = sqlx::query_scalar(FIND).bind(email.as_str()).fetch_optional(session.conn()).await?;
        if let Some(known) = known {
            return Ok((known, false));
        }
    }
    Err(sqlx::Error::RowNotFound)
}
