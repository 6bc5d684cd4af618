//! The SQL that knows whose contact it is and records that it was proved. In come canonical contacts; out go owners.
//! Must not see codes.

use rerp_kit::events::catalogue::{Event as _, UserVerified};
use rerp_kit::events::outbox;
use rerp_kit::pool::{Db, DbError, Session};
use rerp_kit::telling;
use uuid::Uuid;

use super::otp::Contact;
use crate::domain::phone::PhoneNumber;

/// A contact that somebody may prove.
#[derive(Debug, Clone)]
pub enum Owned {
    /// An address in the registry, by its identifier.
    Email(Uuid),
    /// A person's telephone, by the person's identifier: this number, for the person may have another one in the next moment.
    Phone(Uuid, PhoneNumber),
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
            let id: Option<Uuid> = id.bind(human).bind(phone.as_str()).fetch_optional(session.conn()).await?;
            Ok(id.map(|human| Owned::Phone(human, (*phone).clone())))
        })
    })
    .await
}

/// Uses the challenge up and records the proof, in one transaction; announces the person if both are there then. None when somebody else has
/// used it, or the telephone is the person's no more.
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
                Owned::Phone(human, phone) => {
                    if !phone_proved(session, *human, phone).await? {
                        return Ok(None);
                    }
                    Some(*human)
                }
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

/// The person whose address it is, if there is one. Locked as they are, so that the address stays theirs until this is over.
async fn email_proved(session: &mut Session, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query(
        "UPDATE email_addresses SET verified = true, verified_at = now(), updated_at = now() WHERE id = $1 AND NOT verified",
    )
    .bind(id)
    .execute(session.conn())
    .await?;
    let human =
        sqlx::query_scalar("SELECT id FROM human_names WHERE email_address_id = $1 AND erased_at IS NULL FOR SHARE");
    human.bind(id).fetch_optional(session.conn()).await
}

/// Whether the telephone is still the person's. Locked as they are, so that it stays so until this is over.
async fn phone_proved(session: &mut Session, human: Uuid, phone: &PhoneNumber) -> Result<bool, sqlx::Error> {
    let lock = sqlx::query("SELECT FROM human_names WHERE id = $1 AND erased_at IS NULL FOR SHARE").bind(human);
    if lock.fetch_optional(session.conn()).await?.is_none() {
        return Ok(false);
    }
    let proved = sqlx::query(
        "UPDATE mobile_numbers SET is_verified = true, verified_at = coalesce(verified_at, now()), \
         updated_at = CASE WHEN is_verified THEN updated_at ELSE now() END WHERE human_name_id = $1 AND phone_number = $2",
    );
    let proved = proved.bind(human).bind(phone.as_str()).execute(session.conn()).await?;
    Ok(proved.rows_affected() == 1)
}

/// Each writes only where nothing was proved before, so that a row comes back for the one proof that changed something.
const TRACK_EMAIL: &str = "INSERT INTO verification_tracking AS t (id, human_name_id, email_verified, email_verified_at) \
     VALUES ($1, $2, true, now()) ON CONFLICT (human_name_id) DO UPDATE SET email_verified = true, \
     email_verified_at = now(), updated_at = now() WHERE NOT t.email_verified RETURNING both_verified";
const TRACK_PHONE: &str = "INSERT INTO verification_tracking AS t (id, human_name_id, phone_verified, phone_verified_at) \
     VALUES ($1, $2, true, now()) ON CONFLICT (human_name_id) DO UPDATE SET phone_verified = true, \
     phone_verified_at = now(), updated_at = now() WHERE NOT t.phone_verified RETURNING both_verified";
/// By whichever proof finds it to be done.
const ANNOUNCE: &str = telling!(
    "UPDATE verification_tracking SET announced_at = now() WHERE human_name_id = $1 AND both_verified AND announced_at IS NULL"
);
const ANNOUNCE_MISSED: &str = "WITH missed AS (SELECT human_name_id FROM verification_tracking WHERE both_verified AND announced_at IS NULL \
     LIMIT $2 FOR UPDATE SKIP LOCKED), change AS (UPDATE verification_tracking AS t SET announced_at = now() FROM missed \
     WHERE t.human_name_id = missed.human_name_id RETURNING t.human_name_id), \
     told AS (INSERT INTO outbox (id, type, subject, sequence, data) \
     SELECT gen_random_uuid(), $1, human_name_id, 1, jsonb_build_object('human_name_id', human_name_id) FROM change RETURNING 1) \
     SELECT count(*) FROM told";
const TRACKED: &str = "SELECT both_verified FROM verification_tracking WHERE human_name_id = $1";

/// Whether the person has proved both now, and announced by then. The row's lock puts two proofs at once in an order, so exactly one of them
/// finds that both are there and nobody was told.
async fn track(session: &mut Session, human: Uuid, owned: &Owned) -> Result<bool, sqlx::Error> {
    let statement = match owned {
        Owned::Email(_) => TRACK_EMAIL,
        Owned::Phone(..) => TRACK_PHONE,
    };
    let track = sqlx::query_scalar(statement).bind(Uuid::now_v7()).bind(human);
    let changed: Option<bool> = track.fetch_optional(session.conn()).await?;
    let both = match changed {
        Some(both) => both,
        // Proved before; also by an attempt of this request whose answer was lost.
        None => sqlx::query_scalar(TRACKED).bind(human).fetch_one(session.conn()).await?,
    };
    if both {
        outbox::telling(ANNOUNCE, &UserVerified { human_name_id: human })?.execute(session.conn()).await?;
    }
    Ok(both)
}

/// Announces up to `most` people who have proved both and of whom nobody was told: who was verified before there were events, or by a program that
/// knew none. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn announce_missed(db: &Db, most: i64) -> Result<i64, DbError> {
    db.run(&most, |session, most| {
        let announce = sqlx::query_scalar(ANNOUNCE_MISSED).bind(UserVerified::TYPE).bind(*most);
        Box::pin(async move { announce.fetch_one(session.conn()).await })
    })
    .await
}
