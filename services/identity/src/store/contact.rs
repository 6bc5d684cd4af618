//! The SQL of a person's contacts as the person sees them, and of what is open about proving one. In come identifiers and digests; out go rows. Reads only.

use jiff_sqlx::Timestamp;
use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

use super::otp::Contact;
use crate::domain::otp::{GAP_S, LIFETIME_S, PER_CONTACT, TRIES};

/// A person's contacts.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Contacts {
    /// The address.
    pub email: String,
    /// Whether it is proved.
    pub email_verified: bool,
    /// When it was.
    pub email_verified_at: Option<Timestamp>,
    /// The telephone, if there is one.
    pub phone: Option<String>,
    /// Whether it is proved.
    pub phone_verified: bool,
    /// When it was.
    pub phone_verified_at: Option<Timestamp>,
    /// Of the person: what changes name.
    pub version: i32,
}

/// What is open about proving a contact.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Outlook {
    /// When another code may be asked for.
    pub next_at: Timestamp,
    /// Seconds until then, rounded up; none or less: now.
    pub wait_s: i64,
    /// Until when the code that was sent last proves something; none if it doesn't, for it was used.
    pub expires_at: Option<Timestamp>,
    /// How many guesses at it are looked at; none where there is nothing to guess.
    pub tries_left: Option<i16>,
}

/// Who is erased isn't there.
const CONTACTS: &str = "SELECT e.email, coalesce(v.email_verified, false) AS email_verified, v.email_verified_at, m.phone_number AS phone, \
     coalesce(v.phone_verified, false) AS phone_verified, v.phone_verified_at, h.version \
     FROM human_names AS h JOIN email_addresses AS e ON e.id = h.email_address_id LEFT JOIN mobile_numbers AS m ON m.human_name_id = h.id \
     LEFT JOIN verification_tracking AS v ON v.human_name_id = h.id WHERE h.id = $1 AND h.erased_at IS NULL";
/// The conditions of `otp::begin` and `otp::spend_try`, told instead of tried.
const OUTLOOK: &str = "SELECT next_at, ceil(extract(epoch FROM next_at - now()))::bigint AS wait_s, \
     CASE WHEN live THEN sent_at + make_interval(secs => $4) END AS expires_at, CASE WHEN live THEN greatest($6 - tries, 0)::smallint END AS tries_left \
     FROM (SELECT sent_at, tries, used_at IS NULL AND sent_at > now() - make_interval(secs => $4) AS live, \
     CASE WHEN day = current_date AND sent_today >= $5 THEN greatest(sent_at + make_interval(secs => $3), (current_date + 1)::timestamptz) \
     ELSE sent_at + make_interval(secs => $3) END AS next_at FROM otp_challenges WHERE channel = $1 AND contact = $2) AS held";

/// The contacts of a person; none if there is no such person.
///
/// # Errors
/// See [`DbError`].
pub async fn contacts(db: &Db, human: Uuid) -> Result<Option<Contacts>, DbError> {
    db.run(&human, |session, human| {
        Box::pin(async move { sqlx::query_as(CONTACTS).bind(human).fetch_optional(session.conn()).await })
    })
    .await
}

/// What is open about proving a contact; none if no code was asked for lately.
///
/// # Errors
/// See [`DbError`].
pub async fn outlook(db: &Db, contact: &Contact) -> Result<Option<Outlook>, DbError> {
    db.run(contact, |session, contact| {
        let look = sqlx::query_as(OUTLOOK).bind(contact.channel.label()).bind(&contact.digest);
        let look = look.bind(f64::from(GAP_S)).bind(f64::from(LIFETIME_S)).bind(PER_CONTACT).bind(TRIES);
        Box::pin(async move { look.fetch_optional(session.conn()).await })
    })
    .await
}
