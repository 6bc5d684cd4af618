//! The SQL of `accounts`.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::events::catalogue::AccountCreated;
use rerp_kit::events::publish_first;
use rerp_kit::idempotency::{Claim, Standing, keep, take};
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::account::{Kind, NewAccount};
use crate::domain::role::Role;

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct Account {
    /// The account's identifier.
    #[sqlx(rename = "id")]
    pub account_id: Uuid,
    /// Identity's: who opened it.
    pub human_name_id: Uuid,
    /// `personal` or `business`.
    #[schemars(with = "Kind")]
    pub kind: String,
    /// The company it is for.
    pub company_id: Option<Uuid>,
    /// Billing's.
    pub plan_id: Option<Uuid>,
    /// Grows with every change; the ETag.
    pub version: i32,
    /// When it was opened.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
    /// When something about it last changed.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub updated_at: Timestamp,
}

/// For everybody, or for a person with a role in it.
const BY_ID: &str = "SELECT id, human_name_id, kind::text AS kind, company_id, plan_id, version, created_at, updated_at FROM accounts WHERE id = $1 \
     AND ($2::uuid IS NULL OR EXISTS (SELECT FROM account_roles AS r WHERE r.account_id = $1 AND r.human_name_id = $2))";
const INSERT: &str = "INSERT INTO accounts (id, human_name_id, kind, company_id) VALUES ($1, $2, $3::account_kind, $4)";
/// Without a key of the caller the identifier is new for this request, so a row in the way is our own, from an attempt whose
/// answer was lost. A row of somebody else's (another personal account) is still refused.
const INSERT_OWN: &str = "INSERT INTO accounts (id, human_name_id, kind, company_id) VALUES ($1, $2, $3::account_kind, $4) \
     ON CONFLICT (id) DO NOTHING";
const FIRST_OWNER: &str = "INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES ($1, $2, $3, $4::role_type) \
     ON CONFLICT DO NOTHING";

/// Opens an account under the identifier `id`, with its first owner, once per key, and announces it.
///
/// # Errors
/// See [`DbError`]; violated constraints: `accounts_pkey` (the identifier is taken), `accounts_personal` (the person has one of its
/// own), `accounts_company_id_fkey` (no such company).
pub async fn open(
    db: &Db,
    id: Uuid,
    new: &NewAccount,
    key: Option<Claim>,
) -> Result<Result<Account, Standing>, DbError> {
    let insert = if key.is_some() { INSERT } else { INSERT_OWN };
    let given = (id, Uuid::now_v7(), new, key);
    db.transaction_idempotent(&given, move |session, (id, role_id, new, key)| {
        Box::pin(async move {
            let standing = take(session, key.as_ref(), &()).await?;
            if standing != Standing::Fresh {
                return Ok(Err(standing));
            }
            let insert = sqlx::query(insert).bind(id).bind(new.human_name_id);
            let insert = insert.bind(new.kind.name()).bind(new.company_id);
            let opened = insert.execute(session.conn()).await?.rows_affected() == 1;
            let own = sqlx::query(FIRST_OWNER).bind(role_id).bind(id).bind(new.human_name_id);
            own.bind(Role::Owner.name()).execute(session.conn()).await?;
            let made = sqlx::query_as(BY_ID).bind(id).bind(Reach::ALL.owner());
            let account: Account = made.fetch_one(session.conn()).await?;
            keep(session, key.as_ref(), &account).await?;
            if opened {
                publish_first(session, &created(&account)).await?;
            }
            Ok(Ok(account))
        })
    })
    .await
}

fn created(account: &Account) -> AccountCreated {
    AccountCreated {
        account_id: account.account_id,
        human_name_id: account.human_name_id,
        kind: account.kind.clone(),
        company_id: account.company_id,
    }
}

/// The account of an identifier, if somebody of this reach has a role in it.
///
/// # Errors
/// See [`DbError`].
pub async fn by_id(db: &Db, id: Uuid, reach: Reach) -> Result<Option<Account>, DbError> {
    db.run(&(id, reach), |session, (id, reach)| {
        let find = sqlx::query_as(BY_ID).bind(id).bind(reach.owner());
        Box::pin(async move { find.fetch_optional(session.conn()).await })
    })
    .await
}
