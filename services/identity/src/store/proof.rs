//! The SQL that knows whose contact it is and records that it was proved. In come canonical contacts; out go owners.
//! Must not see codes.

use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use super::otp::Contact;
use crate::domain::phone::PhoneNumber;

/// A contact that somebody may prove.
#[derive(Debug, Clone)]
pub enum Owned {
    /// An address in the registry, by its identifier.
    Email(Uuid),
    /// A person's telephone, by the person's identifier.
    Phone(Uuid),
}

/// What has been proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// Address and telephone of the person, if there is a person.
    pub both: bool,
}

/// The telephone, if it is this person's.
///
/// # Errors
/// See [`DbError`].
pub async fn phone(db: &Db, human: Uuid, phone: &PhoneNumber) -> Result<Option<Owned>, DbError> {
    db.run(&(human, phone), |session, (human, phone)| {
        Box::pin(async move {
            let id = sqlx::query_scalar(
                "SELECT human_name_id FROM mobile_numbers WHERE human_name_id = $1 AND phone_number = $2",
            );
            Ok(id.bind(human).bind(phone.as_str()).fetch_optional(session.conn()).await?.map(Owned::Phone))
        })
    })
    .await
}

/// Uses the challenge up and records the proof, in one transaction. None when somebody else has used it.
///
/// # Errors
/// See [`DbError`].
pub async fn record(db: &Db, contact: &Contact, challenge: Uuid, owned: &Owned) -> Result<Option<Proved>, DbError> {
    db.transaction_idempotent(&(contact, challenge, owned), |session, (contact, challenge, owned)| {
        Box::pin(async move {
            // A later attempt may find what its predecessor did before its answer was lost.
            let again = session.attempt() > 1;
            let used = sqlx::query(
                "UPDATE otp_challenges SET used_at = coalesce(used_at, now()) \
                 WHERE channel = $1 AND contact = $2 AND id = $3 AND (used_at IS NULL OR $4)",
            );
            let used = used.bind(contact.channel.label()).bind(&contact.digest).bind(challenge).bind(again);
            if used.execute(session.conn()).await?.rows_affected() == 0 {
                return Ok(None);
            }
            let human = match owned {
                Owned::Email(id) => email_proved(session, *id).await?,
                Owned::Phone(human) => phone_proved(session, *human).await?,
            };
            let both = match human {
                None => false,
                Some(human) => track(session, human, owned).await?,
            };
            Ok(Some(Proved { both }))
        })
    })
    .await
}

/// The person whose address it is, if there is one.
async fn email_proved(session: &mut Session, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query(
        "UPDATE email_addresses SET verified = true, verified_at = now(), updated_at = now() WHERE id = $1 AND NOT verified",
    )
    .bind(id)
    .execute(session.conn())
    .await?;
    let human = sqlx::query_scalar("SELECT id FROM human_names WHERE email_address_id = $1");
    human.bind(id).fetch_optional(session.conn()).await
}

async fn phone_proved(session: &mut Session, human: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query(
        "UPDATE mobile_numbers SET is_verified = true, verified_at = now(), updated_at = now() \
         WHERE human_name_id = $1 AND NOT is_verified",
    )
    .bind(human)
    .execute(session.conn())
    .await?;
    Ok(Some(human))
}

/// Whether the person has proved both now. The row's lock puts two proofs at once in an order.
async fn track(session: &mut Session, human: Uuid, owned: &Owned) -> Result<bool, sqlx::Error> {
    let statement = match owned {
        Owned::Email(_) => {
            "INSERT INTO verification_tracking AS t (id, human_name_id, email_verified, email_verified_at) \
             VALUES ($1, $2, true, now()) ON CONFLICT (human_name_id) DO UPDATE SET email_verified = true, \
             email_verified_at = coalesce(t.email_verified_at, now()), updated_at = now() RETURNING both_verified"
        }
        Owned::Phone(_) => {
            "INSERT INTO verification_tracking AS t (id, human_name_id, phone_verified, phone_verified_at) \
             VALUES ($1, $2, true, now()) ON CONFLICT (human_name_id) DO UPDATE SET phone_verified = true, \
             phone_verified_at = coalesce(t.phone_verified_at, now()), updated_at = now() RETURNING both_verified"
        }
    };
    sqlx::query_scalar(statement).bind(Uuid::now_v7()).bind(human).fetch_one(session.conn()).await
}
