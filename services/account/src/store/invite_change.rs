//! The SQL that changes `invites`. Every change is made with the account locked, so that none sees another half done; events come before what is written here,
//! since the table is younger than theirs, and the lock on the record of staff too.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::audit::older_first;
use rerp_kit::events::catalogue::RoleChange;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take, used};
use rerp_kit::pool::{Db, DbError, Session};
use rerp_people::invitation::Invited;
use uuid::Uuid;

use super::invite::{BY_ID, BY_TOKEN, Invite, Refusal, Stored, refused};
use super::lock_account;
use super::role::{Assignment, changed, give, has_seat, managing};
use crate::domain::invite::{LIFETIME_S, MOST_OPEN, MOST_SENDS, State};
use crate::domain::permission::ROLE_MANAGE;
use crate::domain::role::{NewRole, Role};
use crate::domain::seats::Seats;

/// What is stored of a new invitation, or of one that is sent again.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Its identifier.
    pub id: Uuid,
    /// Digest of its token.
    pub digest: Vec<u8>,
}

const INSERT: &str = "INSERT INTO invites (id, account_id, email_address_id, human_name_id, role, invited_by, token_digest, expires_at) \
     VALUES ($1, $2, $3, $4, $5::role_type, $6, $7, now() + make_interval(secs => $8))";
/// One whose token has ended makes room for a new one.
const MAKE_ROOM: &str = "UPDATE invites SET revoked_at = now() WHERE account_id = $1 AND coalesce(email_address_id, human_name_id) = $2 \
     AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= now()";
/// How many are open, and how many of these are of the same.
const COUNT: &str = "SELECT count(*), count(*) FILTER (WHERE coalesce(email_address_id, human_name_id) = $2) FROM invites \
     WHERE account_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()";
const RENEW: &str =
    "UPDATE invites SET token_digest = $2, expires_at = now() + make_interval(secs => $3) WHERE id = $1";
const REVOKE: &str = "UPDATE invites SET revoked_at = now() WHERE id = $1";
const SENT: &str = "UPDATE invites SET sends = sends + 1, sent_at = now() WHERE id = $1 RETURNING sent_at";
const ACCEPT: &str = "UPDATE invites SET accepted_at = now(), accepted_by = $2 WHERE id = $1";

/// Writes an invitation down, once per key; its mail is for afterwards.
///
/// # Errors
/// See [`DbError`]; a violated `invites_pkey` means that the caller's identifier is taken.
pub async fn create(
    db: &Db,
    account: Uuid,
    (whom, role): (Invited, Role),
    sealed: &Sealed,
    key: Option<Claim>,
    (seats, reach): (Seats, Reach),
) -> Result<Result<Invite, Refusal>, DbError> {
    let given = (account, whom, role, sealed, key, seats, reach);
    db.transaction_idempotent(&given, |session, (account, whom, role, sealed, key, seats, reach)| {
        Box::pin(async move {
            if let Some(refusal) = locked(session, *account, *reach, managing(*role)).await? {
                return Ok(Err(refusal));
            }
            let standing = take(session, key.as_ref(), &()).await?;
            if standing != Standing::Fresh {
                return Ok(Err(Refusal::Key(standing)));
            }
            let made = insert(session, *account, (*whom, *role), sealed, (*seats, reach.owner())).await?;
            match &made {
                Ok(invite) => keep(session, key.as_ref(), invite).await?,
                Err(_) => give_back(session, key.as_ref()).await?,
            }
            Ok(made)
        })
    })
    .await
}

/// Whether the caller's key was used before, as far as it is known before anything is locked: to be asked before seats are. What [`create`] finds counts.
///
/// # Errors
/// See [`DbError`].
pub async fn is_again(db: &Db, key: Option<&Claim>) -> Result<bool, DbError> {
    db.run(&key, |session, key| Box::pin(used(session, *key))).await
}

async fn insert(
    session: &mut Session,
    account: Uuid,
    (whom, role): (Invited, Role),
    sealed: &Sealed,
    (seats, by): (Seats, Option<Uuid>),
) -> Result<Result<Invite, Refusal>, sqlx::Error> {
    let (target, email, person) = match whom {
        Invited::Address(id) => (id, Some(id), None),
        Invited::Person(id) => (id, None, Some(id)),
    };
    // An attempt whose answer was lost has written it already.
    if session.attempt() > 1
        && let Some(own) = find(session, sealed.id, account).await?
    {
        return Ok(Ok(own.into()));
    }
    older_first(session).await?;
    sqlx::query(MAKE_ROOM).bind(account).bind(target).execute(session.conn()).await?;
    let count = sqlx::query_as(COUNT).bind(account).bind(target);
    let (open, same): (i64, i64) = count.fetch_one(session.conn()).await?;
    if same > 0 {
        return Ok(Err(Refusal::Open));
    }
    if open >= MOST_OPEN {
        return Ok(Err(Refusal::TooMany));
    }
    // Each open one may become somebody.
    if !has_seat(session, account, person, open, seats).await? {
        return Ok(Err(Refusal::Full));
    }
    let insert = sqlx::query(INSERT).bind(sealed.id).bind(account).bind(email).bind(person).bind(role.name());
    insert.bind(by).bind(&sealed.digest).bind(f64::from(LIFETIME_S)).execute(session.conn()).await?;
    let row = find(session, sealed.id, account).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Ok(row.into()))
}

/// Gives an invitation a new token and a new end; the token before is worth nothing from then on. Whom its mail goes to comes back with it.
///
/// # Errors
/// See [`DbError`].
pub async fn renew(
    db: &Db,
    account: Uuid,
    sealed: &Sealed,
    reach: Reach,
) -> Result<Result<(Invite, Option<Invited>), Refusal>, DbError> {
    db.transaction_idempotent(&(account, sealed, reach), |session, (account, sealed, reach)| {
        Box::pin(async move {
            let row = match changeable(session, *account, sealed.id, *reach).await? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if row.waits || row.sends >= MOST_SENDS {
                return Ok(Err(Refusal::TooOften));
            }
            older_first(session).await?;
            let renew = sqlx::query(RENEW).bind(sealed.id).bind(&sealed.digest).bind(f64::from(LIFETIME_S));
            renew.execute(session.conn()).await?;
            let row = find(session, sealed.id, *account).await?.ok_or(sqlx::Error::RowNotFound)?;
            let whom = row.whom();
            Ok(Ok((row.into(), whom)))
        })
    })
    .await
}

/// Writes down that a mail is on its way, and since when. Done twice after a lost answer it counts one more, which does no harm.
///
/// # Errors
/// See [`DbError`].
pub async fn sent(db: &Db, id: Uuid) -> Result<Timestamp, DbError> {
    let at: jiff_sqlx::Timestamp = db
        .run(&id, |session, id| {
            Box::pin(async move { sqlx::query_scalar(SENT).bind(id).fetch_one(session.conn()).await })
        })
        .await?;
    Ok(at.to_jiff())
}

/// Takes an invitation back.
///
/// # Errors
/// See [`DbError`].
pub async fn revoke(db: &Db, account: Uuid, id: Uuid, reach: Reach) -> Result<Result<(), Refusal>, DbError> {
    db.transaction_idempotent(&(account, id, reach), |session, (account, id, reach)| {
        Box::pin(async move {
            match changeable(session, *account, *id, *reach).await? {
                Ok(_) => {}
                // After a lost answer it may be this request that took it back.
                Err(Refusal::Over) if session.attempt() > 1 => return Ok(Ok(())),
                Err(refusal) => return Ok(Err(refusal)),
            }
            older_first(session).await?;
            sqlx::query(REVOKE).bind(id).execute(session.conn()).await?;
            Ok(Ok(()))
        })
    })
    .await
}

/// Gives the person who shows a token the role, once: whoever has accepted it gets the same answer again, and to everybody else it is no token then. `id` is of the
/// role's assignment.
///
/// # Errors
/// See [`DbError`].
pub async fn accept(
    db: &Db,
    digest: &[u8],
    person: Uuid,
    id: Uuid,
    seats: Seats,
) -> Result<Result<Assignment, Refusal>, DbError> {
    db.transaction_idempotent(&(digest, person, id, seats), |session, (digest, person, id, seats)| {
        Box::pin(async move {
            let Some(found) = by_token(session, digest).await? else { return Ok(Err(Refusal::Absent)) };
            if lock_account(session, found.account_id).await?.is_none() {
                return Ok(Err(Refusal::Absent));
            }
            // Once more under the lock: what was read before it may have changed.
            let Some(row) = by_token(session, digest).await? else { return Ok(Err(Refusal::Absent)) };
            let is_somebody_else_s = row.human_name_id.is_some_and(|invited| invited != *person);
            let is_again = row.accepted_by == Some(*person);
            match row.state() {
                State::Open if !is_somebody_else_s => {}
                State::Accepted if is_again => {}
                State::Expired if !is_somebody_else_s => return Ok(Err(Refusal::Over)),
                _ => return Ok(Err(Refusal::Absent)),
            }
            let role = Role::parse(&row.role).unwrap_or(Role::Viewer);
            let new = NewRole { human_name_id: *person, role };
            if is_again {
                // The role may have been taken away since: an invitation gives it once.
                let kept = super::role::by_meaning(session, row.account_id, new).await?;
                return Ok(kept.ok_or(Refusal::Absent));
            }
            if !has_seat(session, row.account_id, Some(*person), 0, *seats).await? {
                return Ok(Err(Refusal::Full));
            }
            let (assignment, given) = give(session, *id, row.account_id, new).await?;
            if given {
                changed(session, row.account_id, *person, role.name(), RoleChange::Granted).await?;
            }
            older_first(session).await?;
            sqlx::query(ACCEPT).bind(row.id).bind(person).execute(session.conn()).await?;
            Ok(Ok(assignment))
        })
    })
    .await
}

/// The account that a token invites to, and whether this person has accepted it before; none if it is no token. What it is worth is for [`accept`] to say.
///
/// # Errors
/// See [`DbError`].
pub async fn account_of(db: &Db, digest: &[u8], person: Uuid) -> Result<Option<(Uuid, bool)>, DbError> {
    db.run(&(digest, person), |session, (digest, person)| {
        Box::pin(async move {
            let found = by_token(session, digest).await?;
            Ok(found.map(|found| (found.account_id, found.accepted_by == Some(*person))))
        })
    })
    .await
}

/// An invitation that somebody of this reach may change, with its account locked.
async fn changeable(
    session: &mut Session,
    account: Uuid,
    id: Uuid,
    reach: Reach,
) -> Result<Result<Stored, Refusal>, sqlx::Error> {
    if let Some(refusal) = locked(session, account, reach, ROLE_MANAGE).await? {
        return Ok(Err(refusal));
    }
    let Some(row) = find(session, id, account).await? else { return Ok(Err(Refusal::Absent)) };
    let action = Role::parse(&row.role).map_or(ROLE_MANAGE, managing);
    if let Some(refusal) = refused(session, account, reach, action).await? {
        return Ok(Err(refusal));
    }
    Ok(if matches!(row.state(), State::Open | State::Expired) { Ok(row) } else { Err(Refusal::Over) })
}

/// Locks the account; why somebody of this reach may not do something in it.
async fn locked(
    session: &mut Session,
    account: Uuid,
    reach: Reach,
    action: &str,
) -> Result<Option<Refusal>, sqlx::Error> {
    if lock_account(session, account).await?.is_none() {
        return Ok(Some(Refusal::Absent));
    }
    refused(session, account, reach, action).await
}

async fn find(session: &mut Session, id: Uuid, account: Uuid) -> Result<Option<Stored>, sqlx::Error> {
    sqlx::query_as(BY_ID).bind(id).bind(account).fetch_optional(session.conn()).await
}

async fn by_token(session: &mut Session, digest: &[u8]) -> Result<Option<Stored>, sqlx::Error> {
    sqlx::query_as(BY_TOKEN).bind(digest).fetch_optional(session.conn()).await
}
