//! The SQL of `fte_certificates`. In come sessions that earned one, and tokens; out go certificates. Must not log tokens.

use jiff::Timestamp;
use rerp_kit::events::catalogue::{CertificateIssued, CertificateRevoked};
use rerp_kit::events::publish;
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use super::badge;
use super::progress::Pass;
use crate::domain::certificate::{Held, State, draw_number, draw_token};

/// A row.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Certificate {
    /// Its identifier.
    pub id: Uuid,
    /// Identity's.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// The course.
    pub course: String,
    /// The how-manieth of this person in this course.
    pub validity: i32,
    /// For people.
    pub certificate_number: String,
    /// The session that earned it.
    pub test_session_id: Uuid,
    /// Whoever has it can verify the certificate.
    pub verification_token: String,
    /// When it was issued.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub issued_at: Timestamp,
    /// When its time is over.
    pub expires_at: Option<jiff_sqlx::Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<jiff_sqlx::Timestamp>,
    /// Why, for people.
    pub revoked_reason: Option<String>,
    /// The database's time when it was read.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub now: Timestamp,
}

impl Certificate {
    /// What it is worth.
    #[must_use]
    pub fn state(&self) -> State {
        let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
        State::at(self.now, time(self.expires_at), time(self.revoked_at))
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, human_name_id, account_id, course, validity, certificate_number, test_session_id, verification_token, issued_at, \
             expires_at, revoked_at, revoked_reason, now() AS now FROM fte_certificates WHERE ",
            $rest
        )
    };
}

const NEWEST: &str = select!("human_name_id = $1 AND course = $2 ORDER BY validity DESC LIMIT 1");
const PAGE: &str = select!("human_name_id = $1 AND id > $2 ORDER BY id LIMIT $3");
const BY_TOKEN: &str = select!("verification_token = $1");
const BY_ID: &str = select!("id = $1");
const ISSUE: &str = "INSERT INTO fte_certificates (id, human_name_id, account_id, course, validity, certificate_number, test_session_id, \
     verification_token, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + (SELECT certificate_days FROM modules \
     WHERE course = $4 AND test_type = 'final_assessment' ORDER BY retired, updated_at DESC LIMIT 1) * interval '1 day')";
/// Once: a second wish to revoke changes neither time nor reason.
const REVOKE: &str =
    "UPDATE fte_certificates SET revoked_at = now(), revoked_reason = $2 WHERE id = $1 AND revoked_at IS NULL";

/// What a person has of a course, and how many there have been.
pub(super) async fn held(session: &mut Session, person: Uuid, course: &str) -> Result<(Held, i32), sqlx::Error> {
    let newest = sqlx::query_as(NEWEST).bind(person).bind(course);
    let newest: Option<Certificate> = newest.fetch_optional(session.conn()).await?;
    Ok(newest.map_or((Held::Nothing, 0), |newest| match newest.state() {
        State::Valid => (Held::Valid, newest.validity),
        State::Revoked | State::Expired => (Held::Ended, newest.validity),
    }))
}

/// Issues one, with its place in a status list. What others are to be told of it.
pub(super) async fn issue(
    session: &mut Session,
    by: &Pass,
    course: &str,
    validity: i32,
) -> Result<CertificateIssued, sqlx::Error> {
    let id = Uuid::now_v7();
    let row = sqlx::query(ISSUE).bind(id).bind(by.human_name_id).bind(by.account_id).bind(course);
    let row = row.bind(validity).bind(draw_number()).bind(by.session_id).bind(draw_token());
    row.execute(session.conn()).await?;
    badge::place(session, id).await?;
    Ok(CertificateIssued {
        certificate_id: id,
        human_name_id: by.human_name_id,
        account_id: by.account_id,
        session_id: by.session_id,
    })
}

/// Up to `most` certificates of a person after the identifier `after`, the newest last.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, person: Uuid, after: Uuid, most: i64) -> Result<Vec<Certificate>, DbError> {
    db.run(&(person, after, most), |session, (person, after, most)| {
        let page = sqlx::query_as(PAGE).bind(person).bind(after).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}

/// The certificate of a token.
///
/// # Errors
/// See [`DbError`].
pub async fn by_token(db: &Db, token: &str) -> Result<Option<Certificate>, DbError> {
    db.run(token, |session, token| {
        Box::pin(async move { sqlx::query_as(BY_TOKEN).bind(token).fetch_optional(session.conn()).await })
    })
    .await
}

/// Takes a certificate back and announces it, once; as it is then, none if there is no such certificate.
///
/// # Errors
/// See [`DbError`].
pub async fn revoke(db: &Db, id: Uuid, reason: &str) -> Result<Option<Certificate>, DbError> {
    db.transaction_idempotent(&(id, reason), |session, (id, reason)| {
        Box::pin(async move {
            let revoke = sqlx::query(REVOKE).bind(id).bind(reason);
            let revoked = revoke.execute(session.conn()).await?.rows_affected() == 1;
            let found: Option<Certificate> = sqlx::query_as(BY_ID).bind(id).fetch_optional(session.conn()).await?;
            if let Some(row) = found.as_ref().filter(|_| revoked) {
                let (human_name_id, account_id) = (row.human_name_id, row.account_id);
                publish(session, &CertificateRevoked { certificate_id: row.id, human_name_id, account_id }).await?;
            }
            Ok(found)
        })
    })
    .await
}
