//! The SQL that changes a person: names, address, telephone. In come checked values and the version that is meant; out goes the version that is there then. A
//! contact that is new is proved by nobody yet. Must not change what is so already.

use rerp_kit::events::catalogue::{Contact, ContactChanged, EmailCreated};
use rerp_kit::events::outbox;
use rerp_kit::http::IfMatch;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use super::order::oldest_first;
use super::registration::{Registered, address_of};
use crate::domain::email::EmailAddress;
use crate::domain::name::Names;
use crate::domain::phone::PhoneNumber;

const LOCK: &str = "SELECT id AS human_name_id, email_address_id, version FROM human_names \
     WHERE id = $1 AND erased_at IS NULL FOR UPDATE";
const RENAME: &str = "UPDATE human_names SET first_name = $2, surname = $3, username = $4, version = version + 1, updated_at = now() \
     WHERE id = $1 AND (first_name, surname, username) IS DISTINCT FROM ($2, $3, $4)";
const MOVE: &str =
    "UPDATE human_names SET email_address_id = $2, version = version + 1, updated_at = now() WHERE id = $1";
const REMEMBER: &str =
    "INSERT INTO former_addresses (human_name_id, email_address_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM former_addresses WHERE human_name_id = $1 AND email_address_id = $2";
const UNPROVE_EMAIL: &str = "UPDATE verification_tracking SET email_verified = false, email_verified_at = NULL, updated_at = now() \
     WHERE human_name_id = $1";
const CALL: &str = "INSERT INTO mobile_numbers AS m (id, human_name_id, phone_number) VALUES ($1, $2, $3) \
     ON CONFLICT (human_name_id) DO UPDATE SET phone_number = excluded.phone_number, country_code = NULL, is_verified = false, \
     verified_at = NULL, verification_code = NULL, verification_sent_at = NULL, updated_at = now() \
     WHERE m.phone_number <> excluded.phone_number";
const UNPROVE_PHONE: &str = "UPDATE verification_tracking SET phone_verified = false, phone_verified_at = NULL, updated_at = now() \
     WHERE human_name_id = $1";
const GROW: &str = "UPDATE human_names SET version = version + 1, updated_at = now() WHERE id = $1";
const NOW: &str = "SELECT id AS human_name_id, email_address_id, version FROM human_names WHERE id = $1";

/// What is changed.
#[derive(Clone)]
pub enum Change {
    /// What the person is called.
    Names(Names),
    /// The address.
    Email(EmailAddress),
    /// The telephone.
    Phone(PhoneNumber),
}

/// What a change ended in.
#[derive(Debug)]
pub enum Changed {
    /// It is so now; whether this is the answer to an earlier request with the same key.
    Done(Registered, bool),
    /// There is no such person.
    NotThere,
    /// The caller meant another version.
    Missed,
    /// The caller's key was used before, and there is no answer to repeat.
    Key(Standing),
}

/// Changes a person, for whoever has read what is there now, once per key.
///
/// # Errors
/// See [`DbError`]; violated constraints: `human_names_email_address_id_key` (the address is another one's), `human_names_username_key`.
pub async fn change(
    db: &Db,
    human: Uuid,
    meant: &IfMatch,
    change: &Change,
    key: Option<Claim>,
) -> Result<Changed, DbError> {
    let given = (human, Uuid::now_v7(), meant, change, key);
    db.transaction_idempotent(&given, |session, (human, new, meant, change, key)| {
        Box::pin(async move {
            oldest_first(session).await?;
            match take(session, key.as_ref(), &()).await? {
                Standing::Fresh => {}
                Standing::Done(answer) => {
                    let then = serde_json::from_value(answer).map_err(|error| sqlx::Error::Decode(error.into()))?;
                    return Ok(Changed::Done(then, true));
                }
                other => return Ok(Changed::Key(other)),
            }
            let there: Option<Registered> = sqlx::query_as(LOCK).bind(human).fetch_optional(session.conn()).await?;
            let Some(there) = there else {
                give_back(session, key.as_ref()).await?;
                return Ok(Changed::NotThere);
            };
            // Also after a lost answer of a request without a key: whoever asked reads that it is so.
            if !meant.means(there.version) {
                give_back(session, key.as_ref()).await?;
                return Ok(Changed::Missed);
            }
            apply(session, &there, *new, change).await?;
            let now: Registered = sqlx::query_as(NOW).bind(human).fetch_one(session.conn()).await?;
            keep(session, key.as_ref(), &now).await?;
            Ok(Changed::Done(now, false))
        })
    })
    .await
}

async fn apply(session: &mut Session, there: &Registered, new: Uuid, change: &Change) -> Result<(), sqlx::Error> {
    match change {
        Change::Names(names) => {
            let rename = sqlx::query(RENAME).bind(there.human_name_id).bind(&names.first_name);
            rename.bind(&names.surname).bind(&names.username).execute(session.conn()).await.map(drop)
        }
        Change::Email(email) => move_to(session, there, new, email).await,
        Change::Phone(phone) => call_at(session, there, new, phone).await,
    }
}

/// Another address. The one before stays known as the person's, so that an erasure finds what was left under it.
async fn move_to(
    session: &mut Session,
    there: &Registered,
    new: Uuid,
    email: &EmailAddress,
) -> Result<(), sqlx::Error> {
    let human = there.human_name_id;
    let (address, is_new) = address_of(session, new, email).await?;
    if address == there.email_address_id {
        return Ok(());
    }
    sqlx::query(MOVE).bind(human).bind(address).execute(session.conn()).await?;
    sqlx::query(UNPROVE_EMAIL).bind(human).execute(session.conn()).await?;
    if is_new {
        outbox::publish_first(session, &EmailCreated { email_address_id: address }).await?;
    }
    let changed = ContactChanged { human_name_id: human, contact: Contact::Email, email_address_id: address };
    outbox::publish(session, &changed).await?;
    sqlx::query(REMEMBER).bind(human).bind(there.email_address_id).execute(session.conn()).await?;
    sqlx::query(FORGET).bind(human).bind(address).execute(session.conn()).await.map(drop)
}

async fn call_at(session: &mut Session, there: &Registered, new: Uuid, phone: &PhoneNumber) -> Result<(), sqlx::Error> {
    let human = there.human_name_id;
    let call = sqlx::query(CALL).bind(new).bind(human).bind(phone.as_str());
    if call.execute(session.conn()).await?.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query(GROW).bind(human).execute(session.conn()).await?;
    sqlx::query(UNPROVE_PHONE).bind(human).execute(session.conn()).await?;
    let changed =
        ContactChanged { human_name_id: human, contact: Contact::Phone, email_address_id: there.email_address_id };
    outbox::publish(session, &changed).await.map(drop)
}
