//! The SQL that reads `invites`, and who may. What changes them is `invite_change.rs`.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::idempotency::Standing;
use rerp_kit::pool::{Db, DbError, Session};
use rerp_people::invitation::Invited;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{is_account, permit};
use crate::domain::invite::State;
use crate::domain::permission::{Leave, ROLE_MANAGE};
use crate::domain::role::Role;

/// An invitation, as it is answered. Nothing in it lets anybody accept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invite {
    /// Its identifier.
    pub invite_id: Uuid,
    /// To which account.
    pub account_id: Uuid,
    /// Identity's: the address that was invited.
    pub email_address_id: Option<Uuid>,
    /// Identity's: the person who was invited.
    pub human_name_id: Option<Uuid>,
    /// The role they are to have.
    #[schemars(with = "Role")]
    pub role: String,
    /// `open`, `expired`, `accepted` or `revoked`.
    pub state: State,
    /// When a mail was last on its way; none if there was none yet.
    pub sent_at: Option<Timestamp>,
    /// When its token ends.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such account or invitation for whoever asks.
    Absent,
    /// None of the roles of whoever asks gives it. Why, for people.
    Denied(String),
    /// One of the same is open.
    Open,
    /// So many are open that there are no more.
    TooMany,
    /// It was sent a moment ago, or often enough.
    TooOften,
    /// It has been accepted, was taken back, or its token has ended.
    Over,
    /// No seat is left in the account.
    Full,
    /// The caller's key was used before.
    Key(Standing),
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) account_id: Uuid,
    email_address_id: Option<Uuid>,
    pub(super) human_name_id: Option<Uuid>,
    pub(super) role: String,
    pub(super) sends: i16,
    /// Whether its last mail is too fresh for another.
    pub(super) waits: bool,
    sent_at: Option<jiff_sqlx::Timestamp>,
    expires_at: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
    pub(super) accepted_by: Option<Uuid>,
    revoked: bool,
}

impl Stored {
    pub(super) fn state(&self) -> State {
        State::of(self.accepted_by.is_some(), self.revoked, self.expires_at.to_jiff(), Timestamp::now())
    }

    /// Whom it invites; the table has one of both.
    pub(super) fn whom(&self) -> Option<Invited> {
        self.email_address_id.map(Invited::Address).or(self.human_name_id.map(Invited::Person))
    }
}

impl From<Stored> for Invite {
    fn from(row: Stored) -> Self {
        Self {
            state: row.state(),
            invite_id: row.id,
            account_id: row.account_id,
            email_address_id: row.email_address_id,
            human_name_id: row.human_name_id,
            role: row.role,
            sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
            expires_at: row.expires_at.to_jiff(),
            created_at: row.created_at.to_jiff(),
        }
    }
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, account_id, email_address_id, human_name_id, role::text AS role, sends, \
             sends > 0 AND sent_at > now() - interval '60 seconds' AS waits, sent_at, expires_at, created_at, \
             accepted_by, revoked_at IS NOT NULL AS revoked FROM invites ",
            $condition
        )
    };
}

pub(super) const BY_ID: &str = select!("WHERE id = $1 AND account_id = $2");
pub(super) const BY_TOKEN: &str = select!("WHERE token_digest = $1");
const PAGE: &str = select!("WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3");

/// Up to `most` invitations of an account after the identifier `after`, for who may invite.
///
/// # Errors
/// See [`DbError`].
pub async fn page(
    db: &Db,
    account: Uuid,
    after: Uuid,
    most: i64,
    reach: Reach,
) -> Result<Result<Vec<Invite>, Refusal>, DbError> {
    db.run(&(account, after, most, reach), |session, (account, after, most, reach)| {
        Box::pin(async move {
            if !is_account(session, *account, *reach).await? {
                return Ok(Err(Refusal::Absent));
            }
            if let Some(refusal) = refused(session, *account, *reach, ROLE_MANAGE).await? {
                return Ok(Err(refusal));
            }
            let page = sqlx::query_as(PAGE).bind(account).bind(after).bind(most);
            let rows: Vec<Stored> = page.fetch_all(session.conn()).await?;
            Ok(Ok(rows.into_iter().map(Invite::from).collect()))
        })
    })
    .await
}

/// Why somebody of this reach may not do something in an account; none if they may.
pub(super) async fn refused(
    session: &mut Session,
    account: Uuid,
    reach: Reach,
    action: &str,
) -> Result<Option<Refusal>, sqlx::Error> {
    Ok(match permit(session, account, reach, action).await? {
        Leave::Given => None,
        Leave::Absent => Some(Refusal::Absent),
        Leave::Denied(why) => Some(Refusal::Denied(why)),
    })
}
