//! Adding, changing and listing addresses, one change of an account after the other. In come checked places; out go versions.
//! Must not print them. The statements are those of `address_version.rs`.

use rerp_kit::access::Reach;
use rerp_kit::http::IfMatch;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use super::address_version::{self as versions, Address};
use super::{Locked, is_account, lock_account, permit};
use crate::domain::address::{Owner, Place, becomes_primary, stays_primary};
use crate::domain::permission::{ADDRESS_MANAGE, Leave};

/// What adding an address ended in.
pub enum Added {
    /// It is there; whether this is the answer to an earlier request with the same key.
    There(Box<Address>, bool),
    /// There is no such account for whoever asks.
    NoAccount,
    /// None of the roles of whoever asks gives it. Why, for people.
    Denied(String),
    /// The owner has nothing to do with the account.
    Stranger,
    /// The caller's key was used before, and there is no answer to repeat.
    Key(Standing),
}

/// What changing an address ended in.
pub enum Changed {
    /// It is so now.
    Done(Box<Address>),
    /// There is no such address in this account, or no such account for whoever asks.
    NotThere,
    /// None of the roles of whoever asks gives it. Why, for people.
    Denied(String),
    /// The caller meant another version.
    Missed,
    /// The primary address gives way to another one only.
    Primary,
}

/// What taking an address away ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is there no more.
    Done,
    /// There is no such address in this account, or no such account for whoever asks.
    NotThere,
    /// None of the roles of whoever asks gives it. Why, for people.
    Denied(String),
    /// The primary address gives way to another one only, while there is another.
    Primary,
}

/// Adds an address under the identifier `id`, once per key. What is kept under the key is only which version to answer with: where
/// somebody lives stands in one table.
///
/// # Errors
/// See [`DbError`]; a violated `addresses_pkey` means that the caller's identifier is taken.
pub async fn add(
    db: &Db,
    id: Uuid,
    account: Uuid,
    new: &(Place, Owner, Option<bool>),
    key: Option<Claim>,
    reach: Reach,
) -> Result<Added, DbError> {
    db.transaction_idempotent(&(id, account, new, key, reach), |session, (id, account, new, key, reach)| {
        Box::pin(async move {
            let Some(locked) = lock_account(session, *account).await? else { return Ok(Added::NoAccount) };
            match permit(session, *account, *reach, ADDRESS_MANAGE).await? {
                Leave::Given => {}
                Leave::Absent => return Ok(Added::NoAccount),
                Leave::Denied(why) => return Ok(Added::Denied(why)),
            }
            let key = key.as_ref();
            match take(session, key, &()).await? {
                Standing::Fresh => {}
                Standing::Done(answer) => return replay(session, *account, answer).await,
                standing => return Ok(Added::Key(standing)),
            }
            // Without a key, after a lost answer: the identifier is this request's own.
            if session.attempt() > 1
                && key.is_none()
                && let Some(address) = versions::at(session, *account, *id, 1).await?
            {
                return Ok(Added::There(Box::new(address), false));
            }
            if !belongs(session, *account, &locked, new.1).await? {
                give_back(session, key).await?;
                return Ok(Added::Stranger);
            }
            let address = insert(session, *id, *account, new).await?;
            keep(session, key, id).await?;
            Ok(Added::There(Box::new(address), false))
        })
    })
    .await
}

/// The answer of the first time: the first version, whatever has become of the address since.
async fn replay(session: &mut Session, account: Uuid, answer: serde_json::Value) -> Result<Added, sqlx::Error> {
    let id: Uuid = serde_json::from_value(answer).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let address = versions::at(session, account, id, 1).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Added::There(Box::new(address), true))
}

/// A person needs a role in the account; a company must be the account's.
async fn belongs(session: &mut Session, account: Uuid, locked: &Locked, owner: Owner) -> Result<bool, sqlx::Error> {
    match owner {
        Owner::Company(id) => Ok(locked.company_id == Some(id)),
        Owner::Person(id) => {
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM account_roles WHERE account_id = $1 AND human_name_id = $2)")
                .bind(account)
                .bind(id)
                .fetch_one(session.conn())
                .await
        }
    }
}

/// The address, and the end of its predecessor as the primary one if it becomes that.
async fn insert(
    session: &mut Session,
    id: Uuid,
    account: Uuid,
    (place, owner, wished): &(Place, Owner, Option<bool>),
) -> Result<Address, sqlx::Error> {
    let primary = versions::primary(session, account, owner.person(), owner.company()).await?;
    let is_primary = becomes_primary(*wished, primary.is_some());
    if let Some(primary) = primary.filter(|_| is_primary) {
        versions::demote(session, primary).await?;
    }
    versions::first(session, id, account, place, *owner, is_primary).await
}

/// Changes an address: closes its version and adds the next one. Nothing is written if it is so already.
///
/// # Errors
/// See [`DbError`].
pub async fn change(
    db: &Db,
    account: Uuid,
    id: Uuid,
    meant: &IfMatch,
    new: &(Place, Option<bool>),
    reach: Reach,
) -> Result<Changed, DbError> {
    db.transaction_idempotent(&(account, id, meant, new, reach), |session, (account, id, meant, new, reach)| {
        Box::pin(async move {
            if lock_account(session, *account).await?.is_none() {
                return Ok(Changed::NotThere);
            }
            match permit(session, *account, *reach, ADDRESS_MANAGE).await? {
                Leave::Given => {}
                Leave::Absent => return Ok(Changed::NotThere),
                Leave::Denied(why) => return Ok(Changed::Denied(why)),
            }
            let Some(current) = versions::current(session, *account, *id).await? else { return Ok(Changed::NotThere) };
            let (place, wished) = new;
            let is_so = current.says(place) && wished.is_none_or(|wished| wished == current.is_primary);
            // After a lost answer the version that is there may be the one this request made.
            if session.attempt() > 1 && is_so && meant.means(current.version - 1) {
                return Ok(Changed::Done(Box::new(current)));
            }
            if !meant.means(current.version) {
                return Ok(Changed::Missed);
            }
            let Some(is_primary) = stays_primary(*wished, current.is_primary) else { return Ok(Changed::Primary) };
            if is_so {
                return Ok(Changed::Done(Box::new(current)));
            }
            let rival = versions::primary(session, *account, current.person_id, current.company_id).await?;
            if let Some(rival) = rival.filter(|_| is_primary && !current.is_primary) {
                versions::demote(session, rival).await?;
            }
            let changed = versions::succeed(session, *account, &current, place, is_primary).await?;
            Ok(Changed::Done(Box::new(changed)))
        })
    })
    .await
}

/// Takes an address away: its version ends, and none follows. What it was stays for as long as versions do.
///
/// # Errors
/// See [`DbError`].
pub async fn remove(db: &Db, account: Uuid, id: Uuid, reach: Reach) -> Result<Removed, DbError> {
    db.transaction_idempotent(&(account, id, reach), |session, (account, id, reach)| {
        Box::pin(async move {
            if lock_account(session, *account).await?.is_none() {
                return Ok(Removed::NotThere);
            }
            match permit(session, *account, *reach, ADDRESS_MANAGE).await? {
                Leave::Given => {}
                Leave::Absent => return Ok(Removed::NotThere),
                Leave::Denied(why) => return Ok(Removed::Denied(why)),
            }
            let Some(current) = versions::current(session, *account, *id).await? else {
                // After a lost answer it may be this request that took it away.
                return Ok(if session.attempt() > 1 { Removed::Done } else { Removed::NotThere });
            };
            if current.is_primary && versions::has_others(session, *account, &current).await? {
                return Ok(Removed::Primary);
            }
            versions::end(session, &current).await?;
            Ok(Removed::Done)
        })
    })
    .await
}

/// Up to `most` addresses of an account after the identifier `after`, as they are now; none if there is no such account for somebody of this
/// reach.
///
/// # Errors
/// See [`DbError`].
pub async fn page(
    db: &Db,
    account: Uuid,
    after: Uuid,
    most: i64,
    reach: Reach,
) -> Result<Option<Vec<Address>>, DbError> {
    db.run(&(account, after, most, reach), |session, (account, after, most, reach)| {
        Box::pin(async move {
            if !is_account(session, *account, *reach).await? {
                return Ok(None);
            }
            versions::page(session, *account, *after, *most).await.map(Some)
        })
    })
    .await
}
