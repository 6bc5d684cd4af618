//! The SQL of `account_roles`.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::events::catalogue::{RoleChange, RoleChanged};
use rerp_kit::events::publish;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take, used};
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{is_account, lock_account, permit};
use crate::domain::permission::{Leave, OWNER_MANAGE, ROLE_MANAGE};
use crate::domain::role::{NewRole, Role};
use crate::domain::seats::Seats;

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "RoleAssignment")]
pub struct Assignment {
    /// The identifier of this role of this person.
    #[sqlx(rename = "id")]
    pub role_id: Uuid,
    /// In which account.
    pub account_id: Uuid,
    /// Identity's: whose role.
    pub human_name_id: Uuid,
    /// `owner`, `admin`, `member` or `viewer`.
    #[schemars(with = "Role")]
    pub role: String,
    /// Since when.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// What giving a role ended in.
pub enum Grant {
    /// The person has it; whether this call gave it.
    Has(Assignment, bool),
    /// There is no such account for whoever asks.
    NoAccount,
    /// None of the roles of whoever asks gives it. Why, for people.
    Denied(String),
    /// The person has no seat, and none is left.
    Full,
    /// The caller's key was used before.
    Key(Standing),
}

/// What taking a role ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// It is gone.
    Done,
    /// None of the roles of whoever asks gives it. Why, for people.
    Denied(String),
    /// There is no such role in this account.
    NotThere,
    /// Nobody else owns the account.
    LastOwner,
}

const INSERT: &str = "INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES ($1, $2, $3, $4::role_type) \
     ON CONFLICT (account_id, human_name_id, role) DO NOTHING";
const BY_MEANING: &str = "SELECT id, account_id, human_name_id, role::text AS role, created_at FROM account_roles \
     WHERE account_id = $1 AND human_name_id = $2 AND role = $3::role_type";
const PAGE: &str = "SELECT id, account_id, human_name_id, role::text AS role, created_at FROM account_roles \
     WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
/// A row for every role; one without a role if the person has none; none if there is no such account.
const OF_PERSON: &str = "SELECT r.role::text FROM accounts AS a \
     LEFT JOIN account_roles AS r ON r.account_id = a.id AND r.human_name_id = $2 WHERE a.id = $1";

/// Gives a person a role under the identifier `id`, or finds that the person has it already, once per key.
///
/// # Errors
/// See [`DbError`]; a violated `account_roles_pkey` means that the caller's identifier is taken.
pub async fn grant(
    db: &Db,
    id: Uuid,
    account: Uuid,
    new: NewRole,
    key: Option<Claim>,
    (seats, reach): (Seats, Reach),
) -> Result<Grant, DbError> {
    let given = (id, account, new, key, seats, reach);
    db.transaction_idempotent(&given, |session, (id, account, new, key, seats, reach)| {
        Box::pin(async move {
            if lock_account(session, *account).await?.is_none() {
                return Ok(Grant::NoAccount);
            }
            match permit(session, *account, *reach, managing(new.role)).await? {
                Leave::Given => {}
                Leave::Absent => return Ok(Grant::NoAccount),
                Leave::Denied(why) => return Ok(Grant::Denied(why)),
            }
            let standing = take(session, key.as_ref(), &()).await?;
            if standing != Standing::Fresh {
                return Ok(Grant::Key(standing));
            }
            if !has_seat(session, *account, Some(new.human_name_id), 0, *seats).await? {
                give_back(session, key.as_ref()).await?;
                return Ok(Grant::Full);
            }
            let (assignment, given) = give(session, *id, *account, *new).await?;
            let made = assignment.role_id == *id;
            keep(session, key.as_ref(), &(made, &assignment)).await?;
            if given {
                changed(session, *account, new.human_name_id, new.role.name(), RoleChange::Granted).await?;
            }
            Ok(Grant::Has(assignment, made))
        })
    })
    .await
}

/// Whether somebody of this reach may give a role, as far as it is known before anything is locked: to be asked before anybody else is. What
/// [`grant`] finds counts.
///
/// # Errors
/// See [`DbError`].
pub async fn may_grant(db: &Db, account: Uuid, role: Role, reach: Reach) -> Result<Leave, DbError> {
    if reach == Reach::ALL {
        return Ok(Leave::Given);
    }
    db.run(&(account, role, reach), |session, (account, role, reach)| {
        Box::pin(permit(session, *account, *reach, managing(*role)))
    })
    .await
}

/// Whether the person has the role already, or the caller's key was used before, as far as it is known before anything is locked: to be asked before seats are.
/// What [`grant`] finds counts.
///
/// # Errors
/// See [`DbError`].
pub async fn is_again(db: &Db, account: Uuid, new: NewRole, key: Option<&Claim>) -> Result<bool, DbError> {
    db.run(&(account, new, key), |session, (account, new, key)| {
        Box::pin(async move { Ok(used(session, *key).await? || by_meaning(session, *account, *new).await?.is_some()) })
    })
    .await
}

/// People with a role, and whether one of them is this person.
const SEATED: &str = "SELECT count(DISTINCT human_name_id), coalesce(bool_or(human_name_id = $2), false) FROM account_roles WHERE account_id = $1";

/// Whether there is a seat for a person, or for somebody who isn't known yet, beside people and `promised` others, in a transaction that has the account's lock: two
/// at the same moment don't get one seat.
pub(super) async fn has_seat(
    session: &mut Session,
    account: Uuid,
    person: Option<Uuid>,
    promised: i64,
    seats: Seats,
) -> Result<bool, sqlx::Error> {
    if seats.are_unbounded() {
        return Ok(true);
    }
    let count = sqlx::query_as(SEATED).bind(account).bind(person);
    let (people, is_seated): (i64, bool) = count.fetch_one(session.conn()).await?;
    Ok(seats.have_room(people + promised, is_seated))
}

/// Gives the role in a transaction that has the account's lock: the row that is there then, and whether it is new.
pub(super) async fn give(
    session: &mut Session,
    id: Uuid,
    account: Uuid,
    new: NewRole,
) -> Result<(Assignment, bool), sqlx::Error> {
    let insert = sqlx::query(INSERT).bind(id).bind(account).bind(new.human_name_id).bind(new.role.name());
    let given = insert.execute(session.conn()).await?.rows_affected() == 1;
    let assignment = by_meaning(session, account, new).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok((assignment, given))
}

/// The row of a role that a person has.
pub(super) async fn by_meaning(
    session: &mut Session,
    account: Uuid,
    new: NewRole,
) -> Result<Option<Assignment>, sqlx::Error> {
    let find = sqlx::query_as(BY_MEANING).bind(account).bind(new.human_name_id).bind(new.role.name());
    find.fetch_optional(session.conn()).await
}

/// The action that giving or taking a role is.
pub(super) fn managing(role: Role) -> &'static str {
    if role == Role::Owner { OWNER_MANAGE } else { ROLE_MANAGE }
}

/// Takes a role away, unless it is the last owner's. Two at the same moment come one after the other, because both lock the
/// account; the second one counts the owners that the first one left.
///
/// # Errors
/// See [`DbError`].
pub async fn revoke(db: &Db, account: Uuid, id: Uuid, reach: Reach) -> Result<Revoke, DbError> {
    db.transaction_idempotent(&(account, id, reach), |session, (account, id, reach)| {
        Box::pin(async move {
            let locked = lock_account(session, *account).await?;
            // Before the role is looked for: who may take none isn't told which there are.
            match permit(session, *account, *reach, ROLE_MANAGE).await? {
                Leave::Given => {}
                Leave::Absent => return Ok(Revoke::NotThere),
                Leave::Denied(why) => return Ok(Revoke::Denied(why)),
            }
            let find = "SELECT human_name_id, role::text FROM account_roles WHERE id = $1 AND account_id = $2";
            let find = sqlx::query_as(find).bind(id).bind(account);
            let role: Option<(Uuid, String)> = find.fetch_optional(session.conn()).await?;
            let (Some(_), Some((person, role))) = (locked, role) else {
                // After a lost answer it may be this request that took it away.
                return Ok(if session.attempt() > 1 { Revoke::Done } else { Revoke::NotThere });
            };
            let is_owner = Role::parse(&role) == Some(Role::Owner);
            if is_owner && let Leave::Denied(why) = permit(session, *account, *reach, OWNER_MANAGE).await? {
                return Ok(Revoke::Denied(why));
            }
            let count = "SELECT count(*) FROM account_roles WHERE account_id = $1 AND role = $2::role_type";
            let count = sqlx::query_scalar(count).bind(account).bind(Role::Owner.name());
            let owners: i64 = count.fetch_one(session.conn()).await?;
            if !Role::parse(&role).is_none_or(|role| role.may_go(owners)) {
                return Ok(Revoke::LastOwner);
            }
            sqlx::query("DELETE FROM account_roles WHERE id = $1").bind(id).execute(session.conn()).await?;
            changed(session, *account, person, &role, RoleChange::Revoked).await?;
            Ok(Revoke::Done)
        })
    })
    .await
}

/// Announces what became of a role, in the transaction that holds the account's lock.
pub(super) async fn changed(
    session: &mut Session,
    account: Uuid,
    person: Uuid,
    role: &str,
    change: RoleChange,
) -> Result<(), sqlx::Error> {
    let event = RoleChanged { account_id: account, human_name_id: person, role: role.to_owned(), change };
    publish(session, &event).await.map(drop)
}

/// Up to `most` roles of an account after the identifier `after`; none if there is no such account for somebody of this reach.
///
/// # Errors
/// See [`DbError`].
pub async fn page(
    db: &Db,
    account: Uuid,
    after: Uuid,
    most: i64,
    reach: Reach,
) -> Result<Option<Vec<Assignment>>, DbError> {
    db.run(&(account, after, most, reach), |session, (account, after, most, reach)| {
        Box::pin(async move {
            if !is_account(session, *account, *reach).await? {
                return Ok(None);
            }
            let page = sqlx::query_as(PAGE).bind(account).bind(after).bind(most);
            page.fetch_all(session.conn()).await.map(Some)
        })
    })
    .await
}

/// The roles of a person in an account; none if there is no such account. A role this version doesn't know gives nothing.
///
/// # Errors
/// See [`DbError`].
pub async fn of_person(db: &Db, account: Uuid, human_name_id: Uuid) -> Result<Option<Vec<Role>>, DbError> {
    let rows: Vec<Option<String>> = db
        .run(&(account, human_name_id), |session, (account, human_name_id)| {
            let find = sqlx::query_scalar(OF_PERSON).bind(account).bind(human_name_id);
            Box::pin(async move { find.fetch_all(session.conn()).await })
        })
        .await?;
    let exists = !rows.is_empty();
    Ok(exists.then(|| rows.into_iter().flatten().filter_map(|name| Role::parse(&name)).collect()))
}
